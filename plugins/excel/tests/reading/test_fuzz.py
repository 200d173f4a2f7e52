"""Whatever becomes of a workbook's bytes: it is read, or told, and nothing else happens."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import xlsxwriter
from hypothesis import given, settings, strategies as st

from aetherflow.kernel.api import StepError
from plugins.excel.tests.workplace import Workplace

pytestmark = [pytest.mark.unit, pytest.mark.slow]

EXAMPLES = int(os.environ.get("AETHERFLOW_EXAMPLES", "100"))
PARTS = (
    "[Content_Types].xml",
    "_rels/.rels",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/tables/table1.xml",
)
#: What means something where it stands.
PIECES = st.sampled_from(
    [
        b"",
        b"<",
        b">",
        b'"',
        b"/",
        b"&",
        b"&#0;",
        b"&x;",
        b"\xff\xfe",
        b"\x00",
        b"-1",
        b"99999999999999999999",
        b"1e999",
        b"NaN",
        b' t="e"',
        b' t="s"',
        b' t="d"',
        b' t="b"',
        b' s="99999"',
        b' s="-1"',
        b' r="A1"',
        b' r="XFD1048576"',
        b"<v>7</v>",
        b"<is><t>x</t></is>",
        b'<c r="B2"><v>1</v></c>',
        b"<row>",
        b"</row>",
        b"<!-- -->",
        b"<![CDATA[",
        b"]]>",
        b"<?x ?>",
        b"<!DOCTYPE x>",
        b"../",
        b"_x0041_",
        b"_xD800_",
    ]
)


def a_workbook():
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        shown = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate([["a", "b", "c", "d"], ["x", 1.5, True, 45000], ["y", 2, False, 45001.5]]):
            sheet.write_row(number, 0, row, shown if number else None)
        sheet.write_formula("E2", "=1/0", None, "#DIV/0!")
        sheet.add_table("A1:D3", {"name": "Rows", "columns": [{"header": name} for name in "abcd"]})
    return content.getvalue()


WORKBOOK = a_workbook()
with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as packed:
    CONTENTS = {name: packed.read(name) for name in packed.namelist()}


def with_part(name, content):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for each, old in CONTENTS.items():
            new.writestr(each, content if each == name else old)
    return made.getvalue()


@st.composite
def changed_parts(draw):
    """A workbook one of whose parts has some pieces put in or cut out."""
    name = draw(st.sampled_from(PARTS))
    content = CONTENTS[name]
    for _ in range(draw(st.integers(1, 3))):
        place, length = draw(st.integers(0, len(content))), draw(st.integers(0, 12))
        content = content[:place] + draw(PIECES | st.binary(max_size=4)) + content[place + length :]
    return with_part(name, content)


@st.composite
def changed_files(draw):
    """A workbook some of whose bytes are others, or that is cut off."""
    content = bytearray(WORKBOOK)
    for place in draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[place] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(1, len(content)))]) if draw(st.booleans()) else bytes(content)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    changed_parts() | changed_files(),
    st.sampled_from([{}, {"header": False}, {"table": "Rows"}, {"range": "A1:E"}]),
    st.sampled_from(["fail", "null", "text"]),
)
def test_a_changed_workbook_is_read_or_told(content, area, errors):
    with TemporaryDirectory() as folder:
        workplace = Workplace(Path(folder))
        Path(folder, "book.xlsx").write_bytes(content)
        code, is_there = None, Path(folder, "out.csv").exists
        try:
            workplace.read(errors=errors, **area)
        except StepError as error:
            code = error.problem.code
        assert (code is None) == is_there()
        assert code is None or code.startswith("AF-EXCEL-")
        assert list(Path(folder, "scratch").iterdir()) == []
