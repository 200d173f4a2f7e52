"""XML shown to a patcher that only looks: at half the price of patching."""

from __future__ import annotations

from collections.abc import Iterable

from .patching import Patcher
from .problems import BrokenPart
from .xml_parser import MOST_DEPTH, Tags, as_utf8, new_parser, parse

#: Expat tells a text in pieces of 8 KiB.
_MOST_PIECES = 512


def walk(chunks: Iterable[bytes], patcher: Patcher) -> None:
    """Ask a patcher about each element, as `patch` does, and change nothing.

    Raises:
        BrokenPart: it is no XML that a workbook may hold.
    """
    tags = Tags()
    open_tags: list[str] = []
    #: The text of the innermost element, where the patcher takes it.
    taken: list[str] | None = None

    def start(name: str, attributes: list[str]) -> None:
        nonlocal taken
        if len(open_tags) >= MOST_DEPTH:
            raise BrokenPart("it has more elements in one another than any program writes")
        tag, pairs = tags[name], iter(attributes)
        open_tags.append(tag)
        patcher.start(tag, {tags[key]: value for key, value in zip(pairs, pairs, strict=True)})
        taken = [] if patcher.takes_text(tag) else None

    def text(more: str) -> None:
        if taken is None:
            return
        if len(taken) >= _MOST_PIECES:
            raise BrokenPart("it has a longer text than any program writes")
        taken.append(more)

    def end(_name: str) -> None:
        nonlocal taken
        tag = open_tags.pop()
        if taken is not None:
            patcher.text(tag, "".join(taken))
            taken = None
        patcher.end(tag)

    parser = new_parser()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    for _ in parse(parser, as_utf8(chunks)):
        pass
