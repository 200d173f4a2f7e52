"""XML from outside: parsed by expat, without document types and entities of its own."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain
from xml.parsers import expat

from .namespaces import tag_of
from .problems import BrokenPart

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
#: An XML declaration ends before that.
_MOST_DECLARATION_BYTES = 4096
_UTF8 = ("utf-8", "utf8", "us-ascii", "ascii")

# What a parser has to remember grows with these; no program comes near them.

#: Elements in one another.
MOST_DEPTH = 500
#: A tag, a comment or an instruction.
_MOST_PENDING_BYTES = 4 * 1024 * 1024
_MOST_NAMES = 10_000
_LONGEST_NAME = 1000
_MOST_PREFIXES = 1000


def _refuse_document_type(*_: object) -> None:
    raise BrokenPart("it has a document type, which no part of a workbook may have")


def new_parser() -> expat.XMLParserType:
    """A parser whose handlers get names as `namespace local prefix`, and attributes as a flat list.

    Document types are refused, and with them all entities but XML's own five.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.ordered_attributes = True
    parser.namespace_prefixes = True
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartNamespaceDeclHandler = _Prefixes().see
    return parser


def too_deep() -> BrokenPart:
    """The error for more than `MOST_DEPTH` elements in one another."""
    return BrokenPart("it has more elements in one another than any program writes")


class _Prefixes:
    """Counts the prefixes of namespaces, which a parser never forgets."""

    def __init__(self) -> None:
        self._seen: set[str | None] = set()

    def see(self, prefix: str | None, _namespace: str | None) -> None:
        self._seen.add(prefix)
        if len(self._seen) > _MOST_PREFIXES:
            raise BrokenPart("it has more prefixes of namespaces than any program writes")


class Tags(dict[str, str]):
    """The tags of one part, by the names as expat expands them.

    Raises:
        BrokenPart: there are more, or longer ones, than any program writes.
    """

    def __missing__(self, name: str) -> str:
        if len(self) >= _MOST_NAMES:
            raise BrokenPart("it has more different names of elements and attributes than any program writes")
        if len(name) > _LONGEST_NAME:
            raise BrokenPart("it has a longer name of an element or an attribute than any program writes")
        tag = self[name] = tag_of(name)
        return tag


def parse(parser: expat.XMLParserType, chunks: Iterable[bytes]) -> Iterator[None]:
    """Give a parser a part in UTF-8; stops after each piece, when the handlers have been told what is in it.

    Raises:
        BrokenPart: it is no XML that a workbook may hold.
    """
    given = 0
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)  # noqa: FBT003 - expat's own
            given += len(chunk)
            if given - parser.CurrentByteIndex > _MOST_PENDING_BYTES:
                raise BrokenPart("it has a tag or a comment that is larger than any program writes")
            yield
        parser.Parse(b"", True)  # noqa: FBT003 - expat's own
    except expat.ExpatError as error:
        raise reason(error) from None
    yield


def reason(error: expat.ExpatError) -> BrokenPart:
    """What expat says, as our own error."""
    said = expat.ErrorString(error.code) or "it is no XML"
    return BrokenPart(f"it is broken XML, at line {error.lineno}, column {error.offset + 1}: {said}")


def as_utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same text in UTF-8, without a byte order mark; UTF-8 itself is passed on as it is.

    Raises:
        BrokenPart: it is in an encoding that no part of a workbook may have.
    """
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        if b">" in head or len(head) > _MOST_DECLARATION_BYTES:
            break
    rest = chain((head,), source)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return _without_mark(rest, mark) if encoding == "utf-8" else _decoded(rest, encoding)
    declared = _declared_encoding(head)
    if declared.lower() not in _UTF8:
        raise BrokenPart(f"it is written in {declared[:40]!r}, and only UTF-8 and UTF-16 are allowed")
    return rest


def _declared_encoding(head: bytes) -> str:
    if not head.startswith(b"<?xml"):
        return "utf-8"
    declaration = head.partition(b"?>")[0].replace(b"'", b'"').decode("latin-1")
    return declaration.partition("encoding")[2].partition('"')[2].partition('"')[0] or "utf-8"


def _without_mark(chunks: Iterator[bytes], mark: bytes) -> Iterator[bytes]:
    yield next(chunks).removeprefix(mark)
    yield from chunks


def _decoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    is_first = True
    try:
        for chunk in chunks:
            text = decoder.decode(chunk)
            if is_first and text:
                text, is_first = _renamed(text.removeprefix("\ufeff")), False
            yield text.encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        raise BrokenPart(f"it holds bytes that are no {encoding}") from None


def _renamed(text: str) -> str:
    """The text whose declaration, where it has one, names the encoding that it has now."""
    if not text.startswith("<?xml"):
        return text
    declaration, end, rest = text.partition("?>")
    return (
        '<?xml version="1.0" encoding="UTF-8"'
        + (' standalone="yes"' if "standalone" in declaration else "")
        + end
        + rest
    )
