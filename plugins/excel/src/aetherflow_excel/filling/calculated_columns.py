"""Columns of tables that are computed: rows that come into such a table get its formula, as spreadsheet programs do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from ..grid.cells import CellRange, cell_name
from ..moving.insertions import Kind
from ..moving.moves import Standing
from ..moving.references import with_table
from ..moving.shared_formulas import translated
from ..workbook.tables import Table
from .blocks import Block, Render, Styles
from .sheet_plan import PlacedRegion, SheetPlan

if TYPE_CHECKING:
    import pyarrow as pa

#: So many rows are made at a time.
_ROWS_AT_ONCE = 2048


def calculated_blocks(plan: SheetPlan) -> Iterator[Block]:
    """The cells with formulas beside the rows that are inserted into tables."""
    for table in plan.tables:
        cells = plan.moves.range(plan.sheet.name, table.range, Kind.TABLE if table.header_rows else Kind.AREA)
        longest: dict[int, PlacedRegion] = {}
        for place in sorted(plan.places, key=lambda place: place.region.filling.row_count):
            if place.region.is_inserted and place.data is not None and place.data.meets(cells):
                longest[place.data.first_row] = place
        for place in longest.values():
            yield from _beside(plan, place, table, cells.first_row + table.header_rows)


def _beside(plan: SheetPlan, place: PlacedRegion, table: Table, first_row: int) -> Iterator[Block]:
    rows = place.data
    if rows is None:
        return
    for column, formula in enumerate(table.formulas, table.range.first_column):
        cells = CellRange(rows.first_row, column, rows.last_row, column)
        is_written = any(cells.meets(written) for other in plan.places for written in other.rectangles)
        if formula and not is_written:
            base = (table.range.first_row + table.header_rows, first_row)
            moved = plan.moves.formula(
                with_table(formula, table.name), Kind.FORMULA, Standing(plan.sheet.name, base=base)
            )
            styles = (_style(plan, place, column),)
            yield Block(
                cells,
                _empty_rows(cells.row_count),
                _renderer(moved, first_row, column, plan),
                [(cells.row_count, styles)],
            )


def _style(plan: SheetPlan, place: PlacedRegion, column: int) -> int | None:
    row = place.region.style_row
    is_copied = row is not None and place.region.target.style_mode == "copy_row"
    return plan.survey.style_at(row, column) if is_copied and row is not None else plan.survey.column_style(column)


def _renderer(formula: str, first_row: int, column: int, plan: SheetPlan) -> Render:
    """The formula is told for `first_row`."""
    prefix = plan.survey.prefix

    def render(batch: pa.RecordBatch, row: int, styles: Styles) -> Iterator[pa.Array]:
        import pyarrow as pa

        style = "" if styles[0] is None else f' s="{styles[0]}"'
        yield pa.array(
            f'<{prefix}c r="{cell_name(each, column)}"{style}>'
            f"<{prefix}f>{escape(translated(formula, each - first_row, 0))}</{prefix}f></{prefix}c>"
            for each in range(row, row + batch.num_rows)
        )

    return render


def _empty_rows(count: int) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for first in range(0, count, _ROWS_AT_ONCE):
        yield pa.RecordBatch.from_arrays([pa.nulls(min(_ROWS_AT_ONCE, count - first))], names=["formula"])
