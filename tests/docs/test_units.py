"""Units of systemd that the documentation shows: systemd itself finds nothing wrong in them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import Block, blocks_of, pages

pytestmark = pytest.mark.acceptance

UNITS = [block for page in pages() for block in blocks_of(page) if block.language == "ini"]
SYSTEMD = shutil.which("systemd-analyze")


def complaints_about(text: str, name: str, folder: Path) -> str:
    """What systemd says of a unit; its program stands where that of the tests does."""
    unit = folder / name
    unit.write_text(text.replace("/opt/aetherflow/bin", str(Path(sys.executable).parent)), encoding="utf-8")
    command = [str(SYSTEMD), "verify", "--man=no", str(unit)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    return checked.stdout + checked.stderr


@pytest.mark.skipif(SYSTEMD is None, reason="there is no systemd-analyze here")
@pytest.mark.parametrize("block", UNITS, ids=lambda block: block.place)
def test_a_unit_is_one_that_systemd_takes_as_it_is(block: Block, tmp_path: Path) -> None:
    assert block.file, "its name says what it is a unit of"

    assert complaints_about(block.text, block.file, tmp_path) == ""


@pytest.mark.skipif(SYSTEMD is None, reason="there is no systemd-analyze here")
def test_a_key_that_systemd_does_not_know_is_found(tmp_path: Path) -> None:
    (block,) = UNITS

    assert "KillMod" in complaints_about(block.text.replace("KillMode", "KillMod"), "wrong.service", tmp_path)
