"""The end of a zip archive, which says how large the list of its members is: asked before that list is read."""

from __future__ import annotations

import os
import struct
from typing import IO

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LONGEST_COMMENT = 0xFFFF


def directory_size(file: IO[bytes]) -> tuple[int, int]:
    """How many bytes the list of members has, and how many members; both are 0 where the end can't be found."""
    start = max(file.seek(0, os.SEEK_END) - _END.size - _LONGEST_COMMENT - _LOCATOR.size, 0)
    file.seek(start)
    tail = file.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or place + _END.size > len(tail):
        return 0, 0
    end = _END.unpack_from(tail, place)
    large = _large_end(file, tail[max(place - _LOCATOR.size, 0) : place])
    return large or (end[5], end[4])


def _large_end(file: IO[bytes], locator: bytes) -> tuple[int, int] | None:
    """What an archive says that may be larger than 4 GiB; None for another one."""
    if len(locator) < _LOCATOR.size or not locator.startswith(b"PK\6\7"):
        return None
    file.seek(min(_LOCATOR.unpack(locator)[2], 2**62))
    record = file.read(_END_64.size)
    if len(record) < _END_64.size or not record.startswith(b"PK\6\6"):
        return None
    fields = _END_64.unpack(record)
    return fields[8], fields[7]
