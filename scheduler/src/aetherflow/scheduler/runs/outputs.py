"""What runs print: a private file for each occurrence, written on with each start."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ..occurrences.records import Occurrence

_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
OUTPUTS = "outputs"


def output_file(state: Path, occurrence: Occurrence) -> Path:
    """Where the output of an occurrence is; the file need not be there."""
    return state / OUTPUTS / occurrence.item / f"{occurrence.run_id}.log"


def begin_output(file: Path, line: str) -> None:
    """Make the file where it is missing, and write a line that says which start of the run follows.

    Raises:
        OSError: its folder or the file can't be made.
    """
    from aetherflow.kernel.api import make_folders

    if not file.parent.is_dir():
        make_folders(file.parent, mode=_PRIVATE_FOLDER)
    os.close(os.open(file, _FLAGS, _PRIVATE_FILE))
    add_line(file, line)


def add_line(file: Path, line: str) -> None:
    """Say something between what runs print; nothing is said where the disk is full, for the run matters more."""
    with contextlib.suppress(OSError):
        descriptor = os.open(file, _FLAGS & ~os.O_CREAT)
        try:
            os.write(descriptor, f"--- {line}\n".encode(errors="backslashreplace"))
        finally:
            os.close(descriptor)
