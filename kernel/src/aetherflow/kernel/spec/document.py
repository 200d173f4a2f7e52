"""A YAML document as plain values, with the place of each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import Location, YamlPath
from .places import Container, Place, Places, line_and_column
from .source import check_text, read_source
from .values import Raw, without_raw

__all__ = ["Document", "Raw", "parse_document", "read_document", "without_raw"]


class Document:
    """One YAML document: its values (which are shared: leave them as they are) and where each stands."""

    __slots__ = ("_lines", "_places", "file", "source", "value")

    def __init__(self, *, file: str, value: object, source: bytes, places: Places) -> None:
        self.file = file
        self.value = value
        #: The bytes as they were read.
        self.source = source
        self._places = places
        self._lines: list[str] | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of the source, in hexadecimal."""
        import hashlib

        return hashlib.sha256(self.source).hexdigest()

    def where(self, path: YamlPath) -> Location:
        """The place of the value at this path, or of the nearest value above it that exists."""
        return self._walk(path, self._places.of_value)

    def where_key(self, path: YamlPath) -> Location:
        """The place of the key at this path; in a list, of the item."""
        return self._walk(path, self._places.of_key)

    def line(self, number: int) -> str:
        """One line of the source, counted from 1, without its end; empty where there is none."""
        if self._lines is None:
            text = self.source.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
            self._lines = text.split("\n")
        return self._lines[number - 1] if 1 <= number <= len(self._lines) else ""

    def _walk(self, path: YamlPath, last: Callable[[Container, str | int], Place | None]) -> Location:
        place, value = self._places.root, self.value
        for number, part in enumerate(path, start=1):
            value = value.value if isinstance(value, Raw) else value
            if not isinstance(value, dict | list):
                break
            find = last if number == len(path) else self._places.of_value
            found = find(value, part)
            if found is None:
                break
            place, value = found, _part_of(value, part)
        return Location(self.file, *line_and_column(place))


def _part_of(container: Container, part: str | int) -> object:
    return container[str(part)] if isinstance(container, dict) else container[int(part)]


def read_document(path: Path | str, *, shown_as: str | None = None) -> Document:
    """Read a file once, and its one YAML document with it.

    Raises:
        InvalidInput: the file can't be read, or `parse_document` refuses it.
    """
    file = str(path) if shown_as is None else shown_as
    return parse_document(read_source(Path(path), shown_as=file), file)


def parse_document(source: bytes, file: str) -> Document:
    """One document of YAML 1.2's core schema; an empty one is null.

    Raises:
        InvalidInput: it is no YAML, or oversteps what AetherFlow reads; says where.
    """
    from .parser import parse

    value, places = parse(check_text(source, file), file)
    return Document(file=file, value=value, source=source, places=places)
