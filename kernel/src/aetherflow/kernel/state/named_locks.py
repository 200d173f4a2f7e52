"""A lock on a file by its name, which whoever is done with it may remove without letting two in."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def open_locked(file: Path | str, lock: Callable[[int], None], *, folder: int | None = None) -> int:
    """A descriptor that holds the lock on the file of that name, made where it is missing, for its user only.

    Whoever held it last may have removed the file between its opening and its locking: a lock on a file without a
    name would keep nobody out, so then it is opened anew.

    Args:
        file: its path; with `folder` its name in there.
        lock: takes the lock on an open file, or raises.
        folder: the open folder that it is in.

    Raises:
        OSError: it can't be opened.
    """
    while True:
        descriptor = os.open(file, _FLAGS, 0o600, dir_fd=folder)
        try:
            lock(descriptor)
            with contextlib.suppress(FileNotFoundError):
                named = os.stat(file, dir_fd=folder, follow_symlinks=False)
                if os.path.samestat(named, os.fstat(descriptor)):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
