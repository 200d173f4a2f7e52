"""Where drawings and controls hang: cells that their corners stand in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..package.patching import Edit, Patcher
from .numbers import whole_number
from .rows import SheetRows

_ANCHORS = frozenset({"xdr:twoCellAnchor", "xdr:oneCellAnchor", "main:anchor"})
_TRUE = frozenset({"1", "true"})


@dataclass(slots=True)
class Anchor:
    """Where one object hangs; rows are counted from 0, as files do here."""

    moves: bool
    sizes: bool
    first_row: int = 0
    last_row: int = 0
    #: Whether it ends at the upper edge of its last row, and so does not reach into it.
    ends_at_edge: bool = False

    def moved(self, rows: SheetRows) -> tuple[int, int]:
        """The first and the last row now."""
        if not self.moves:
            return self.first_row, self.last_row
        first = rows.row(self.first_row + 1) - 1
        if not self.sizes or self.last_row < self.first_row:
            return first, self.last_row + first - self.first_row
        if self.ends_at_edge and self.last_row > self.first_row:
            return first, rows.row(self.last_row)  # It ends at the upper edge of that row.
        return first, rows.row(self.last_row + 1) - 1


def anchor_of(tag: str, attributes: Mapping[str, str]) -> Anchor | None:
    """The anchor that an element begins, before its corners are known."""
    if tag not in _ANCHORS:
        return None
    if tag == "main:anchor":
        moves, sizes = (attributes.get(name) in _TRUE for name in ("moveWithCells", "sizeWithCells"))
        return Anchor(moves or sizes, sizes)
    how = attributes.get("editAs", "twoCell") if tag == "xdr:twoCellAnchor" else "oneCell"
    return Anchor(how != "absolute", how == "twoCell")


class AnchorReader(Patcher):
    """Finds the anchors of a part, in their order; changes nothing."""

    def __init__(self) -> None:
        self.anchors: list[Anchor] = []
        self._corner = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        anchor = anchor_of(tag, attributes)
        if anchor is not None:
            self.anchors.append(anchor)
        elif tag.endswith((":from", ":to")):
            self._corner = tag.rpartition(":")[2]
        return None

    def takes_text(self, tag: str) -> bool:
        return tag in {"xdr:row", "xdr:rowOff"} and bool(self.anchors)

    def text(self, tag: str, text: str) -> str | None:
        anchor = self.anchors[-1]
        if tag == "xdr:rowOff":
            if self._corner == "to":
                anchor.ends_at_edge = text.strip() == "0"
        elif self._corner == "from":
            anchor.first_row = whole_number(text)
        else:
            anchor.last_row = whole_number(text)
        return None


class AnchorMover(Patcher):
    """Moves the anchors that a reader found."""

    def __init__(self, anchors: Iterable[Anchor], rows: SheetRows) -> None:
        self._moved = iter([anchor.moved(rows) for anchor in anchors] if rows else ())
        self._now: tuple[int, int] | None = None
        self._is_lower = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        if tag in _ANCHORS:
            self._now = next(self._moved, None)
        elif tag.endswith((":from", ":to")):
            self._is_lower = tag.endswith(":to")
        return None

    def takes_text(self, tag: str) -> bool:
        return tag == "xdr:row" and self._now is not None

    def text(self, tag: str, text: str) -> str | None:
        return None if self._now is None else str(self._now[self._is_lower])
