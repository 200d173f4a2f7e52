"""Folders that belong to one user: what a run keeps is nobody else's to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FOR_ITS_USER_ONLY = 0o700


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, each for its user only.

    Raises:
        OSError: it can't be made.
    """
    # `parents=True` would give the folders above it the umask's permissions.
    try:
        folder.mkdir(mode=_FOR_ITS_USER_ONLY, exist_ok=True)
    except FileNotFoundError:
        make_private_folder(folder.parent)
        folder.mkdir(mode=_FOR_ITS_USER_ONLY, exist_ok=True)
