"""Tables: a range with a header, and perhaps with totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..grid.cells import CellRange
from ..package.patching import Edit
from .insertions import Kind
from .moves import Moves, Standing
from .numbers import cell_range, whole_number
from .rules import RulesPatcher, changed


class TablePatcher(RulesPatcher):
    """Moves a table, its filter and sort order, and the formulas of its columns."""

    def __init__(self, moves: Moves, sheet: str | None) -> None:
        super().__init__()
        self._moves = moves
        self._sheet = sheet
        self._old = self._new = CellRange(1, 1, 1, 1)
        self._header_rows, self._totals_rows = 1, 0
        self.starts["main:table"] = self._start_table
        self.starts["main:autoFilter"] = self._start_filter
        for tag in ("main:sortState", "main:sortCondition"):
            self.attribute_rule(tag, ref=lambda text: moves.areas(sheet, text, Kind.AREA))
        self.texts["main:calculatedColumnFormula"] = self._column_formula
        self.texts["main:totalsRowFormula"] = self._totals_formula

    def _start_table(self, attributes: Mapping[str, str]) -> Edit | None:
        self._header_rows = whole_number(attributes.get("headerRowCount", "1"))
        self._totals_rows = whole_number(attributes.get("totalsRowCount", "0"))
        self._old = cell_range(attributes.get("ref", ""))
        self._new = self._moves.range(self._sheet, self._old, Kind.TABLE if self._header_rows else Kind.AREA)
        if self._new == self._old:
            return None
        # It has rows now, and not only the one that programs show in a table without any.
        shown = {"insertRow": None} if self._new.row_count > self._old.row_count else {}
        return changed(attributes, {"ref": str(self._new), **shown})

    def _start_filter(self, attributes: Mapping[str, str]) -> Edit | None:
        """A filter covers all but the totals, also where the data comes in right above them."""
        if "ref" not in attributes:
            return None
        old = cell_range(attributes.get("ref", ""))
        new = self._moves.range(self._sheet, old, Kind.TABLE)
        if old == replace(self._old, last_row=self._old.last_row - self._totals_rows):
            new = replace(self._new, last_row=self._new.last_row - self._totals_rows)
        return changed(attributes, {"ref": str(new)}) if new != old else None

    def _column_formula(self, text: str) -> str:
        """What a column computes is told for the first row under the header."""
        base = (self._old.first_row + self._header_rows, self._new.first_row + self._header_rows)
        return self._moves.formula(text, Kind.FORMULA, Standing(self._sheet, base=base))

    def _totals_formula(self, text: str) -> str:
        return self._moves.formula(text, Kind.FORMULA, Standing(self._sheet, self._old.last_row))
