"""Tables whose rows are written over and go on below them: they take the new rows in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ..grid.cells import CellRange
from ..package.patching import Edit, Patcher
from ..workbook.tables import Table
from .sheet_plan import SheetPlan


def grown_tables(plan: SheetPlan, tables: Iterable[Table]) -> Iterator[tuple[Table, CellRange]]:
    """The tables that rows are written into that end below them, each with the cells that it has then.

    Not those with totals: what stands in the way there was refused before.
    """
    for table in tables:
        cells = plan.moved(table.range)
        ends = [
            place.data.last_row
            for place in plan.places
            if place.data is not None and not place.region.is_inserted and _is_fed(cells, place.data)
        ]
        if ends and max(ends) > cells.last_row and not table.totals_rows:
            yield table, replace(cells, last_row=max(ends))


def _is_fed(table: CellRange, data: CellRange) -> bool:
    """Whether rows begin inside a table, in columns that are all its own."""
    is_inside = table.first_column <= data.first_column and data.last_column <= table.last_column
    return is_inside and table.first_row <= data.first_row <= table.last_row


class TableGrowth(Patcher):
    """The part of a table, which ends further below."""

    def __init__(self, cells: CellRange) -> None:
        self._cells = cells

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        """Change the range of the table and of its filter."""
        return Edit({"ref": str(self._cells)}) if tag in ("main:table", "main:autoFilter") else None
