"""Drawings: charts, pictures and shapes hang at cells, and shapes may show what a cell says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..package.patching import Edit, patch
from .anchors import AnchorMover, AnchorReader
from .insertions import Kind
from .moves import Moves, Standing
from .rules import RulesPatcher


def drawing_patcher(moves: Moves, sheet: str | None, chunks: Iterable[bytes]) -> DrawingPatcher:
    """The patcher of a drawing; where it hangs is looked up in the drawing first."""
    reader = AnchorReader()
    for _ in patch(chunks, reader):
        pass
    return DrawingPatcher(moves, sheet, AnchorMover(reader.anchors, moves.of(sheet)))


class DrawingPatcher(RulesPatcher):
    """Moves the anchors of a drawing, and the cells that its shapes and pictures show."""

    def __init__(self, moves: Moves, sheet: str | None, anchors: AnchorMover | None = None) -> None:
        super().__init__()
        self._anchors = anchors

        def formula(text: str) -> str:
            return moves.formula(text, Kind.FORMULA, Standing(sheet))

        for tag in ("xdr:sp", "cdr:sp"):
            self.attribute_rule(tag, textlink=formula)
        self.attribute_rule("a14:cameraTool", cellRange=formula)

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        if self._anchors is not None:
            self._anchors.start(tag, attributes)
        return super().start(tag, attributes)

    def takes_text(self, tag: str) -> bool:
        return self._anchors is not None and self._anchors.takes_text(tag)

    def text(self, tag: str, text: str) -> str | None:
        return None if self._anchors is None else self._anchors.text(tag, text)
