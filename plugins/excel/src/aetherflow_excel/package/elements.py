"""XML read element by element, for parts that are only looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .problems import BrokenPart
from .xml_parser import MOST_DEPTH, Tags, as_utf8, new_parser, parse, too_deep

#: Expat tells a text in pieces of 8 KiB.
_MOST_PIECES = 512
#: An element that has ended: its tag, its attributes, and the text in it that stands behind the elements in it.
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
    tags = Tags()

    def start(name: str, attributes: list[str]) -> None:
        if len(open_elements) >= MOST_DEPTH:
            raise too_deep()
        if open_elements:
            open_elements[-1][2].clear()
        open_elements.append((name, attributes, []))

    def text(more: str) -> None:
        texts = open_elements[-1][2]
        if len(texts) >= _MOST_PIECES:
            raise BrokenPart("it has a longer text than any program writes")
        texts.append(more)

    def end(_name: str) -> None:
        name, flat, texts = open_elements.pop()
        attributes = {tags[flat[index]]: flat[index + 1] for index in range(0, len(flat), 2)}
        ended.append((tags[name], attributes, "".join(texts)))

    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    for _ in parse(parser, as_utf8(chunks)):
        yield from ended
        ended.clear()
