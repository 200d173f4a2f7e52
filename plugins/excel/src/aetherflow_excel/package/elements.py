"""XML read element by element, for parts that are only looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.parsers import expat

from .namespaces import tag_of
from .xml_parser import as_utf8, new_parser, reason

#: An element that has ended: its tag, its attributes, and the text directly in it.
Element = tuple[str, dict[str, str], str]


def read_elements(chunks: Iterable[bytes]) -> Iterator[Element]:
    """The elements of a part, each when it ends: what is in it comes before it.

    Raises:
        BrokenPart: it is no XML that a workbook may hold.
    """
    parser = new_parser()
    parser.buffer_text = True
    ended: list[Element] = []
    open_elements: list[tuple[str, list[str], list[str]]] = []

    def start(name: str, attributes: list[str]) -> None:
        open_elements.append((name, attributes, []))

    def text(more: str) -> None:
        open_elements[-1][2].append(more)

    def end(_name: str) -> None:
        name, flat, texts = open_elements.pop()
        attributes = {tag_of(flat[index]): flat[index + 1] for index in range(0, len(flat), 2)}
        ended.append((tag_of(name), attributes, "".join(texts)))

    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    try:
        for chunk in as_utf8(chunks):
            parser.Parse(chunk, False)  # noqa: FBT003 - expat's own
            yield from ended
            ended.clear()
        parser.Parse(b"", True)  # noqa: FBT003 - expat's own
    except expat.ExpatError as error:
        raise reason(error) from None
    yield from ended
