"""A workbook's package: its parts, what kind each one is, and which ones they point at."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from aetherflow.kernel.api import StepError

from .directory import directory_size
from .elements import read_elements
from .part_names import CONTENT_TYPES, relationships_name, resolve_target
from .problems import BrokenPart, damaged, too_large

_MIB = 1024 * 1024
_MOST_PARTS = 10_000
#: A part that is taken as a whole: everything but sheets and shared strings is far smaller.
MOST_PART_BYTES = 64 * _MIB
#: A part that is read as a stream.
MOST_STREAM_BYTES = 2048 * _MIB
#: Deflated XML of sheets shrinks to a tenth, of empty cells to a hundredth.
_MOST_RATIO = 250
_RATIO_FROM = 32 * _MIB
_CHUNK_BYTES = 64 * 1024
#: The list of the parts is taken as a whole.
_MOST_DIRECTORY_BYTES = 4 * _MIB
_ENCRYPTED = 0x1
#: Content types, or the relationships of a part: a sheet may have as many hyperlinks.
_MOST_ENTRIES = 100_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RELATIONSHIPS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"


@dataclass(frozen=True, slots=True)
class Relationship:
    """One part pointing at another; its `target` is null outside the package."""

    id: str
    type: str
    target: str | None

    @property
    def kind(self) -> str:
        """The last word of its type, which strict and transitional workbooks have in common."""
        return self.type.rpartition("/")[2]


class Package:
    """A workbook that is read part by part; a context manager.

    Raises:
        StepError: it is no workbook, or it wants more than one may.
    """

    def __init__(self, path: Path) -> None:
        self.file_name = path.name
        if path.exists() and not path.is_file():
            raise _unreadable(self.file_name, "it is no file")
        with self._readable():
            self._file = path.open("rb")
            try:
                self._zip = self._open_zip()
            except BaseException:
                self._file.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    @property
    def stream(self) -> IO[bytes]:
        """The file itself, for copies of packed bytes."""
        return self._file

    @cached_property
    def members(self) -> Mapping[str, zipfile.ZipInfo]:
        """The parts as members of the zip, by name, in the file's order."""
        found: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            if not info.is_dir():
                found[info.filename] = info
        return found

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return part in self.members

    def content_type(self, part: str) -> str:
        """What kind of part it is; empty where the package does not say."""
        extension = part.rpartition(".")[2].lower()
        return self._overrides.get(part.lower()) or self._defaults.get(extension, "")

    @cached_property
    def _types(self) -> tuple[dict[str, str], dict[str, str]]:
        defaults: dict[str, str] = {"rels": _RELATIONSHIPS_TYPE}
        overrides: dict[str, str] = {}
        with self.blame(CONTENT_TYPES):
            for tag, attributes, _ in read_elements(self.chunks(CONTENT_TYPES, MOST_PART_BYTES)):
                self._check_count(CONTENT_TYPES, len(overrides) + len(defaults))
                kind = attributes.get("ContentType", "")
                if tag == "types:Default":
                    defaults[attributes.get("Extension", "").lower()] = kind
                elif tag == "types:Override":
                    overrides[attributes.get("PartName", "").lstrip("/").lower()] = kind
        return defaults, overrides

    @property
    def _defaults(self) -> dict[str, str]:
        return self._types[0]

    @property
    def _overrides(self) -> dict[str, str]:
        return self._types[1]

    def relationships(self, part: str) -> dict[str, Relationship]:
        """What a part points at, by the ids of its relationships; an empty name stands for the whole package."""
        name = relationships_name(part)
        if not self.has(name):
            return {}
        found: dict[str, Relationship] = {}
        with self.blame(name):
            for tag, attributes, _ in read_elements(self.chunks(name, MOST_PART_BYTES)):
                self._check_count(name, len(found))
                if tag == "rel:Relationship":
                    is_external = attributes.get("TargetMode") == "External"
                    target = None if is_external else self._spelt(resolve_target(part, attributes.get("Target", "")))
                    name = attributes.get("Id", "")
                    found[name] = Relationship(name, attributes.get("Type", ""), target)
        return found

    def _spelt(self, name: str) -> str:
        """A part's name as the package spells it: names are the same in letters of either case."""
        return self._spellings.get(name.lower(), name)

    @cached_property
    def _spellings(self) -> dict[str, str]:
        return {name.lower(): name for name in self.members}

    def related(self, part: str, kind: str) -> list[str]:
        """The parts of one kind that a part points at, which must be there."""
        targets = [found.target for found in self.relationships(part).values() if found.kind == kind]
        return [self.require(target) for target in targets if target is not None]

    def require(self, part: str) -> str:
        """The name of a part that must be there.

        Raises:
            StepError: it is missing.
        """
        if not self.has(part):
            raise damaged(self.file_name, f"the part {part[:120]!r} is missing")
        return part

    def read(self, part: str) -> bytes:
        """A whole part.

        Raises:
            StepError: it is missing, broken or too large.
        """
        return b"".join(self.chunks(part, MOST_PART_BYTES))

    def chunks(self, part: str, most_bytes: int = MOST_STREAM_BYTES) -> Iterator[bytes]:
        """A part, piece by piece.

        Raises:
            StepError: it is missing, broken or too large.
        """
        info = self.members[self.require(part)]
        if info.file_size > most_bytes:
            raise too_large(
                self.file_name, f"the part {part!r} has {info.file_size:,} bytes, at most {most_bytes:,} are allowed"
            )
        if info.file_size > _RATIO_FROM and info.file_size > _MOST_RATIO * info.compress_size:
            raise too_large(self.file_name, f"the part {part!r} grows more than {_MOST_RATIO} times, as a bomb does")
        left = info.file_size
        with self._readable(), self._zip.open(info) as member:
            while chunk := member.read(_CHUNK_BYTES):
                left -= len(chunk)
                yield chunk
        if left:
            raise damaged(self.file_name, f"its part {part[:120]!r} is not as long as it says")

    def _check_count(self, part: str, entries: int) -> None:
        if entries > _MOST_ENTRIES:
            raise too_large(self.file_name, f"the part {part[:120]!r} has more than {_MOST_ENTRIES:,} entries")

    @contextmanager
    def blame(self, part: str) -> Iterator[None]:
        """Say which part it is that can't be read."""
        try:
            yield
        except BrokenPart as problem:
            raise damaged(self.file_name, f"in the part {part!r}: {problem}") from None

    def _open_zip(self) -> zipfile.ZipFile:
        head = self._file.read(len(_OLE))
        if head == _OLE:
            raise damaged(self.file_name, "it is encrypted with a password, or an old .xls, and can't be opened")
        if not head.startswith(b"PK"):
            raise damaged(self.file_name, "it is an empty file" if not head else "it is no workbook")
        size, parts = directory_size(self._file)
        if size > _MOST_DIRECTORY_BYTES or parts > _MOST_PARTS:
            raise too_large(self.file_name, f"it has more than {_MOST_PARTS:,} parts, or a list of them that is huge")
        opened = zipfile.ZipFile(self._file)
        infos = opened.infolist()
        for info in infos:
            self._check_member(info)
        self._check_places(infos, opened.start_dir)
        self._check_names([info.filename for info in infos])
        return opened

    def _check_member(self, info: zipfile.ZipInfo) -> None:
        name = info.orig_filename
        if not name or name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
            raise damaged(self.file_name, f"it has a part with a name that none may have: {name[:120]!r}")
        if info.flag_bits & _ENCRYPTED:
            raise damaged(self.file_name, f"its part {name[:120]!r} is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise damaged(self.file_name, f"its part {name[:120]!r} is packed in a way that no workbook may be")

    def _check_places(self, infos: list[zipfile.ZipInfo], end: int) -> None:
        for info in sorted(infos, key=lambda info: info.header_offset, reverse=True):
            if info.header_offset < 0:
                raise damaged(self.file_name, "its beginning is missing")
            if info.header_offset + info.compress_size > end:
                raise damaged(self.file_name, "its parts lie over one another, as those of a bomb do")
            end = info.header_offset

    def _check_names(self, names: list[str]) -> None:
        seen: set[str] = set()
        for name in names:
            if name.lower() in seen:
                raise damaged(self.file_name, f"it has two parts called {name[:120]!r}")
            seen.add(name.lower())
        if CONTENT_TYPES.lower() not in seen:
            raise damaged(self.file_name, "it is a zip archive, but no workbook: [Content_Types].xml is missing")

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _unreadable(self.file_name, f"it can't be read: {error.strerror or error}") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
            raise damaged(self.file_name, "it is no whole zip archive, or a part of it is damaged") from None


def _unreadable(file: str, what: str) -> StepError:
    return StepError(f"{file}: {what}", code="AF-EXCEL-SOURCE", help="check that the file is there and may be read")
