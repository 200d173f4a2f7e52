"""Charts: what they show, and what they have remembered of it."""

from __future__ import annotations

from collections.abc import Mapping

from ..package.patching import Edit
from .insertions import Kind
from .moves import Moves, Standing
from .rules import RulesPatcher

_FORMULAS = ("c:f", "c15:f", "c15:sqref", "cx:f", "cx:nf")
#: What stands around a formula and its remembered values.
_REFERENCES = ("c:numRef", "c:strRef", "c:multiLvlStrRef", "c15:datalabelsRange", "cx:numDim", "cx:strDim")
_REMEMBERED = ("c:numCache", "c:strCache", "c:multiLvlStrCache", "c15:dlblRangeCache", "cx:lvl")
#: Names of series and titles, which are of one cell and stay so.
_TEXTS = ("c:tx", "c15:tx", "cx:tx")


class ChartPatcher(RulesPatcher):
    """Moves the formulas of a chart, of the older kind or the newer.

    The values that a chart remembers of a range are left out where that range has changed: programs take them
    from the cells, and what only looks into the file must not show old ones.
    """

    def __init__(self, moves: Moves) -> None:
        super().__init__()
        self._moves = moves
        self._texts_open = 0
        self._is_changed = False
        self.texts.update(dict.fromkeys(_FORMULAS, self._formula))
        self.starts.update(dict.fromkeys(_REFERENCES, self._start_reference))
        self.starts.update(dict.fromkeys(_REMEMBERED, self._start_remembered))
        self.starts.update(dict.fromkeys(_TEXTS, self._start_text))
        self.ends.update(dict.fromkeys(_TEXTS, self._end_text))

    def _formula(self, text: str) -> str:
        if self._texts_open:
            return self._moves.formula(text, Kind.FORMULA, Standing())
        new = self._moves.formula(text, Kind.SERIES, Standing())
        self._is_changed |= new != text
        return new

    def _start_reference(self, _attributes: Mapping[str, str]) -> None:
        self._is_changed = False

    def _start_remembered(self, _attributes: Mapping[str, str]) -> Edit | None:
        return Edit(drop=True) if self._is_changed else None

    def _start_text(self, _attributes: Mapping[str, str]) -> None:
        self._texts_open += 1
        self._is_changed = False

    def _end_text(self) -> None:
        self._texts_open -= 1
