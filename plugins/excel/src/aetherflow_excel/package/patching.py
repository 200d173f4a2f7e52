"""XML edited as a stream: what no edit touches comes out as the bytes that it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import cast
from xml.sax.saxutils import escape

from .problems import BrokenPart
from .xml_parser import MOST_DEPTH, Tags, as_utf8, new_parser, parse, too_deep

#: A start tag; a greater-than sign may stand in the value of an attribute.
_TAG = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=>]+)\s*=\s*(?:"[^"]*"|'[^']*')""")
_NAME = re.compile(rb"<([^\s/>]+)")
#: No text that may be replaced is larger.
_MOST_PENDING_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_QUOTES = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


@dataclass(frozen=True, slots=True)
class Edit:
    """What to do with an element.

    `attributes` without a prefix are set to the given values, or removed where it is null; with `drop` the element and
    all that is in it is left out; `before` is put in front of it, as it is.
    """

    attributes: Mapping[str, str | None] = field(default_factory=dict)
    drop: bool = False
    before: Iterable[bytes] = ()


class Patcher:
    """What to change, asked element by element in the order of the document; this one changes nothing."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        """What to do with an element that begins; its name is as `namespaces` writes it."""
        return None

    def takes_text(self, tag: str) -> bool:
        """Whether to be asked about the text of the element that has just begun, which has no elements in it."""
        return False

    def text(self, tag: str, text: str) -> str | None:
        """The new text of an element; null where it stays."""
        return None

    def end(self, tag: str) -> Iterable[bytes]:
        """What to put at the end of an element, in front of its end tag, as it is."""
        return ()


def patch(chunks: Iterable[bytes], patcher: Patcher) -> Iterator[bytes]:
    """The XML with the patcher's edits, piece by piece, in UTF-8.

    Raises:
        BrokenPart: it is no XML that a workbook may hold.
    """
    return _Patching(patcher).run(as_utf8(chunks))


def patched(xml: bytes, patcher: Patcher) -> bytes:
    """A whole part with the patcher's edits; the same bytes where there are none.

    Raises:
        BrokenPart: it is no XML that a workbook may hold.
    """
    return b"".join(patch(_pieces(xml), patcher))


def _pieces(xml: bytes) -> Iterator[bytes]:
    return (xml[start : start + _CHUNK_BYTES] for start in range(0, len(xml), _CHUNK_BYTES))


@dataclass(slots=True)
class _Open:
    """An element that has begun; places are counted from the start of the document."""

    tag: str
    start: int
    raw_tag: bytes
    is_empty: bool
    is_edited: bool
    #: Null for an element whose text nobody asks for.
    text: list[str] | None

    @property
    def content(self) -> int:
        """Where its content begins, as long as its tag is not edited."""
        return self.start + len(self.raw_tag)


class _Patching:
    def __init__(self, patcher: Patcher) -> None:
        self._patcher = patcher
        self._open: list[_Open] = []
        self._dropped: _Open | None = None
        self._dropped_depth = 0
        self._bytes = bytearray()
        #: The place of the first of those bytes, and up to where they are written or left out.
        self._base = self._written = 0
        self._seen = 0
        #: While text may yet be replaced, the place where it begins.
        self._held: int | None = None
        self._out: list[bytes | Iterable[bytes]] = []
        self._tags = Tags()
        parser = self._parser = new_parser()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def run(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for _ in parse(self._parser, self._remembered(chunks)):
            yield from self._flush()
        self._seen = self._base + len(self._bytes)
        yield from self._flush()

    def _remembered(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._bytes += chunk
            yield chunk

    def _flush(self) -> Iterator[bytes]:
        """Write what is decided: all up to the last event, but not text that may yet be replaced."""
        self._copy_to(self._seen if self._held is None else self._held)
        out, self._out = self._out, []
        for is_piece, pieces in groupby(out, lambda item: isinstance(item, bytes)):
            if is_piece:
                yield b"".join(cast("Iterable[bytes]", pieces))
            else:
                yield from chain.from_iterable(cast("Iterable[Iterable[bytes]]", pieces))
        done = self._written - self._base
        if done > 0:
            del self._bytes[:done]
            self._base = self._written
        if len(self._bytes) > _MOST_PENDING_BYTES:
            raise BrokenPart("it has a text that is larger than any program writes")

    def _copy_to(self, place: int) -> None:
        if place <= self._written:
            return
        if self._dropped is None:
            self._out.append(bytes(self._bytes[self._written - self._base : place - self._base]))
        self._written = place

    def _start(self, name: str, attributes: list[str]) -> None:
        place = self._seen = self._parser.CurrentByteIndex
        if self._dropped is not None:
            self._dropped_depth += 1
            return
        if self._held is not None:
            self._open[-1].text = self._held = None  # there are elements in it: it is more than text
        found = _TAG.match(self._bytes, place - self._base)
        if found is None:
            raise BrokenPart("it has a tag that can't be found again")
        if len(self._open) >= MOST_DEPTH:
            raise too_deep()
        raw, tag = found[0], self._tags[name]
        given = {self._tags[attributes[index]]: attributes[index + 1] for index in range(0, len(attributes), 2)}
        edit = self._patcher.start(tag, given)
        element = _Open(tag, place, raw, raw.endswith(b"/>"), is_edited=False, text=None)
        if edit is not None:
            self._copy_to(place)
            if edit.before:
                self._out.append(edit.before)
            if edit.drop:
                self._dropped = element
                return
            self._edit_tag(element, edit)
        if not element.is_empty and self._patcher.takes_text(tag):
            element.text, self._held = [], place + len(raw)
        self._open.append(element)

    def _edit_tag(self, element: _Open, edit: Edit) -> None:
        if not edit.attributes:
            return
        self._written = element.content
        element.raw_tag = _with_attributes(element.raw_tag, edit.attributes)
        element.is_edited = True
        if not element.is_empty:
            self._out.append(element.raw_tag)

    def _text(self, text: str) -> None:
        self._seen = self._parser.CurrentByteIndex
        if self._held is not None and self._dropped is None and (taken := self._open[-1].text) is not None:
            taken.append(text)

    def _end(self, _name: str) -> None:
        place = self._seen = self._parser.CurrentByteIndex
        if self._dropped is not None:
            self._end_dropped(self._dropped, place)
            return
        element = self._open.pop()
        if element.text is not None:
            self._end_text(element.tag, "".join(element.text), place)
        more = self._patcher.end(element.tag)
        if element.is_empty:
            self._end_empty(element, more)
        elif more:
            self._copy_to(place)
            self._out.append(more)

    def _end_dropped(self, dropped: _Open, place: int) -> None:
        if self._dropped_depth:
            self._dropped_depth -= 1
            return
        # Where an empty element ends, expat tells the place behind it.
        end = dropped.content if dropped.is_empty else self._base + self._bytes.index(b">", place - self._base) + 1
        self._copy_to(end)
        self._dropped = None

    def _end_text(self, tag: str, old: str, place: int) -> None:
        start, self._held = self._held, None
        new = self._patcher.text(tag, old)
        if new is not None and new != old and start is not None:
            self._copy_to(start)
            self._out.append(escape(new).encode())
            self._written = place

    def _end_empty(self, element: _Open, more: Iterable[bytes]) -> None:
        name = _NAME.match(element.raw_tag)
        if not more or name is None:
            if element.is_edited:
                self._out.append(element.raw_tag)
            return
        if not element.is_edited:
            self._copy_to(element.start)
            self._written = element.content
        opened = element.raw_tag.removesuffix(b"/>").rstrip() + b">"
        self._out.extend((opened, more, b"</" + name[1] + b">"))


def _with_attributes(tag: bytes, changes: Mapping[str, str | None]) -> bytes:
    """A start tag with some attributes set to other values, or removed."""
    left = {name.encode(): _attribute(name, value) for name, value in changes.items()}
    tag = _ATTRIBUTE.sub(lambda found: left.pop(found[1], found[0]), tag)
    end = b"/>" if tag.endswith(b"/>") else b">"
    return tag.removesuffix(end).rstrip() + b"".join(left.values()) + end


def _attribute(name: str, value: str | None) -> bytes:
    return b"" if value is None else f' {name}="{escape(value, _QUOTES)}"'.encode()
