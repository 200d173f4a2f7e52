"""The lists of a styles part, read so that each of their elements can be written again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from ..package.namespaces import tag_of
from ..package.xml_parser import as_utf8, new_parser, reason


@dataclass(frozen=True, slots=True)
class Element:
    """An element; `name` and the attributes' names have the file's own prefixes."""

    tag: str
    name: str
    attributes: Mapping[str, str]
    children: tuple[Element, ...] = ()
    text: str = ""

    def xml(self) -> bytes:
        """The element as it stands in a file."""
        start = "".join((self.name, *(f" {name}={quoteattr(value)}" for name, value in self.attributes.items())))
        inner = escape(self.text).encode() + b"".join(child.xml() for child in self.children)
        return f"<{start}>".encode() + inner + f"</{self.name}>".encode() if inner else f"<{start}/>".encode()


@dataclass(slots=True)
class _Begun:
    tag: str
    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


def read_sections(xml: bytes, tags: tuple[str, ...]) -> tuple[str, dict[str, list[Element] | None]]:
    """The prefix, with its colon, of the root element; and the elements of lists right below it, None if not there.

    Raises:
        BrokenPart: it is no XML that a workbook may hold.
    """
    reading = _Reading(tags)
    parser = new_parser()
    parser.StartNamespaceDeclHandler = reading.namespace
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.characters
    try:
        for chunk in as_utf8((xml,)):
            parser.Parse(chunk, False)  # noqa: FBT003 - expat's own
        parser.Parse(b"", True)  # noqa: FBT003 - expat's own
    except expat.ExpatError as error:
        raise reason(error) from None
    return reading.prefix, reading.sections


class _Reading:
    def __init__(self, tags: tuple[str, ...]) -> None:
        self.prefix = ""
        self.sections: dict[str, list[Element] | None] = dict.fromkeys(tags)
        self._open: list[_Begun] = []
        self._namespaces: dict[str, str] = {}

    def namespace(self, prefix: str | None, uri: str | None) -> None:
        """What the start tag that follows declares."""
        self._namespaces[f"xmlns:{prefix}" if prefix else "xmlns"] = uri or ""

    def start(self, expanded: str, attributes: list[str]) -> None:
        name = _name(expanded)
        if not self._open:
            self.prefix = name[: name.find(":") + 1]
        given = {_name(attributes[place]): attributes[place + 1] for place in range(0, len(attributes), 2)}
        self._open.append(_Begun(tag_of(expanded), name, self._namespaces | given))
        self._namespaces = {}

    def characters(self, text: str) -> None:
        self._open[-1].text.append(text)

    def end(self, _expanded: str) -> None:
        begun = self._open.pop()
        if len(self._open) == 1 and begun.tag in self.sections:
            self.sections[begun.tag] = begun.children
        elif len(self._open) > 1 and self._open[1].tag in self.sections:
            text = "".join(begun.text)
            element = Element(begun.tag, begun.name, begun.attributes, tuple(begun.children), text.strip() and text)
            self._open[-1].children.append(element)


def _name(expanded: str) -> str:
    """The name with its prefix, of one that expat expanded to `namespace local prefix`."""
    namespace, _, rest = expanded.partition(" ")
    local, _, prefix = rest.partition(" ")
    if not rest:
        return namespace
    return f"{prefix}:{local}" if prefix else local
