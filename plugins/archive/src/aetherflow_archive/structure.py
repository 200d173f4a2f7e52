"""What an archive says that it holds: its end records and its list of members, read byte by byte."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from .names import shown
from .source import Source

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_AES = struct.Struct("<H2sBH")
_END_SIGNATURE, _ENTRY_SIGNATURE = b"PK\x05\x06", b"PK\x01\x02"
_END_64_SIGNATURE, _LOCATOR_64_SIGNATURE = b"PK\x06\x06", b"PK\x06\x07"
_LONGEST_COMMENT = 0xFFFF
#: Where a field has this value, the real one stands in the wider record.
FULL_16, FULL_32 = 0xFFFF, 0xFFFFFFFF
EXTRA_64, EXTRA_AES, EXTRA_UNICODE_NAME = 0x0001, 0x9901, 0x7075
_EXTRA_HEAD = 4
#: More than anybody writes. Python's own reader takes long over headers with thousands of them.
_MOST_EXTRAS = 100
_UNICODE_HEAD = struct.Struct("<BL")

ENCRYPTED, HAS_DESCRIPTOR, STRONG, IS_UTF8, MASKED = 0x0001, 0x0008, 0x0040, 0x0800, 0x2000
#: Numbers of the systems that write names as bytes of their own, which are UTF-8 today.
_UNIX_LIKE = {3, 19}
#: The method that stands in front of the real one where a member is encrypted with AES.
METHOD_AES = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where the list of members is, and how many members it has."""

    start: int
    size: int
    members: int
    #: Bytes in front of the archive proper, as self-extracting ones have; all places are counted after them.
    shift: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Aes:
    """How a member is encrypted with AES: format 1 or 2, and a strength from 1 (128 bits) to 3."""

    format: int
    strength: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry of the list, as it says of itself; `start` is the place of its own header in the file."""

    raw_name: bytes
    name: str
    flags: int
    #: As in the headers; `method` is the one under the encryption.
    header_method: int
    method: int
    crc: int
    packed: int
    size: int
    start: int
    #: The type bits of a Unix mode, 0 where there are none.
    unix_type: int
    aes: Aes | None
    #: The fields of the list's header that say how a member is encrypted, and what it is called besides.
    aes_field: bytes | None
    name_field: bytes | None

    @property
    def is_folder(self) -> bool:
        """Whether it stands for a folder."""
        return self.name.endswith("/")

    @property
    def path(self) -> str:
        """The name without the last slash of folders."""
        return self.name.removesuffix("/")

    @property
    def is_encrypted(self) -> bool:
        """Whether its content needs a password."""
        return bool(self.flags & ENCRYPTED)


def read_end(source: Source) -> End:
    """Find the one end record, which ends where the file ends.

    Raises:
        ConnectorError: there is none, there are two, or what it says can't be.
    """
    place, record = _find_end(source)
    _, disk, list_disk, here, members, size, start, _ = record
    anchor = place
    wide = _read_end_64(source, place)
    if wide is not None:
        anchor, (wide_members, wide_size, wide_start) = wide
        for narrow, full, value in (
            (members, FULL_16, wide_members),
            (here, FULL_16, wide_members),
            (size, FULL_32, wide_size),
            (start, FULL_32, wide_start),
        ):
            if narrow not in (full, value):
                raise source.ambiguous("has two end records that contradict each other")
        members, here, size, start = wide_members, wide_members, wide_size, wide_start
    if disk not in (0, FULL_16) or list_disk not in (0, FULL_16) or here != members:
        raise source.damaged("is a part of an archive in several files, which can't be unpacked")
    shift = anchor - size - start
    if shift < 0:
        raise source.damaged("has no list of members where it says")
    return End(start=start + shift, size=size, members=members, shift=shift)


def _find_end(source: Source) -> tuple[int, tuple[bytes, int, int, int, int, int, int, int]]:
    if source.size < _END.size:
        raise source.damaged("is no zip archive" if source.size else "is an empty file, and no archive")
    tail_start = max(0, source.size - _END.size - _LONGEST_COMMENT)
    tail = source.read(tail_start, source.size - tail_start)
    found = list(_places_of_ends(tail))
    ending = [place for place in found if place + _END.size + _END.unpack_from(tail, place)[7] == len(tail)]
    if len(ending) > 1:
        raise source.ambiguous("has more than one end record")
    if not ending:
        raise source.damaged("has bytes after its end" if found else "is no zip archive, or is cut off")
    return tail_start + ending[0], _END.unpack_from(tail, ending[0])


def _places_of_ends(tail: bytes) -> Iterator[int]:
    place = tail.find(_END_SIGNATURE)
    while 0 <= place <= len(tail) - _END.size:
        yield place
        place = tail.find(_END_SIGNATURE, place + 1)


def _read_end_64(source: Source, end: int) -> tuple[int, tuple[int, int, int]] | None:
    """The place of the wide end record, and its members, size and start; null where the archive has none."""
    locator = end - _LOCATOR_64.size
    if locator < 0 or source.read(locator, 4) != _LOCATOR_64_SIGNATURE:
        return None
    _, disk, told_place, disks = _LOCATOR_64.unpack(source.read(locator, _LOCATOR_64.size))
    place = locator - _END_64.size
    fields = _END_64.unpack(source.read(place, _END_64.size))
    signature, length, _, _, this_disk, list_disk, here, members, size, start = fields
    # With anything between it and the locator, programs would find different ones.
    if signature != _END_64_SIGNATURE or length != _END_64.size - 12:
        raise source.ambiguous("has a wide end record that is not where all programs look for it")
    if (disk, this_disk, list_disk) != (0, 0, 0) or disks > 1 or here != members:
        raise source.damaged("is a part of an archive in several files, which can't be unpacked")
    if told_place + (place - size - start) != place:
        raise source.ambiguous("tells two places of its wide end record")
    return place, (members, size, start)


def read_members(source: Source, end: End) -> list[Member]:
    """The entries of the list: as many as it says, and nothing after them.

    Raises:
        ConnectorError: the list can't be read, or has an entry that contradicts itself.
    """
    data = source.read(end.start, end.size)
    members: list[Member] = []
    place = 0
    while place < len(data) and len(members) < end.members:
        member, place = _read_member(source, data, place, end)
        members.append(member)
    if place != len(data) or len(members) != end.members:
        raise source.ambiguous("has another number of members than it says")
    return members


def _read_member(source: Source, data: bytes, place: int, end: End) -> tuple[Member, int]:
    if len(data) - place < _ENTRY.size or not data.startswith(_ENTRY_SIGNATURE, place):
        raise source.damaged("has a list of members that can't be read")
    fields = _ENTRY.unpack_from(data, place)
    made_by, _, flags, method = fields[1:5]
    crc, packed, size, name_length, extra_length, comment_length, disk, _, attributes, start = fields[7:]
    name_end = place + _ENTRY.size + name_length
    extra_end = name_end + extra_length
    after = extra_end + comment_length
    if after > len(data):
        raise source.damaged("has a list of members that is cut off")
    raw_name = data[place + _ENTRY.size : name_end]
    extras = read_extras(source, data[name_end:extra_end])
    size, packed, start, disk = widen(source, extras.get(EXTRA_64), (size, packed, start, disk))
    if disk != 0:
        raise source.damaged("is a part of an archive in several files, which can't be unpacked")
    aes, real_method = _read_encryption(source, flags, method, extras.get(EXTRA_AES))
    member = Member(
        raw_name=raw_name,
        name=_name(source, raw_name, _encoding(raw_name, flags, made_by), extras.get(EXTRA_UNICODE_NAME)),
        flags=flags,
        header_method=method,
        method=real_method,
        crc=crc,
        packed=packed,
        size=size,
        start=start + end.shift,
        unix_type=(attributes >> 16) & 0o170000,
        aes=aes,
        aes_field=extras.get(EXTRA_AES),
        name_field=extras.get(EXTRA_UNICODE_NAME),
    )
    return member, after


def read_extras(source: Source, data: bytes) -> dict[int, bytes]:
    """The extra fields of a header by their numbers; up to three bytes of padding may follow them.

    Raises:
        ConnectorError: they can't be read, or one that matters stands twice.
    """
    extras: dict[int, bytes] = {}
    place = fields = 0
    while len(data) - place >= _EXTRA_HEAD:
        fields += 1
        if fields > _MOST_EXTRAS:
            raise source.damaged("has a header with more fields than any program writes")
        number, length = struct.unpack_from("<2H", data, place)
        place += _EXTRA_HEAD + length
        if place > len(data):
            raise source.damaged("has a header with fields that are cut off")
        if number in extras and number in (EXTRA_64, EXTRA_AES, EXTRA_UNICODE_NAME):
            raise source.ambiguous("has a header that says the same thing twice")
        extras[number] = data[place - length : place]
    return extras


def widen(source: Source, extra: bytes | None, fields: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Size, packed size, start and disk of a header, with those that are full taken from its wide field.

    Raises:
        ConnectorError: a field is full, and the wide one has no value for it.
    """
    data, values = extra or b"", list(fields)
    for index, (full, layout) in enumerate(((FULL_32, "<Q"), (FULL_32, "<Q"), (FULL_32, "<Q"), (FULL_16, "<L"))):
        if values[index] != full:
            continue
        width = struct.calcsize(layout)
        if len(data) < width:
            raise source.damaged("has a header whose sizes are missing")
        (values[index],) = struct.unpack_from(layout, data)
        data = data[width:]
    size, packed, start, disk = values
    return size, packed, start, disk


def _read_encryption(source: Source, flags: int, method: int, extra: bytes | None) -> tuple[Aes | None, int]:
    if method != METHOD_AES:
        return None, method
    if extra is None or len(extra) != _AES.size or not flags & ENCRYPTED:
        raise source.damaged("has an encrypted member that does not say how")
    form, vendor, strength, real_method = _AES.unpack(extra)
    if form not in (1, 2) or vendor != b"AE" or strength not in (1, 2, 3):
        raise source.damaged("has an encrypted member that does not say how")
    return Aes(format=form, strength=strength), real_method


def _encoding(raw: bytes, flags: int, made_by: int) -> str:
    """What a name is written in: where that is not said, what the system that wrote it most likely used."""
    if flags & IS_UTF8:
        return "utf-8"
    if made_by >> 8 in _UNIX_LIKE:
        with contextlib.suppress(UnicodeDecodeError):
            raw.decode("utf-8")
            return "utf-8"
    return "cp437"


def _name(source: Source, raw: bytes, encoding: str, unicode_extra: bytes | None) -> str:
    try:
        name = raw.decode(encoding)
        other = _unicode_name(raw, unicode_extra)
    except UnicodeDecodeError:
        raise source.damaged(f"holds a name that is not in the encoding that it says: {raw[:80]!r}") from None
    if other is None or other == name:
        return name
    if encoding == "utf-8":
        raise source.ambiguous(f"has two names for one member, {shown(name)} and {shown(other)}")
    return other


def _unicode_name(raw: bytes, extra: bytes | None) -> str | None:
    """The name in the field that was made for names in other encodings, where it belongs to this name."""
    if extra is None or len(extra) < _UNICODE_HEAD.size:
        return None
    version, crc = _UNICODE_HEAD.unpack_from(extra)
    return extra[_UNICODE_HEAD.size :].decode("utf-8") if version == 1 and crc == zlib.crc32(raw) else None
