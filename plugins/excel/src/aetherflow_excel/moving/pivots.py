"""Pivot tables: where they stand, and where the data that they sum up comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..package.elements import read_elements
from ..package.patching import Edit
from .insertions import Kind
from .moves import Moves
from .numbers import cell_range, whole_number
from .problems import immovable
from .rules import RulesPatcher, changed

_SOURCES = ("main:worksheetSource", "main:rangeSet")


class PivotTablePatcher(RulesPatcher):
    """Moves a pivot table, which rows can't be inserted into."""

    def __init__(self, moves: Moves, sheet: str | None) -> None:
        super().__init__()
        self._moves = moves
        self._sheet = sheet
        self._name = ""
        self.starts["main:pivotTableDefinition"] = self._start_table
        self.starts["main:location"] = self._start_location

    def _start_table(self, attributes: Mapping[str, str]) -> Edit | None:
        self._name = attributes.get("name", "")
        return None

    def _start_location(self, attributes: Mapping[str, str]) -> Edit | None:
        cells = cell_range(attributes.get("ref", ""))
        filters = whole_number(attributes.get("rowPageCount", "0"))
        # Its filters stand above it, with an empty row between.
        first = max(1, cells.first_row - filters - 1) if filters else cells.first_row
        if self._moves.of(self._sheet).is_cut(first, cells.last_row):
            raise immovable(f"they would come into the pivot table {self._name[:80]!r} of sheet {self._sheet!r}")
        return changed(attributes, {"ref": self._moves.areas(self._sheet, attributes.get("ref", ""), Kind.OBJECT)})


def pivot_cache_patcher(moves: Moves, chunks: Iterable[bytes]) -> PivotCachePatcher:
    """The patcher of what a pivot table has remembered; where its data comes from is looked up first."""
    is_fed = any(_is_fed(moves, attributes) for tag, attributes, _ in read_elements(chunks) if tag in _SOURCES)
    return PivotCachePatcher(moves, is_fed=is_fed)


def _is_fed(moves: Moves, source: Mapping[str, str]) -> bool:
    """Whether a source may be where data is filled in; a name or a table tells nothing, and is taken to be."""
    if "r:id" in source:
        return False
    return moves.fills(source["sheet"]) if "sheet" in source else "name" in source


class PivotCachePatcher(RulesPatcher):
    """Moves the ranges that data comes from, and has it read anew when the workbook is opened."""

    def __init__(self, moves: Moves, *, is_fed: bool) -> None:
        super().__init__()
        self._moves = moves
        self._is_fed = is_fed
        self.starts["main:pivotCacheDefinition"] = self._start_definition
        self.starts.update(dict.fromkeys(_SOURCES, self._start_source))

    def _start_definition(self, attributes: Mapping[str, str]) -> Edit | None:
        is_read_anyway = attributes.get("refreshOnLoad") in {"1", "true"}
        return Edit({"refreshOnLoad": "1"}) if self._is_fed and not is_read_anyway else None

    def _start_source(self, attributes: Mapping[str, str]) -> Edit | None:
        if "ref" not in attributes or "r:id" in attributes:
            return None
        return changed(attributes, {"ref": self._moves.areas(attributes.get("sheet"), attributes["ref"], Kind.TABLE)})
