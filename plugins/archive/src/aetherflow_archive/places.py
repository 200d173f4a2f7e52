"""Files and folders reached through open folders, so that no link is followed on the way."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def open_folder(folder: Path) -> Iterator[int]:
    """The open folder at an absolute path that has no link in it.

    Raises:
        OSError: there is none, or a part of the path is a link.
    """
    descriptor = os.open(folder.anchor, _FOLDER)
    try:
        for part in folder.parts[1:]:
            descriptor = _step_into(descriptor, part)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def open_inside(root: int, parts: Sequence[str], *, make: int | None = None) -> Iterator[int]:
    """The open folder below another; with `make`, missing ones are made with these permissions.

    Raises:
        OSError: a part is missing, is no folder, or is a link.
    """
    descriptor = os.dup(root)
    try:
        for part in parts:
            if make is not None:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, make, dir_fd=descriptor)
            descriptor = _step_into(descriptor, part)
        yield descriptor
    finally:
        os.close(descriptor)


def open_to_read(name: str, parent: int) -> int:
    """A regular file of an open folder.

    Raises:
        OSError: there is none, or it is a link or something else than a regular file.
    """
    descriptor = os.open(name, _READ, dir_fd=parent)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(f"{name} is no regular file")
    return descriptor


def open_new(name: str, parent: int, mode: int) -> int:
    """A new file of an open folder.

    Raises:
        FileExistsError: something stands there already.
        OSError: it can't be made.
    """
    return os.open(name, _NEW, mode, dir_fd=parent)


def _step_into(descriptor: int, part: str) -> int:
    inner = os.open(part, _FOLDER, dir_fd=descriptor)
    os.close(descriptor)
    return inner
