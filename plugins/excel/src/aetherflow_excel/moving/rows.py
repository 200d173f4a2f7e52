"""Where the rows of one sheet are after insertions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

from ..grid.cells import LAST_ROW, CellRange
from .insertions import Insertion, Kind
from .problems import immovable


class SheetRows:
    """The insertions into one sheet, and what they do to rows and ranges; all that comes in is the template's."""

    def __init__(self, sheet: str, insertions: Iterable[Insertion] = ()) -> None:
        self.sheet = sheet
        self.insertions = tuple(insertions)
        counts: dict[int, int] = {}
        for insertion in sorted(self.insertions, key=lambda each: each.before_row):
            counts[insertion.before_row] = counts.get(insertion.before_row, 0) + insertion.count
        self._befores = [before for before, count in counts.items() if count]
        self._totals = [0, *accumulate(counts[before] for before in self._befores)]

    def __bool__(self) -> bool:
        return bool(self._befores)

    def reaches(self, row: int) -> bool:
        """Whether anything that ends in a row may change: it does not where that row is far enough above."""
        return bool(self._befores) and row >= self._befores[0] - 1

    def row(self, row: int) -> int:
        """Where a row is.

        Raises:
            StepError: it would be below the last row of a sheet.
        """
        moved = row + self._totals[bisect_right(self._befores, row)]
        if moved > LAST_ROW:
            raise immovable(
                f"row {row:,} of sheet {self.sheet!r} would become row {moved:,}, and a sheet ends at {LAST_ROW:,}",
                help="insert fewer rows",
            )
        return moved

    def row_at_data(self, row: int) -> int:
        """Where data that comes in front of a row begins."""
        return row + self._totals[bisect_left(self._befores, row)]

    def data_ranges(self) -> Iterable[CellRange]:
        """Where the new rows' data stands; at the same row, over all of their new rows."""
        for each in self.insertions:
            if each.count:
                first, last = self.row_at_data(each.before_row), self.row(each.before_row) - 1
                yield CellRange(first, each.first_column, last, each.last_column)

    def is_cut(self, first: int, last: int) -> bool:
        """Whether rows come between two rows."""
        return bisect_right(self._befores, first) != bisect_right(self._befores, last)

    def range(self, cells: CellRange, kind: Kind, *, may_grow_up: bool = True) -> CellRange:
        """Where a range is, by the kind of what refers to it.

        Raises:
            StepError: it would begin below the last row of a sheet.
        """
        if not self or (cells.first_row, cells.last_row) == (1, LAST_ROW):
            return cells
        if kind is Kind.ANCHOR and cells.is_single_cell:
            row = self.row_at_data(cells.first_row)
            return CellRange(row, cells.first_column, row, cells.last_column)
        stays = may_grow_up and (
            (_can_grow_up(cells, kind) and self._is_over_data(cells))
            or (kind is Kind.FORMULA and self._is_over_pattern(cells))
        )
        first = self.row_at_data(cells.first_row) if stays else self.row(cells.first_row)
        return CellRange(first, cells.first_column, self._last_row(cells, kind), cells.last_column)

    def _last_row(self, cells: CellRange, kind: Kind) -> int:
        if cells.last_row == LAST_ROW:
            return LAST_ROW
        if (kind is Kind.FORMULA or kind is Kind.TABLE) and self._is_header(cells):
            return self.row(cells.last_row + 1) - 1
        moved = cells.last_row + self._totals[bisect_right(self._befores, cells.last_row)]
        return min(moved, LAST_ROW) if cells.first_row < cells.last_row else self.row(cells.last_row)

    def _is_over_data(self, cells: CellRange) -> bool:
        return any(each.before_row == cells.first_row and _shares_columns(each, cells) for each in self.insertions)

    def _is_over_pattern(self, cells: CellRange) -> bool:
        return any(
            each.is_before_pattern and each.before_row == cells.first_row and _shares_columns(each, cells)
            for each in self.insertions
        )

    def _is_header(self, cells: CellRange) -> bool:
        return cells.first_row == cells.last_row and any(
            each.header_row == cells.last_row == each.before_row - 1 and _shares_columns(each, cells)
            for each in self.insertions
        )


def _shares_columns(insertion: Insertion, cells: CellRange) -> bool:
    return insertion.first_column <= cells.last_column and cells.first_column <= insertion.last_column


def _can_grow_up(cells: CellRange, kind: Kind) -> bool:
    """Whether a range that begins where data comes in belongs to that data."""
    if kind is Kind.TABLE or kind is Kind.OBJECT:
        return False
    if kind is Kind.AREA or cells.row_count > 1:
        return True
    return not cells.is_single_cell if kind is Kind.NAME or kind is Kind.ANCHOR else cells.column_count == 1
