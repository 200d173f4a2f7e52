"""Folders that a power cut does not take away, and folders that belong to one user."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: Permissions of a folder that nobody else may look into.
FOR_ITS_USER_ONLY = 0o700


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, each for its user only, as `make_folders` does.

    Raises:
        OSError: it can't be made.
    """
    # Also where it is there: whoever made it may have been killed before its name was synced.
    _sync_names(_make(folder, FOR_ITS_USER_ONLY))


def make_folders(*folders: Path, mode: int = 0o777) -> None:
    """Make those folders that are missing, and those above them; a power cut does not take them away afterwards.

    Args:
        folders: what to make.
        mode: permissions of each one that is made, less the user's umask.

    Raises:
        OSError: one can't be made.
    """
    # A file that was synced is lost all the same with the name of a folder above it that was not.
    _sync_names([place for folder in folders if not folder.is_dir() for place in _make(folder, mode)])


def _make(folder: Path, mode: int) -> list[Path]:
    """Make a folder; answers those that names were put into, from the top."""
    # `parents=True` would give the folders above it the umask's permissions.
    try:
        folder.mkdir(mode=mode, exist_ok=True)
    except FileNotFoundError:
        above = _make(folder.parent, mode)
        folder.mkdir(mode=mode, exist_ok=True)
        return [*above, folder.parent]
    # The one above was there: as in `make_private_folder`.
    return [folder.parent.parent, folder.parent]


def _sync_names(folders: list[Path]) -> None:
    for folder in dict.fromkeys(folders):
        # Names may be put into a folder that may not be read; nobody can sync it then.
        with suppress(PermissionError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_DIRECTORY", 0))
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
