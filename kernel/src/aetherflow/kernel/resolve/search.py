"""Finding any of many texts at once, in time that depends on the text searched and hardly on their number.

Every occurrence of a long text holds, somewhere near its start, a block at a place that is a multiple of
the stride. So only those blocks are looked up, and what is found there is compared in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..quick_dataclasses import dataclass

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Table:
    """Texts of at least `block + stride - 1` characters, by the blocks that start in their first `stride` places."""

    block: int
    stride: int
    entries: dict[str, list[tuple[str, int]]]

    @classmethod
    def of(cls, texts: Iterable[str], *, block: int, stride: int) -> _Table:
        entries: dict[str, list[tuple[str, int]]] = {}
        for text in texts:
            for offset in range(stride):
                entries.setdefault(text[offset : offset + block], []).append((text, offset))
        return cls(block, stride, entries)

    def find(self, text: str) -> Iterator[Span]:
        block, entries = self.block, self.entries
        places = range(0, len(text) - block + 1, self.stride)
        for place in [start for start in places if text[start : start + block] in entries]:
            for wanted, offset in entries[text[place : place + block]]:
                # Before the start there is nothing: a negative place counts from the end, where the text is too short.
                if text.startswith(wanted, place - offset):
                    yield place - offset, place - offset + len(wanted)


class Search:
    """Looks for a fixed set of texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        wanted = set(texts)
        #: The length of the longest text looked for.
        self.longest = max(map(len, wanted), default=0)
        self._tables = tuple(
            _Table.of(chosen, block=block, stride=stride)
            for shortest, end, block, stride in _CLASSES
            if (chosen := [text for text in wanted if shortest <= len(text) < end])
        )

    def spans(self, text: str) -> list[Span]:
        """Where any of the texts stands, in order; those that overlap or touch are one."""
        found = sorted(span for table in self._tables for span in table.find(text))
        merged: list[Span] = []
        for start, end in found:
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged


_UNBOUNDED = 1 << 62
#: Length from and below, block, stride: the block and one stride fit into the shortest text of the class.
_CLASSES = ((1, 4, 1, 1), (4, 8, 3, 2), (8, 16, 4, 5), (16, _UNBOUNDED, 6, 11))
