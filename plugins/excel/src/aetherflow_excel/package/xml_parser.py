"""XML from outside: parsed by expat, without document types and entities of its own."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain
from xml.parsers import expat

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
    return parser


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
