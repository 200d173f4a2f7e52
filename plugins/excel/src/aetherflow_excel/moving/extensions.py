"""What newer programs put into worksheets as extensions: the known ones are moved, unknown references are refused."""

from __future__ import annotations

from collections.abc import Mapping

from .areas import Areas
from .insertions import Kind
from .moves import Moves, Standing
from .problems import immovable
from .survey import BLOCKS

_FORMULA_NAMES = frozenset({"f", "formula"})
_CELL_NAMES = frozenset({"ref", "sqref"})


class Extensions:
    """Told of each element of a worksheet that is none of the format's own."""

    def __init__(self, moves: Moves, sheet: str, areas: Areas) -> None:
        self._moves = moves
        self._sheet = sheet
        self._areas = areas
        self._depth = 0
        #: The known element whose formulas are no rule's: sparklines' dates, and what an add-in is bound to.
        self._other = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if tag == "main:ext":
            self._depth += 1
        elif tag in BLOCKS:
            self._areas.start_block(tag)
        elif tag in {"x14:sparklineGroup", "x15:webExtension"}:
            self._other = tag
        elif self._depth:
            for name, value in attributes.items():
                self._check(tag, name, value)

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "main:ext":
            self._depth -= 1
        elif tag in BLOCKS:
            self._areas.end_block()
        elif tag == self._other:
            self._other = ""

    def takes_text(self, tag: str) -> bool:
        """Whether an element's text may tell cells."""
        return bool(self._depth) and _local(tag) in _FORMULA_NAMES | _CELL_NAMES

    def text(self, tag: str, text: str) -> str | None:
        """Its new text."""
        if self._areas.block and tag in {"xm:f", "xm:sqref"}:
            return self._areas.formula(text) if tag == "xm:f" else self._areas.moved_cells(text)
        if tag == "xm:f" and self._other:
            return self._areas.date_axis(text)
        self._check(tag, _local(tag), text)
        return None

    def _check(self, tag: str, name: str, value: str) -> None:
        if name in _FORMULA_NAMES:
            moved = self._moves.formula(value, Kind.AREA, Standing(self._sheet))
        elif name in _CELL_NAMES:
            moved = self._moves.areas(self._sheet, value, Kind.AREA)
        else:
            return
        if moved != value:
            raise immovable(f"sheet {self._sheet!r} has an extension {tag[:120]!r} that refers to cells that move")


def _local(tag: str) -> str:
    return tag.rpartition(":")[2] if not tag.startswith("{") else tag.rpartition("}")[2]
