"""LibreOffice, started once for many workbooks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("office_program.py")
#: Not this environment's: LibreOffice's module comes with the system.
SYSTEM_PYTHON = "/usr/bin/python3"
TIMEOUT = 300


def need_office() -> None:
    """Skip, or fail where servers are required, unless LibreOffice and what it needs are here."""
    missing = [name for name in ("soffice", "pdftotext") if shutil.which(name) is None]
    if not missing and subprocess.run([SYSTEM_PYTHON, "-c", "import uno"], check=False, capture_output=True).returncode:
        missing = ["python3-uno"]
    if missing:
        leave = pytest.fail if os.environ.get("AETHERFLOW_REQUIRE_SERVERS") else pytest.skip
        leave(f"{', '.join(missing)} is not here (Debian: libreoffice-calc, python3-uno, poppler-utils)")


def ask(jobs: Sequence[dict[str, str]], folder: Path) -> None:
    """Let one office do all jobs; a target that can't be made has a neighbour `.failed` with the reason."""
    need_office()
    list_of_jobs = folder / "jobs.json"
    list_of_jobs.write_text(json.dumps(jobs))
    subprocess.run([SYSTEM_PYTHON, PROGRAM, list_of_jobs], check=True, timeout=TIMEOUT)


def failure(target: Path) -> str | None:
    """Why a target could not be made."""
    told = target.with_name(target.name + ".failed")
    return told.read_text() if told.exists() else None


def printed(pdf: Path) -> str:
    """The text on a PDF's pages."""
    return subprocess.run(
        ["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True, timeout=60
    ).stdout
