"""Packing: the same files give the same bytes, and a file that changes meanwhile is an error."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from aetherflow.kernel.api import ConnectorError, Watch

from .limits import MIB, stopped
from .names import why_not_to_pack
from .places import open_folder, open_inside, open_to_read

_PIECE = MIB
#: What says nothing of the file: no descriptors or memory left, or a device that failed.
_SYSTEM_FAILED = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO}
#: What a file may grow to without the wide fields of an archive.
_NARROW = 0x7FFFFFFF
#: A plain file that its owner may write and everybody may read, whatever it was here.
_ATTRIBUTES = (stat.S_IFREG | 0o644) << 16


class ZipWriter(Protocol):
    """The part of `zipfile.ZipFile` and of its relatives that packing needs."""

    def open(self, name: str, mode: Any = ..., *, force_zip64: bool = ...) -> AbstractContextManager[IO[bytes]]:  # noqa: ANN401 - theirs
        """A member to write to."""

    def getinfo(self, name: str) -> Any:  # noqa: ANN401 - each has an entry class of its own
        """The entry of a member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file to pack; `stamp` tells whether it is still the same."""

    name: str
    place: str
    size: int
    stamp: tuple[int, ...]


def pack(writer: ZipWriter, folder: Path, members: Mapping[str, str], watch: Watch) -> None:
    """Write all members, in the order of their names.

    Raises:
        ConnectorError: a file is gone, is no plain file any more, or changed.
    """
    for name in members:
        _check_name(name)
    with open_folder(folder) as root:
        files = [_look_at(root, name, members[name]) for name in sorted(members)]
        total, done = sum(file.size for file in files), 0
        for file in files:
            done = _pack_file(writer, root, file, (done, total), watch)


def _check_name(name: str) -> None:
    wrong = "it leads out" if {"", ".", ".."} & set(name.split("/")) else why_not_to_pack(name)
    if wrong is not None:
        raise ConnectorError(
            f"a file can't be packed as {name!a}: {wrong}; nothing is packed",
            code="AF-ARCHIVE-NAME",
            help="rename it, or leave it out of `items`",
        )


def _pack_file(writer: ZipWriter, root: int, file: _File, progress: tuple[int, int], watch: Watch) -> int:
    done, total = progress
    descriptor = _open(root, file.place)
    with os.fdopen(descriptor, "rb", buffering=0) as content:
        # The time is the first one that archives know, as no other is given.
        with writer.open(file.name, "w", force_zip64=file.size * 1.05 > _NARROW) as member:
            length = 0
            while piece := content.read(_PIECE):
                if watch.cancelled.is_set():
                    raise stopped()
                length += len(piece)
                if length > file.size:
                    raise _changed(file.place)
                member.write(piece)
                watch.progress(done + length, total)
        if length != file.size or _stamp(os.fstat(descriptor)) != file.stamp:
            raise _changed(file.place)
    writer.getinfo(file.name).external_attr = _ATTRIBUTES
    return done + file.size


def _look_at(root: int, name: str, place: str) -> _File:
    descriptor = _open(root, place)
    try:
        found = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return _File(name=name, place=place, size=found.st_size, stamp=_stamp(found))


def _open(root: int, place: str) -> int:
    *folders, name = place.split("/")
    try:
        with open_inside(root, folders) as parent:
            return open_to_read(name, parent)
    except PermissionError:
        raise ConnectorError(
            f"{place!r} can't be read; nothing is packed", code="AF-ARCHIVE-ITEM", help="check its permissions"
        ) from None
    except OSError as error:
        if error.errno not in _SYSTEM_FAILED:
            raise _changed(place) from None
        raise ConnectorError(
            f"{place!r} can't be read: {error.strerror}; nothing is packed",
            code="AF-ARCHIVE-ITEM",
            help="see what the system says, and run the step again",
        ) from error


def _stamp(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _changed(place: str) -> ConnectorError:
    return ConnectorError(
        f"{place!r} was changed or removed while it was packed; nothing is packed",
        code="AF-ARCHIVE-CHANGED",
        help="let whoever writes it end first",
    )
