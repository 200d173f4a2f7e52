"""What is done to one sheet: the rectangles of its regions, checked against what is there, with their formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from aetherflow.kernel.api import StepError

from ..grid.cells import CellRange, cell_name
from ..moving.moves import Moves
from ..workbook.book import Sheet
from ..workbook.tables import Table
from .regions import Region
from .survey import SheetSurvey


@dataclass(frozen=True, slots=True)
class PlacedRegion:
    """A region with its rectangles on the sheet as it will be; null for those that it does not have."""

    region: Region
    header: CellRange | None
    data: CellRange | None
    #: Where data begins, or would.
    data_row: int

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
    return PlacedRegion(region, header, data, data_row)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPlan:
    """A sheet, what goes into it, and what was seen of it."""

    sheet: Sheet
    places: Sequence[PlacedRegion]
    moves: Moves
    survey: SheetSurvey
    tables: Sequence[Table] = ()
    is_new: bool = False

    def moved_row(self, row: int) -> int:
        """Where a row of the template is."""
        return self.moves.row(self.sheet.name, row)

    def check(self) -> None:
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
            for table in self.tables:
                self._check_table(place, table)
            self._check_reach(place)

    def _check_reach(self, place: PlacedRegion) -> None:
        """Rows that are written over must not move away from what is written, or old values would stand below new."""
        region, data = place.region, place.data
        if region.is_inserted or data is None:
            return
        rows = range(region.top_row + region.has_header_row, region.top_row + region.has_header_row + data.row_count)
        columns = range(data.first_column, data.last_column + 1)
        for row, look in self.survey.rows.items():
            is_old = row in rows and not look.filled.isdisjoint(columns)
            if is_old and self.moved_row(row) > data.last_row:
                raise StepError(
                    f"target {region.target.name!r} writes over row {row} of the template's sheet {self.sheet.name!r}, "
                    "but rows of another target come in above that row",
                    code="AF-EXCEL-IN-THE-WAY",
                    help="give insert: below to both, or leave no old rows in the template",
                )

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


def wanted_rows(place: PlacedRegion) -> list[range]:
    """The rows of the template whose cells have to be looked at before a region is filled."""
    region = place.region
    rows = [range(region.top_row, region.top_row + 1)]
    if region.style_row is not None:
        rows.append(range(region.style_row, region.style_row + 1))
    if not region.is_inserted and place.data is not None:
        rows.append(range(region.top_row, region.top_row + 1 + place.data.row_count))
    return rows
