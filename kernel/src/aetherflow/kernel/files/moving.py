"""Moves from one open folder to another: what is there gives way, or stays, or changes places."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import NamedTuple

#: What `move` does with what stands at the target.
KEEP, EXCHANGE = 1, 2
#: What a system or a file system says that has no renameat2, or not with this flag.
_NOT_SUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}
#: What a file system says that has no second names for files.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class Entry(NamedTuple):
    """A name in an open folder: somebody may put a link in the place of a part of a path between two looks at it."""

    folder: int
    name: str


def move(source: Entry, target: Entry, flag: int) -> None:
    """Move a file or folder, or have it change places with another.

    Raises:
        FileExistsError: with `KEEP`, something stands at the target.
        OSError: the system refuses.
    """
    try:
        _move_at_once(source, target, flag)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
        _move_by_hand(source, target, flag)


def move_file_to_free_place(source: Entry, target: Entry) -> None:
    """Move a file where nothing stands; by a second name where the file system has them, which needs no ctypes.

    Raises:
        FileExistsError: something stands at the target.
        OSError: the system refuses.
    """
    try:
        os.link(source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        move(source, target, KEEP)
    else:
        os.unlink(source.name, dir_fd=source.folder)


def sync_file_system(descriptor: int) -> bool:
    """Have all of a file system on the disk; whether the system could do it: only Linux has such a call.

    Raises:
        OSError: it could not be written.
    """
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syncfs"):
        return False
    if library.syncfs(descriptor):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return True


def _move_at_once(source: Entry, target: Entry, flag: int) -> None:
    # Here and not at the top: it costs every start of the program, and few flows publish folders.
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    here, there = os.fsencode(source.name), os.fsencode(target.name)
    if library.renameat2(source.folder, here, target.folder, there, flag):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), source.name, None, target.name)


def _move_by_hand(source: Entry, target: Entry, flag: int) -> None:
    if not _is_there(target):
        _rename(source, target)
        return
    if flag == KEEP:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target.name)
    aside = Entry(source.folder, f"{source.name}.old")
    _rename(target, aside)
    try:
        _rename(source, target)
    except OSError:
        _rename(aside, target)
        raise
    _rename(aside, source)


def _rename(source: Entry, target: Entry) -> None:
    os.rename(source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder)


def _is_there(entry: Entry) -> bool:
    with contextlib.suppress(FileNotFoundError):
        os.stat(entry.name, dir_fd=entry.folder, follow_symlinks=False)
        return True
    return False
