"""Every key of a target is on the plugin's page."""

from __future__ import annotations

import re

import pytest

from aetherflow_excel.fill_inputs import FileTarget, SmallTarget, Target
from tests.docs.pages import ROOT, section_of

pytestmark = pytest.mark.unit

PAGE = ROOT / "plugins" / "excel" / "README.md"


def keys_of(heading: str) -> set[str]:
    """The names in the first cells of a section's tables; several may share a row."""
    cells = re.findall(r"^\| (`.*?) \|", section_of(PAGE, heading), re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_every_key_of_a_target_is_told():
    assert keys_of("## Targets of both fill steps") == set(Target.model_fields)
    assert keys_of("## Targets of files") == set(FileTarget.model_fields) - set(Target.model_fields)
    own = set(SmallTarget.model_fields) - set(Target.model_fields)
    assert {name for name in own if f"`{name}`" in section_of(PAGE, "## `excel_fill_small`")} == own
