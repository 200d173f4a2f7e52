"""Whether the members lie in the file as the list says: each with a header that agrees, none over another."""

from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from aetherflow.kernel.api import ConnectorError

from .limits import Guard
from .names import Names, shown, why_not_to_unpack
from .source import Source
from .structure import (
    ENCRYPTED,
    EXTRA_64,
    EXTRA_AES,
    EXTRA_UNICODE_NAME,
    FULL_32,
    HAS_DESCRIPTOR,
    IS_UTF8,
    MASKED,
    STRONG,
    End,
    Member,
    read_end,
    read_extras,
    read_members,
    widen,
)

_HEADER = struct.Struct("<4s5H3L2H")
_SIGNATURE = b"PK\x03\x04"
#: What both headers must say alike.
_FLAGS = ENCRYPTED | HAS_DESCRIPTOR | STRONG | IS_UTF8 | MASKED
#: The forms of what may follow the content, the longest first; with and without a signature.
_DESCRIPTORS = ("<4sL2Q", "<L2Q", "<4s3L", "<3L")
_DESCRIPTOR_SIGNATURE = b"PK\x07\x08"
#: An empty folder may be stored pressed: as bytes that say that nothing follows, which for bzip2 are the most.
_PACKED_NOTHING = 14
#: Some encrypt that as well: salt, check and seal of AES are the most.
_AROUND_NOTHING = 16 + 2 + 10
#: Type bits of a program that did not know them.
_NO_TYPE = 0o170000


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A member, the place of its content, and the end of all that belongs to it."""

    member: Member
    start: int
    end: int


def read_layout(source: Source, guard: Guard) -> list[Content]:
    """All members, each judged by its name, type and place; nothing is unpacked yet.

    Raises:
        ConnectorError: anything about them is refused.
    """
    end = read_end(source)
    guard.check_count(end.members, end.size)
    members = read_members(source, end)
    if not members:
        raise source.damaged("holds nothing")
    _check_names(source, members)
    contents = []
    for member in members:
        guard.go_on()
        _check_type(source, member)
        contents.append(_find_content(source, member, before=end.start))
    _check_places(source, contents, end, is_strict=guard.options.strict)
    _check_second_opinion(source, members)
    return contents


def _check_names(source: Source, members: Iterable[Member]) -> None:
    names = Names(source.name)
    for member in members:
        wrong = why_not_to_unpack(member.path)
        if wrong is not None:
            raise ConnectorError(
                f"{source.name} holds the name {shown(member.name)}, which is refused: {wrong}; nothing is unpacked",
                code="AF-ARCHIVE-NAME",
                help="have it made again, with other names",
            )
        names.add(member.path, is_folder=member.is_folder)


def _check_type(source: Source, member: Member) -> None:
    # Folders are noted as files by some programs, and as no type at all by Maven's: the slash decides.
    fitting = {0, _NO_TYPE, stat.S_IFREG} | ({stat.S_IFDIR} if member.is_folder else set())
    if member.unix_type not in fitting:
        what = "a link" if member.unix_type == stat.S_IFLNK else "no plain file or folder"
        raise ConnectorError(
            f"{source.name} holds {member.name!r}, which is {what}; nothing is unpacked",
            code="AF-ARCHIVE-TYPE",
            help="have it made again, with files and folders only",
        )
    packed_nothing = _PACKED_NOTHING + (_AROUND_NOTHING if member.is_encrypted else 0)
    if member.is_folder and (member.size or member.packed > packed_nothing):
        raise source.ambiguous(f"holds the folder {member.name!r} with content of its own")
    if member.flags & (STRONG | MASKED):
        raise ConnectorError(
            f"{source.name} is encrypted in a way that is not known here; nothing is unpacked",
            code="AF-ARCHIVE-METHOD",
            help="have it made again with AES encryption",
        )


def _find_content(source: Source, member: Member, *, before: int) -> Content:
    header = _HEADER.unpack(source.read(member.start, _HEADER.size))
    signature, _, flags, method, _, _, crc, packed, size, name_length, extra_length = header
    if signature != _SIGNATURE:
        raise source.damaged(f"has no member {member.name!r} where it says")
    rest = source.read(member.start + _HEADER.size, name_length + extra_length)
    extras = read_extras(source, rest[name_length:])
    if FULL_32 in (packed, size):
        size, packed, _, _ = widen(source, extras.get(EXTRA_64), (size, packed, 0, 0))
    if (rest[:name_length], method, flags & _FLAGS) != (member.raw_name, member.header_method, member.flags & _FLAGS):
        raise source.ambiguous(f"says two things about the member {member.name!r}")
    # The other name may be left out here, the encryption may not: it is the same content.
    if extras.get(EXTRA_AES) != member.aes_field or extras.get(EXTRA_UNICODE_NAME) not in (None, member.name_field):
        raise source.ambiguous(f"says two things about the member {member.name!r}")
    told = {(crc, member.crc), (packed, member.packed), (size, member.size)}
    # Who writes without looking back leaves these open here, and writes them after the content.
    if any(here != listed and not (here == 0 and flags & HAS_DESCRIPTOR) for here, listed in told):
        raise source.ambiguous(f"says two things about the size of the member {member.name!r}")
    start = member.start + _HEADER.size + len(rest)
    end = start + member.packed
    if flags & HAS_DESCRIPTOR:
        end += _descriptor_length(source, member, end, before)
    if end > before:
        raise source.ambiguous(f"holds {member.name!r}, which reaches over the list of members")
    return Content(member=member, start=start, end=end)


def _descriptor_length(source: Source, member: Member, place: int, before: int) -> int:
    wanted = (member.crc, member.packed, member.size)
    for form in _DESCRIPTORS:
        length = struct.calcsize(form)
        if place + length > before:
            continue
        fields = struct.unpack(form, source.read(place, length))
        if fields in (wanted, (_DESCRIPTOR_SIGNATURE, *wanted)):
            return length
    raise source.ambiguous(f"says two things about the size of the member {member.name!r}")


def _check_places(source: Source, contents: Sequence[Content], end: End, *, is_strict: bool) -> None:
    """No member lies over another; in strict archives nothing lies between them either."""
    spans = sorted((content.member.start, content.end) for content in contents)
    for (_, one_end), (next_start, _) in pairwise(spans):
        if next_start < one_end:
            raise source.ambiguous("holds members that lie over each other")
    if not is_strict:
        return
    edges = [0, *(edge for span in spans for edge in span), end.start]
    if any(left != right for left, right in zip(edges[::2], edges[1::2], strict=True)):
        raise source.ambiguous("holds bytes that belong to no member")


def _check_second_opinion(source: Source, members: Sequence[Member]) -> None:
    """Python's own reader must have found the same members: what two programs read differently is refused."""
    try:
        with open(source.descriptor, "rb", closefd=False) as file, zipfile.ZipFile(file) as archive:
            theirs = [
                (info.orig_filename, info.header_offset, info.compress_size, info.file_size, info.CRC)
                for info in archive.infolist()
            ]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OSError) as error:
        raise source.damaged(f"can't be read by Python's own reader: {error}") from None
    ours = [(_plain_name(member), member.start, member.packed, member.size, member.crc) for member in members]
    if ours != theirs:
        raise source.ambiguous("is read differently by different programs")


def _plain_name(member: Member) -> str:
    return member.raw_name.decode("utf-8" if member.flags & IS_UTF8 else "cp437")
