"""Parts with wrong values in them: they are moved, refused or told as broken, and nothing else."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest

from aetherflow.kernel.api import StepError
from aetherflow_excel.package.problems import BrokenPart
from plugins.excel.tests.moving import test_parts, test_sheets

pytestmark = pytest.mark.unit

WRONG = ("", "x", "-1", "99999999999", "A0:ZZZZ9")
VALUE = re.compile(r'(?<=")[^"]*(?=")|(?<=>)[^<>]+(?=<)')
ATTRIBUTE = re.compile(r' [A-Za-z]+="[^"]*"')


def broken(xml) -> Iterator[str]:
    """The XML with one value after the other replaced, and one attribute after the other left out."""
    for found in VALUE.finditer(xml):
        if "://" not in found[0] and not xml[: found.start()].endswith('urn="'):
            for wrong in WRONG:
                yield xml[: found.start()] + wrong + xml[found.end() :]
    for found in ATTRIBUTE.finditer(xml):
        if not found[0].startswith(" xmlns"):
            yield xml[: found.start()] + xml[found.end() :]


@pytest.mark.parametrize(
    ("content_type", "xml"), [each[:2] for each in test_parts.CASES.values()], ids=test_parts.CASES
)
def test_a_part_with_wrong_values_is_never_an_accident(content_type, xml):
    for wrong in broken(xml):
        with contextlib.suppress(StepError, BrokenPart):
            test_parts.moved(content_type, wrong)


@pytest.mark.parametrize(
    "xml",
    [
        *(each[0] for each in test_sheets.CASES.values()),
        *(f"<sheetData>{each[0]}</sheetData>" for each in test_sheets.FORMULAS.values()),
    ],
)
def test_a_sheet_with_wrong_values_is_never_an_accident(xml):
    for wrong in broken(xml):
        with contextlib.suppress(StepError, BrokenPart):
            test_sheets.moved(wrong, is_stale=True)
