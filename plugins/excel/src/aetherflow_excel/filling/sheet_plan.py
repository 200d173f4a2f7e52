"""What is done to one sheet: the rectangles of its regions, checked against what is there, with their formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aetherflow.kernel.api import StepError

from ..grid.cells import CellRange, cell_name
from ..moving.moves import Moves
from ..rows.cells import CellPlan, render_cells, row_slices
from ..rows.planning import plan_cells
from ..rows.rules import ValueRules
from ..rows.styles import StyleSheet
from ..workbook.book import Sheet
from ..workbook.tables import Table
from .blocks import Block, Render, Styles, runs_of
from .regions import Region
from .sheet_filling import SheetChanges
from .survey import SheetSurvey

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class PlacedRegion:
    """A region with its rectangles on the sheet as it will be; null for those that it does not have."""

    region: Region
    header: CellRange | None
    data: CellRange | None

    @property
    def rectangles(self) -> Iterator[CellRange]:
        """What is written."""
        return (cells for cells in (self.header, self.data) if cells is not None)

    @property
    def start_cell(self) -> str:
        """The first cell that is written, or would be if there were rows."""
        first = next(self.rectangles, None)
        row = first.first_row if first else self.region.top_row
        return cell_name(row, self.region.first_column)


def place_region(region: Region, moves: Moves) -> PlacedRegion:
    """Where a region's header and data are when all new rows are there."""
    rows_now = moves.of(region.sheet.name)
    is_first_new = region.is_header_inserted or (region.is_inserted and not region.has_header_row)
    top = rows_now.row_at_data(region.top_row) if is_first_new else rows_now.row(region.top_row)
    data_row = top + region.has_header_row
    columns = region.first_column, region.last_column
    rows = region.filling.row_count
    header = CellRange(top, columns[0], top, columns[1]) if region.is_header_written else None
    is_empty = not rows or not region.column_count
    data = None if is_empty else CellRange(data_row, columns[0], data_row + rows - 1, columns[1])
    return PlacedRegion(region, header, data)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPlan:
    """A sheet, what goes into it, and what was seen of it."""

    sheet: Sheet
    places: Sequence[PlacedRegion]
    moves: Moves
    survey: SheetSurvey
    is_new: bool = False

    def moved_row(self, row: int) -> int:
        """Where a row of the template is."""
        return self.moves.row(self.sheet.name, row)

    def check(self, tables: Sequence[Table]) -> None:
        """Hold what is written against what is in its way.

        Raises:
            StepError: it would be hidden, or break what can't be changed in part.
        """
        for place in self.places:
            for cells in place.rectangles:
                for seen, what, mend in (
                    (self.survey.merged, "merged cells", "unmerge them in the template, or fill beside them"),
                    (self.survey.arrays, "an array formula", "fill beside it: its cells can't be changed one by one"),
                ):
                    if (found := self._first_met(seen, cells)) is not None:
                        raise self._in_the_way(place, f"{what} in {found}", mend)
            for table in tables:
                self._check_table(place, table)

    def _check_table(self, place: PlacedRegion, table: Table) -> None:
        cells = self.moved(table.range)
        top = replace(cells, last_row=cells.first_row + table.header_rows - 1)
        totals = replace(cells, first_row=cells.last_row - table.totals_rows + 1)
        for part, count, what, mend in (
            (top, table.header_rows, "header", "a table's columns have the names of its header: header_mode: template"),
            (totals, table.totals_rows, "totals", "use insert: below, so that the table grows"),
        ):
            if count and any(part.meets(written) for written in place.rectangles):
                raise self._in_the_way(place, f"the {what} of the table {table.name} in {part}", mend)

    def _first_met(self, seen: Iterable[CellRange], cells: CellRange) -> CellRange | None:
        return next((found for found in seen if not found.is_single_cell and self.moved(found).meets(cells)), None)

    def moved(self, cells: CellRange) -> CellRange:
        """Where a range of the template is."""
        first, last = self.moved_row(cells.first_row), self.moved_row(cells.last_row)
        return CellRange(first, cells.first_column, last, cells.last_column)

    def _in_the_way(self, place: PlacedRegion, what: str, mend: str) -> StepError:
        return StepError(
            f"target {place.region.target.name!r}: on the sheet {self.sheet.name!r}, {what} would be written over",
            code="AF-EXCEL-IN-THE-WAY",
            help=mend,
        )

    def changes(self, styles: StyleSheet, *, counts_from_1904: bool) -> SheetChanges:
        """What is written, emptied and removed."""
        blocks: list[Block] = []
        emptied: list[CellRange] = []
        removed: list[CellRange] = []
        for place in self.places:
            writer = _BlockWriter(self, place, styles, counts_from_1904=counts_from_1904)
            blocks += writer.blocks()
            emptied += writer.emptied()
            removed += writer.removed()
        return SheetChanges(blocks=blocks, emptied=emptied, removed=removed, prefix=self.survey.prefix)


class _BlockWriter:
    """Makes the blocks of one region."""

    def __init__(self, plan: SheetPlan, place: PlacedRegion, styles: StyleSheet, *, counts_from_1904: bool) -> None:
        self._plan = plan
        self._place = place
        self._region = place.region
        self._target = place.region.target
        self._styles = styles
        self._rules = ValueRules(exact=self._target.exact, counts_from_1904=counts_from_1904)
        self._columns = range(self._region.first_column, self._region.last_column + 1)

    def blocks(self) -> Iterator[Block]:
        """The header and the data, as far as they are written."""
        table = self._region.filling.table
        if self._place.header is not None:
            yield Block(self._place.header, [_header_batch(table.columns)], self._render, [(1, self._header_styles())])
        if self._place.data is not None:
            attributes = self._row_attributes()
            yield Block(self._place.data, table.batches(), self._render, self._data_runs(), attributes)

    def emptied(self) -> Iterator[CellRange]:
        """The anchor and the rest of an old header, where they are cleared."""
        region, target = self._region, self._target
        if target.anchor_clear:
            row = self._plan.moved_row(region.anchor_row)
            is_row = target.anchor_clear_mode == "row"
            first = 1 if is_row else region.first_column
            last = max(self._plan.survey.last_column, 1) if is_row else first + target.anchor_clear_width - 1
            yield CellRange(row, first, row, last)
        if self._place.header is not None and target.header_mode_in_force == "override" and target.header_clear:
            row = self._place.header.first_row
            yield CellRange(row, region.first_column, row, region.first_column + self._old_header_width() - 1)
        if self._is_data_sheet and self._place.data is not None:
            last_row = max(self._plan.moved_row(self._plan.survey.last_row), self._place.data.last_row)
            yield CellRange(self._place.data.first_row, region.first_column, last_row, region.last_column)

    def removed(self) -> Iterator[CellRange]:
        """The style row, where it is cleared."""
        row = self._region.style_row
        if row is not None and self._target.clear_style_row:
            now = self._plan.moved_row(row)
            yield CellRange(now, self._region.first_column, now, self._region.last_column)

    @property
    def _is_data_sheet(self) -> bool:
        return self._region.filling.new_sheet is not None

    def _old_header_width(self) -> int:
        if self._target.header_clear_width is not None:
            return self._target.header_clear_width
        look = self._plan.survey.rows.get(self._region.top_row)
        column = self._region.first_column
        while look is not None and column in look.filled:
            column += 1
        return max(column - self._region.first_column, 1)

    def _row_attributes(self) -> str:
        region = self._region
        row = region.style_row
        if row is None or not region.is_inserted or not self._copies_to("data"):
            return ""
        return " ".join(f'{name}="{value}"' for name, value in self._plan.survey.row_look(row).items())

    def _copies_to(self, what: str) -> bool:
        return self._target.style_mode == "copy_row" and self._target.style_apply in (what, "both")

    def _styles_at(self, row: int) -> Styles:
        return tuple(self._plan.survey.style_at(row, column) for column in self._columns)

    def _header_styles(self) -> Styles:
        region, row = self._region, self._region.style_row
        if row is not None and (self._target.header_style == "style_row" or self._copies_to("header")):
            return self._styles_at(row)
        if self._plan.is_new and getattr(self._target, "header_bold", False):
            return tuple(self._styles.with_bold(0) for _ in self._columns)
        is_new_row = region.is_header_inserted and not region.has_template_header
        return self._new_row_styles() if is_new_row else self._styles_at(region.top_row)

    def _new_row_styles(self) -> Styles:
        return tuple(self._plan.survey.column_style(column) for column in self._columns)

    def _data_runs(self) -> list[tuple[int, Styles]]:
        """The formats of the data's rows: the style row's, else those of the cells that are replaced."""
        row, data = self._region.style_row, self._place.data
        if data is None:
            return []
        if row is not None and self._copies_to("data"):
            return [(data.row_count, self._styles_at(row))]
        return runs_of(self._template_rows(data))

    def _template_rows(self, data: CellRange) -> Iterator[tuple[int, Styles]]:
        row, plain = data.first_row, self._new_row_styles()
        if not self._region.is_inserted:
            for known in sorted(self._plan.survey.rows):
                now = self._plan.moved_row(known)
                if row <= now <= data.last_row:
                    yield now - row, plain
                    yield 1, self._styles_at(known)
                    row = now + 1
        yield data.last_row - row + 1, plain

    @property
    def _render(self) -> Render:
        plan_of: dict[Styles, CellPlan] = {}
        first_column, prefix = self._region.first_column, self._plan.survey.prefix

        def render(batch: pa.RecordBatch, first_row: int, styles: Styles) -> Iterator[pa.Array]:
            plan = plan_of.get(styles)
            if plan is None:
                plan = plan_cells(batch.schema, styles, self._styles, rules=self._rules, prefix=prefix)
                plan_of[styles] = plan
            for piece in row_slices(batch):
                yield render_cells(piece, first_row, first_column, plan)
                first_row += piece.num_rows

        return render


def _header_batch(columns: Sequence[str]) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.array([name]) for name in columns], names=list(columns))


def wanted_rows(place: PlacedRegion) -> list[range]:
    """The rows of the template whose cells have to be looked at before a region is filled."""
    region = place.region
    rows = [range(region.top_row, region.top_row + 1)]
    if region.style_row is not None:
        rows.append(range(region.style_row, region.style_row + 1))
    if not region.is_inserted and place.data is not None:
        rows.append(range(region.top_row, region.top_row + 1 + place.data.row_count))
    return rows
