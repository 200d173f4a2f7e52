"""Where the rows of each target go: anchors found, rows counted, limits asked, and what moves because of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from aetherflow.kernel.api import StepError

from ..fill_inputs import Target
from ..grid.cells import LAST_COLUMN, LAST_ROW, CellRange, cell_name
from ..moving.insertions import Insertion
from ..rows.sources import Table
from ..workbook.book import Sheet, Workbook
from .places import find_place


@dataclass(frozen=True, slots=True)
class Filling:
    """A target with its rows; their number is known."""

    target: Target
    table: Table
    row_count: int
    #: The sheet to make where it is missing, for data sheets.
    new_sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """A target with its place, in rows of the template."""

    filling: Filling
    sheet: Sheet
    anchor_row: int
    first_column: int
    #: The row of the region's top: its header where it has one, else its first row of data.
    top_row: int
    is_header_written: bool
    has_template_header: bool

    @property
    def target(self) -> Target:
        """What the flow says of it."""
        return self.filling.target

    @property
    def column_count(self) -> int:
        """How many columns it has."""
        return len(self.filling.table.columns)

    @property
    def last_column(self) -> int:
        """Its last column."""
        return self.first_column + max(self.column_count, 1) - 1

    @property
    def is_inserted(self) -> bool:
        """Whether new rows are made for it."""
        return self.target.insert_in_force == "below"

    @property
    def is_header_inserted(self) -> bool:
        """Whether the header stands in a new row, in front of all that the template has there."""
        replaces_header = self.has_template_header and self.target.header_mode_in_force == "override"
        return self.is_inserted and self.is_header_written and not replaces_header

    @property
    def has_header_row(self) -> bool:
        """Whether its first row is a header, the template's or a written one."""
        return self.is_header_written or self.has_template_header

    @property
    def insertion(self) -> Insertion | None:
        """The new rows that it needs, null for none."""
        count = self.filling.row_count + self.is_header_inserted
        if not self.is_inserted or not count:
            return None
        is_below_header = self.has_header_row and not self.is_header_inserted
        before_row = self.top_row + is_below_header
        return Insertion(
            sheet=self.sheet.name,
            before_row=before_row,
            count=count,
            first_column=self.first_column,
            last_column=self.last_column,
            header_row=self.top_row if is_below_header else None,
            is_before_pattern=self.style_row == before_row,
        )

    @property
    def style_row(self) -> int | None:
        """The row of the template whose formats are taken, null for none."""
        target = self.target
        is_wanted = target.style_mode == "copy_row" or target.header_style == "style_row"
        return self.anchor_row + target.style_row_offset if is_wanted else None


def find_region(book: Workbook, filling: Filling) -> Region:
    """The place of a target.

    Raises:
        StepError: there is none, or it can't be filled.
    """
    target = filling.target
    place = find_place(book, target, filling.new_sheet)
    if place.sheet.kind != "worksheet":
        raise StepError(
            f"target {target.name!r}: the sheet {place.sheet.name!r} is no sheet of cells",
            code="AF-EXCEL-ANCHOR",
            help="name a sheet that has cells",
        )
    is_marker = place.found_by == "text" if target.anchor_is_marker is None else target.anchor_is_marker
    has_header = is_marker if target.template_has_header is None else target.template_has_header
    cells = place.range
    header_mode = target.header_mode_in_force
    return Region(
        filling,
        place.sheet,
        anchor_row=cells.first_row,
        first_column=cells.first_column,
        top_row=cells.first_row + is_marker,
        is_header_written=header_mode != "template" and bool(filling.table.columns),
        has_template_header=has_header,
    )


def check_limits(fillings: Iterable[Filling]) -> None:
    """Ask the guards that a flow sets.

    Raises:
        StepError: a target has more rows or columns than it may.
    """
    total = 0
    for filling in fillings:
        target = filling.target
        total += filling.row_count
        for what, found, most in (
            ("rows", filling.row_count, target.max_rows),
            ("rows together with the targets before it", total, target.max_total_rows),
            ("columns", len(filling.table.columns), target.max_cols),
        ):
            if most is not None and found > most:
                raise StepError(
                    f"target {target.name!r} has {found:,} {what}, at most {most:,} are allowed",
                    code="AF-EXCEL-TOO-LARGE",
                    help="raise max_rows, max_total_rows or max_cols, or give less",
                )


def shared_insertions(regions: Sequence[Region]) -> list[Insertion]:
    """The new rows that all regions need: those side by side share theirs.

    An insertion of no rows says that data begins there too, so that what sums it up grows with it.

    Raises:
        StepError: two regions want the same place.
    """
    together: dict[tuple[str, int], list[Insertion]] = defaultdict(list)
    for region in regions:
        if (insertion := region.insertion) is not None:
            together[insertion.sheet, insertion.before_row].append(insertion)
    return [
        insertion
        for insertions in together.values()
        for insertion in (*_sharing_rows(insertions), *_beside(insertions[0], regions))
    ]


def _sharing_rows(insertions: list[Insertion]) -> Iterator[Insertion]:
    for one, other in combinations(insertions, 2):
        if one.first_column <= other.last_column and other.first_column <= one.last_column:
            raise _overlap(one.sheet, cell_name(one.before_row, max(one.first_column, other.first_column)))
    longest = max(insertions, key=lambda insertion: insertion.count)
    for insertion in insertions:
        yield insertion if insertion is longest else replace(insertion, count=0)


def _beside(insertion: Insertion, regions: Iterable[Region]) -> Iterator[Insertion]:
    """Regions that are filled in place, with data from the same row on."""
    for region in regions:
        is_level = region.has_header_row and region.top_row + 1 == insertion.before_row
        if region.sheet.name == insertion.sheet and is_level and not region.is_inserted:
            columns = region.first_column, region.last_column
            yield Insertion(insertion.sheet, insertion.before_row, 0, *columns, header_row=region.top_row)


def check_rectangles(rectangles: Iterable[tuple[str, str, CellRange]]) -> None:
    """Hold the rectangles that are written, each with its target and sheet, against each other and the sheet's end.

    Raises:
        StepError: two of them have a cell in common, or one is larger than a sheet.
    """
    seen: list[tuple[str, str, CellRange]] = []
    for name, sheet, cells in rectangles:
        if cells.last_row > LAST_ROW or cells.last_column > LAST_COLUMN:
            raise StepError(
                f"target {name!r} would reach {cell_name(cells.last_row, cells.last_column)} on {sheet!r}, and a sheet "
                f"ends at {cell_name(LAST_ROW, LAST_COLUMN)}",
                code="AF-EXCEL-TOO-LARGE",
                help="give less, or divide it among several sheets",
            )
        for _, other_sheet, other in seen:
            if other_sheet == sheet and cells.meets(other):
                raise _overlap(
                    sheet, cell_name(max(cells.first_row, other.first_row), max(cells.first_column, other.first_column))
                )
        seen.append((name, sheet, cells))


def _overlap(sheet: str, cell: str) -> StepError:
    return StepError(
        f"two targets would write to the same cells of {sheet!r}, from {cell} on",
        code="AF-EXCEL-OVERLAP",
        help="give them other anchors, or insert: below to both",
    )
