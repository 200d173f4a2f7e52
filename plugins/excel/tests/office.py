"""LibreOffice, which opens what we write and writes what we open."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SECONDS = 120


def convert(source: Path, folder: Path, suffix: str) -> Path:
    """Have LibreOffice write a file anew, with everything calculated."""
    program = shutil.which("soffice")
    if program is None:
        leave = pytest.fail if os.environ.get("AETHERFLOW_REQUIRE_SERVERS") else pytest.skip
        leave("there is no soffice")
    profile = folder / "profile"
    words = [program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", suffix]
    done = subprocess.run(
        [*words, "--outdir", str(folder), str(source)], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    made = folder / f"{source.stem}.{suffix.partition(':')[0]}"
    assert made.is_file(), done.stdout + done.stderr
    return made
