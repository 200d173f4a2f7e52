"""The content of a member, piece by piece: whatever it says of itself, no piece is big."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from aetherflow.kernel.api import ConnectorError

from .limits import KIB
from .source import Source
from .structure import Member

#: The biggest piece of content in memory.
PIECE = 256 * KIB
STORED, DEFLATED, BZIP2 = 0, 8, 12


class Inflater(Protocol):
    """Turns packed bytes into plain ones."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The plain bytes that these packed ones bring.

        Raises:
            ValueError: they are no packed bytes, or go on after their end.
        """

    def is_done(self) -> bool:
        """Whether the packed bytes said that they are at their end."""


class _Stored:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def is_done(self) -> bool:
        return True


class _Deflated:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)

    def feed(self, data: bytes) -> Iterator[bytes]:
        stream, piece = self._stream, b""
        while data or len(piece) == PIECE:
            if stream.eof:
                break
            try:
                piece = stream.decompress(data, PIECE)
            except zlib.error as error:
                raise ValueError(str(error)) from None
            data = stream.unconsumed_tail
            yield piece
        if data or stream.unused_data:
            raise ValueError("there are bytes after the end of the content")

    def is_done(self) -> bool:
        return self._stream.eof


class _Bzip2:
    def __init__(self) -> None:
        self._stream = bz2.BZ2Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        stream = self._stream
        while data or not (stream.needs_input or stream.eof):
            if stream.eof:
                break
            try:
                piece = stream.decompress(data, PIECE)
            except (OSError, EOFError) as error:
                raise ValueError(str(error)) from None
            data = b""
            yield piece
        if data or stream.unused_data:
            raise ValueError("there are bytes after the end of the content")

    def is_done(self) -> bool:
        return self._stream.eof


_INFLATERS: dict[int, Callable[[], Inflater]] = {STORED: _Stored, DEFLATED: _Deflated, BZIP2: _Bzip2}


def inflater_of(source: Source, member: Member) -> Inflater:
    """What unpacks this member.

    Raises:
        ConnectorError: its method is not known.
    """
    make = _INFLATERS.get(member.method)
    if make is None:
        raise ConnectorError(
            f"{source.name} holds {member.name!r}, packed by method {member.method}, which is not known here; "
            "nothing is unpacked",
            code="AF-ARCHIVE-METHOD",
            help="have it made again, stored or deflated",
        )
    return make()
