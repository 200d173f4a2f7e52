"""Paths as a schedule file writes them: absolute, or from the folder of the file."""

from __future__ import annotations

import os.path
from pathlib import Path

from aetherflow.kernel.api import Misfit, Reading, shapes

#: As Linux has it.
_LONGEST = 4_095


def path_text(reading: Reading, value: object, path: tuple[str | int, ...]) -> str:
    """A path that can be one; nothing in it stands for something else."""
    found = shapes.text(reading, value, path)
    if not found.strip():
        raise Misfit("AF-SCHEDULE-PATH", "an empty path names nothing", "write one, from the folder of this file")
    if len(found) > _LONGEST:
        raise Misfit("AF-SCHEDULE-PATH", f"a path of {len(found):,} characters leads nowhere", "write a shorter one")
    if "\0" in found:
        raise Misfit("AF-SCHEDULE-PATH", "a path holds no U+0000", "take the character out")
    if not _is_text(found):
        raise Misfit("AF-SCHEDULE-PATH", "a path holds whole characters only", "take the half one out")
    if found.startswith("~"):
        raise Misfit("AF-SCHEDULE-PATH", "'~' stands for nothing here", "write the folder's name")
    return found


def absolute(folder: Path, text: str) -> Path:
    """A written path as an absolute one; links stay."""
    return Path(os.path.normpath(folder / text))


def shown(path: Path) -> str:
    """A path as messages tell it: from the working folder where it is below it, and that is not the root."""
    try:
        here = Path.cwd()
        return str(path if here == Path(here.anchor) else path.relative_to(here))
    except (ValueError, OSError):  # it is elsewhere, or the working folder is gone
        return str(path)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
