"""A new package: parts copied as the packed bytes that they are, and others packed anew."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterable
from typing import IO, Protocol

from .problems import damaged, too_large

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_VERSION = 20
_UTF8_NAME = 0x0800
#: Flags of a member that are about how it was packed.
_PACKING_FLAGS = 0x0006
_LARGEST = 0xFFFF_FFFF
_COPY_BYTES = 1024 * 1024
_DOS_EPOCH = (1980, 1, 1, 0, 0, 0)


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


def _new_compressor() -> _Compressor:
    """A raw deflater; isal's where there is a wheel of it, which packs several times faster."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    compressor: _Compressor = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor


class PackageWriter:
    """Writes the parts of a package into a file that is open for writing, in the order in which they come."""

    def __init__(self, file: IO[bytes], file_name: str) -> None:
        self._file = file
        self._file_name = file_name
        self._entries: list[tuple[zipfile.ZipInfo, int]] = []

    def copy(self, source: IO[bytes], info: zipfile.ZipInfo) -> None:
        """Take over a part of another package, without unpacking it.

        Raises:
            StepError: it is not where that package says.
        """
        source.seek(info.header_offset)
        header = source.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
            raise damaged(self._file_name, f"its part {info.filename[:120]!r} is not where it says")
        fields = _LOCAL.unpack(header)
        source.seek(fields[9] + fields[10], os.SEEK_CUR)
        entry = _entry(info, info.compress_type, flags=info.flag_bits & _PACKING_FLAGS)
        entry.CRC, entry.compress_size, entry.file_size = info.CRC, info.compress_size, info.file_size
        self._begin(entry)
        left = info.compress_size
        while left:
            piece = source.read(min(left, _COPY_BYTES))
            if not piece:
                raise damaged(self._file_name, f"its part {info.filename[:120]!r} is cut off")
            self._file.write(piece)
            left -= len(piece)

    def write(self, like: zipfile.ZipInfo, chunks: Iterable[bytes]) -> None:
        """Write a part anew, under the name and the date of another one.

        Raises:
            StepError: it is larger than a part can be.
        """
        entry = _entry(like, zipfile.ZIP_DEFLATED, flags=0)
        start = self._begin(entry)
        compressor = _new_compressor()
        crc = size = packed = 0
        for chunk in chunks:
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            packed += self._file.write(compressor.compress(chunk))
            if max(size, packed) > _LARGEST:
                raise too_large(self._file_name, f"its part {like.filename!r} would be larger than 4 GiB")
        packed += self._file.write(compressor.flush())
        entry.CRC, entry.compress_size, entry.file_size = crc, packed, size
        self._file.seek(start)
        self._file.write(_local_header(entry))
        self._file.seek(0, os.SEEK_END)

    def finish(self) -> None:
        """Write the list of the parts.

        Raises:
            StepError: the file is larger than one can be.
        """
        start = self._file.tell()
        for entry, place in self._entries:
            self._file.write(_central_header(entry, place))
        end = self._file.tell()
        if end > _LARGEST:
            raise too_large(self._file_name, "the workbook would be larger than 4 GiB")
        count = len(self._entries)
        self._file.write(_END.pack(b"PK\x05\x06", 0, 0, count, count, end - start, start, 0))

    def _begin(self, entry: zipfile.ZipInfo) -> int:
        start = self._file.tell()
        if start > _LARGEST:
            raise too_large(self._file_name, "the workbook would be larger than 4 GiB")
        self._entries.append((entry, start))
        self._file.write(_local_header(entry))
        return start


def new_member(name: str) -> zipfile.ZipInfo:
    """A part that the template does not have; its date is none, so that equal data gives equal bytes."""
    return zipfile.ZipInfo(name, _DOS_EPOCH)


def _entry(info: zipfile.ZipInfo, method: int, *, flags: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(info.filename, info.date_time)
    entry.compress_type = method
    entry.flag_bits = flags | (0 if info.filename.isascii() else _UTF8_NAME)
    entry.CRC = 0
    entry.external_attr, entry.create_system = info.external_attr, info.create_system
    return entry


def _moment(entry: zipfile.ZipInfo) -> tuple[int, int]:
    year, month, day, hour, minute, second = entry.date_time
    return hour << 11 | minute << 5 | second // 2, max(year - 1980, 0) << 9 | month << 5 | day


def _local_header(entry: zipfile.ZipInfo) -> bytes:
    name = entry.filename.encode()
    time, date = _moment(entry)
    sizes = (entry.CRC, entry.compress_size, entry.file_size)
    fields = (_VERSION, entry.flag_bits, entry.compress_type, time, date, *sizes, len(name), 0)
    return _LOCAL.pack(b"PK\x03\x04", *fields) + name


def _central_header(entry: zipfile.ZipInfo, place: int) -> bytes:
    name = entry.filename.encode()
    time, date = _moment(entry)
    made_by = entry.create_system << 8 | _VERSION
    sizes = (entry.CRC, entry.compress_size, entry.file_size)
    fields = (made_by, _VERSION, entry.flag_bits, entry.compress_type, time, date, *sizes)
    return _CENTRAL.pack(b"PK\x01\x02", *fields, len(name), 0, 0, 0, 0, entry.external_attr, place) + name
