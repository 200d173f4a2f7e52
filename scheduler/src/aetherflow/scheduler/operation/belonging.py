"""Whose a folder for state is: of two schedules in one, each would take what waits of the other for removed."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from aetherflow.kernel.api import InvalidInput, open_locked

from ..occurrences.failures import StoreFailed

#: Holds the name of the schedule file.
_MARK = "schedule_file"
#: No name of a file is longer, in bytes.
_LONGEST_NAME = 255


def take_state(state: Path, file: Path) -> None:
    """Have a folder for state belong to a schedule file.

    It goes along with a file that is moved or renamed: another one keeps it only as long as both are side by side.

    Args:
        state: the folder, which is there.
        file: the schedule file, absolute.

    Raises:
        InvalidInput: it belongs to another schedule file.
        StoreFailed: it can't be read or written.
    """
    mark = state / _MARK
    try:
        descriptor = open_locked(mark, _wait_for_lock)
        try:
            _take(descriptor, state, file)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StoreFailed(
            f"{mark}, where it stands whose the folder is, can't be used: {error.strerror or error}",
            help="make room, make it readable and writable, or name another folder in state.path of the schedule file",
        ) from error


def check_state(state: Path, file: Path) -> None:
    """Look whether a folder for state may belong to a schedule file; nothing is made.

    Args:
        state: the folder, which may be missing.
        file: the schedule file, absolute.

    Raises:
        InvalidInput: it belongs to another schedule file.
    """
    try:
        with (state / _MARK).open("rb") as mark:
            owner = os.fsdecode(mark.read(_LONGEST_NAME + 1))
    except OSError:
        # It belongs to nobody, or to another user, of which whoever works on it tells.
        return
    refuse_another(owner, state, file)


def refuse_another(owner: str, state: Path, file: Path) -> None:
    """Refuse a folder for state that belongs to another schedule file.

    Args:
        owner: the name of the one that it belongs to.
        state: the folder.
        file: the schedule file that names it, absolute.

    Raises:
        InvalidInput: that is another one, which is still there.
    """
    if owner != file.name and _is_another(owner, file):
        raise InvalidInput(
            f"the folder for state {state} belongs to the schedule file {owner!r}, which is still there",
            code="AF-SCHEDULE-STATE-TAKEN",
            help=f"give this schedule one of its own: `state: {{path: .aetherflow/{file.stem}}}`",
        )


def _take(descriptor: int, state: Path, file: Path) -> None:
    owner = os.fsdecode(os.pread(descriptor, _LONGEST_NAME + 1, 0))
    if owner == file.name:
        return
    refuse_another(owner, state, file)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, os.fsencode(file.name), 0)


def _is_another(name: str, file: Path) -> bool:
    """Whether a file of that name stands beside a schedule file, and is no link to it or from it."""
    # What the mark holds is no path.
    if not name or "/" in name or "\0" in name or name in {".", ".."}:
        return False
    beside = file.with_name(name)
    try:
        return beside.is_file() and not beside.samefile(file)
    except OSError:
        return False


def _wait_for_lock(descriptor: int) -> None:
    """Nobody holds it for longer than it takes to read it."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
