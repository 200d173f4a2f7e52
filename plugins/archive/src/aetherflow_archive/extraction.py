"""Unpacking: everything is judged first, then written file by file, counted and checked."""

from __future__ import annotations

import difflib
import os
import stat
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aetherflow.kernel.api import ConnectorError, Secret

from .decrypting import Decrypter, decrypter_of, password_error
from .inflating import PIECE, Inflater, inflater_of
from .layout import Content, read_layout
from .limits import Guard
from .places import open_folder, open_inside, open_new
from .source import Source, open_source
from .structure import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """One archive to unpack; `knows_aes` says which encryptions the driver can read."""

    archive: Path
    directory: Path
    guard: Guard
    password: Secret | None
    members: Sequence[str] | None
    knows_aes: bool

    def run(self) -> list[str]:
        """Unpack, or refuse; answers the names of the files written, in the order of the archive.

        Raises:
            ConnectorError: the archive, or a part of it, is refused or can't be read.
        """
        with open_source(self.archive) as source:
            chosen = _chosen(source, read_layout(source, self.guard), self.members)
            files = [content for content in chosen if not content.member.is_folder]
            total = self._check_sizes(files)
            for content in files:
                inflater_of(source, content.member)
                decrypter_of(source, content.member, self.password, knows_aes=self.knows_aes)
            try:
                with open_folder(self.directory) as root:
                    _check_space(source, root, total)
                    try:
                        self._write(source, chosen, root, total)
                    except (FileExistsError, NotADirectoryError) as error:
                        raise _already_there(source, error) from None
            except OSError as error:
                raise _not_written(source, error) from None
        return [content.member.path for content in files]

    def _check_sizes(self, files: Sequence[Content]) -> int:
        for content in files:
            self.guard.check_member(content.member.name, content.member.size, content.member.packed)
        total = sum(content.member.size for content in files)
        self.guard.check_total(total, sum(content.member.packed for content in files))
        return total

    def _write(self, source: Source, chosen: Sequence[Content], root: int, total: int) -> None:
        # As private as the folder that it goes into.
        mode = stat.S_IMODE(os.fstat(root).st_mode) & 0o777
        done = 0
        for content in chosen:
            self.guard.go_on()
            *folders, name = content.member.path.split("/")
            if content.member.is_folder:
                with open_inside(root, [*folders, name], make=mode):
                    continue
            with open_inside(root, folders, make=mode) as parent:
                descriptor = open_new(name, parent, mode & 0o666)
            try:
                for piece in self._pieces(source, content):
                    _write_all(descriptor, piece)
                    done += len(piece)
                    self.guard.watch.progress(done, total)
            finally:
                os.close(descriptor)

    def _pieces(self, source: Source, content: Content) -> Iterator[bytes]:
        """The content of a file: no byte more than it says, none less, and the right ones."""
        member = content.member
        crc = length = 0
        for piece in self._plain(source, content):
            self.guard.go_on()
            length += len(piece)
            if length > member.size:
                raise source.ambiguous(f"holds {member.name!r}, which is bigger than it says")
            crc = zlib.crc32(piece, crc)
            yield piece
        # The second form of AES leaves the checksum out: its seal is the stronger one.
        has_checksum = member.aes is None or member.aes.format == 1 or member.crc != 0
        if length != member.size or (has_checksum and crc != member.crc):
            raise _wrong_content(source, member)

    def _plain(self, source: Source, content: Content) -> Iterator[bytes]:
        member = content.member
        decrypter = decrypter_of(source, member, self.password, knows_aes=self.knows_aes)
        inflater = inflater_of(source, member)
        start, end = content.start + decrypter.head, content.start + member.packed - decrypter.tail
        if end < start:
            raise source.damaged(f"holds {member.name!r}, whose encryption is cut off")
        if not decrypter.start(source.read(content.start, decrypter.head)):
            raise password_error(f"the password of {source.name} is wrong; nothing is unpacked")
        try:
            yield from _inflated(source, (start, end), decrypter, inflater)
        except ValueError:
            raise _wrong_content(source, member) from None
        if not inflater.is_done() or not decrypter.is_sealed(source.read(end, decrypter.tail)):
            raise _wrong_content(source, member)


def _inflated(source: Source, span: tuple[int, int], decrypter: Decrypter, inflater: Inflater) -> Iterator[bytes]:
    for place in range(*span, PIECE):
        yield from inflater.feed(decrypter.decrypt(source.read(place, min(PIECE, span[1] - place))))


def _chosen(source: Source, contents: list[Content], members: Sequence[str] | None) -> list[Content]:
    if members is None:
        return contents
    by_name = {content.member.name: content for content in contents}
    for name in members:
        if name not in by_name:
            near = " or ".join(map(repr, difflib.get_close_matches(name, by_name, n=3)))
            raise ConnectorError(
                f"{source.name} holds no member {name!r}; nothing is unpacked",
                code="AF-ARCHIVE-MEMBER",
                help=f"did you mean {near}?" if near else "name members as they are listed in it",
            )
    wanted = set(members)
    return [content for content in contents if content.member.name in wanted]


def _check_space(source: Source, root: int, total: int) -> None:
    system = os.fstatvfs(root)
    free = system.f_bavail * system.f_frsize
    if free < total + total // 10:
        raise ConnectorError(
            f"{source.name} unpacks to {total} bytes, and {free} are free there; nothing is unpacked",
            code="AF-ARCHIVE-SPACE",
            help="make room: its size and a tenth more must be free",
        )


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _wrong_content(source: Source, member: Member) -> ConnectorError:
    if member.is_encrypted:
        return password_error(f"the password of {source.name} is wrong, or it is damaged; nothing is unpacked")
    return source.damaged(f"holds {member.name!r}, whose content is not what it says")


def _already_there(source: Source, error: OSError) -> ConnectorError:
    return ConnectorError(
        f"{source.name} holds {error.filename!r}, and something of that name was unpacked already; nothing is unpacked",
        code="AF-ARCHIVE-CONFLICT",
        help="unpack each archive into a folder of its own: `private_zip_folder: true`",
    )


def _not_written(source: Source, error: OSError) -> ConnectorError:
    return ConnectorError(
        f"{source.name} can't be unpacked: {error.strerror or 'the system refused'}; nothing is unpacked",
        code="AF-ARCHIVE-SPACE",
        help="see whether the folder can be written, and whether there is room",
    )
