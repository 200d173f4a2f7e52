"""Which cells a flow means: a sheet, a range, a defined name or a table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aetherflow.kernel.api import StepError

from ..grid.cells import LAST_ROW, CellRange
from ..read_inputs import ExcelReadInputs
from ..workbook.anchors import find_name, split_sheet
from ..workbook.book import Sheet, Workbook
from ..workbook.tables import Table, tables_of

_OPEN_RANGE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{0,7}):\$?([A-Za-z]{1,3})")
_MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class Naming:
    """Where the columns' names come from: a row, the first one where it is null; else `names`, else their letters."""

    has_header: bool = True
    row: int | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Cells of a sheet; where they are null, all that are used.

    `is_open_above` and `is_open_below` say that the first and the last row are those that are used.
    """

    sheet: Sheet
    naming: Naming
    cells: CellRange | None = None
    is_open_above: bool = False
    is_open_below: bool = False

    def within(self, used: CellRange | None) -> CellRange | None:
        """The cells themselves, now that it is known which ones are used; null where there are none."""
        if self.cells is None:
            return used
        first = used.first_row if self.is_open_above and used else self.cells.first_row
        last = (used.last_row if used else 0) if self.is_open_below else self.cells.last_row
        first = max(first, self.cells.first_row)
        if last < first:
            return None
        return CellRange(first, self.cells.first_column, last, self.cells.last_column)


def find_area(book: Workbook, inputs: ExcelReadInputs) -> Area:
    """The cells that the inputs name.

    Raises:
        StepError: the workbook does not have them, or a part of it is broken.
    """
    if inputs.table is not None:
        return _area_of_table(book, inputs.table)
    row = None if isinstance(inputs.header, bool) else inputs.header
    naming = Naming(inputs.header is not False, row, tuple(inputs.columns))
    if inputs.name is not None:
        return _area_of_name(book, inputs.name, inputs.sheet, naming)
    if inputs.range is not None:
        return _area_of_range(book, inputs.range, inputs.sheet, naming)
    return Area(sheet=find_sheet(book, inputs.sheet), naming=naming)


def find_sheet(book: Workbook, wanted: str | int | None) -> Sheet:
    """A worksheet by its name or number; the first one where none is wanted.

    Raises:
        StepError: there is none, or it has no cells.
    """
    names = [sheet.name for sheet in book.sheets]
    if wanted is None:
        found = next((sheet for sheet in book.sheets if sheet.kind == "worksheet"), None)
    elif isinstance(wanted, int):
        found = book.sheets[wanted - 1] if wanted <= len(names) else None
    else:
        found = book.sheet(wanted)
    if found is None:
        raise _no_such("sheet", wanted, names)
    return _worksheet(found)


def _worksheet(sheet: Sheet) -> Sheet:
    if sheet.kind != "worksheet":
        raise StepError(
            f"the sheet {sheet.name!r} has no cells: it is a {sheet.kind}",
            code="AF-EXCEL-SHEET",
            help="name a sheet that has a table",
        )
    return sheet


def _area_of_table(book: Workbook, wanted: str) -> Area:
    names: list[str] = []
    for sheet in book.sheets:
        for table in tables_of(book.package, sheet) if sheet.kind == "worksheet" else ():
            if table.name.casefold() == wanted.casefold():
                return _area_of(sheet, table)
            names.append(table.name)
    raise _no_such("table", wanted, names)


def _area_of(sheet: Sheet, table: Table) -> Area:
    """The table without its totals."""
    cells = table.range
    data = CellRange(cells.first_row, cells.first_column, cells.last_row - table.totals_rows, cells.last_column)
    if table.header_rows:
        return Area(sheet=sheet, cells=data, naming=Naming())
    return Area(sheet=sheet, cells=data, naming=Naming(has_header=False, names=table.columns))


def _area_of_name(book: Workbook, name: str, wanted_sheet: str | int | None, naming: Naming) -> Area:
    sheet = find_sheet(book, wanted_sheet) if wanted_sheet is not None else None
    place = find_name(book, name, sheet.name if sheet else None)
    if place is None:
        raise _no_such("defined name for a range", name, [defined.name for defined in book.defined_names])
    return Area(sheet=_worksheet(place.sheet), cells=place.range, naming=naming)


def _area_of_range(book: Workbook, wanted: str, wanted_sheet: str | int | None, naming: Naming) -> Area:
    on_sheet, reference = split_sheet(wanted)
    sheet = find_sheet(book, wanted_sheet if on_sheet is None else on_sheet)
    if wanted_sheet is not None and find_sheet(book, wanted_sheet) != sheet:
        raise StepError(
            f"sheet says {wanted_sheet!r}, and range {on_sheet!r}", code="AF-EXCEL-RANGE", help="name the sheet once"
        )
    try:
        found = _OPEN_RANGE.fullmatch(reference)
        cells = CellRange.parse(f"{found[1]}{found[2] or 1}:{found[3]}{LAST_ROW}" if found else reference)
    except ValueError as error:
        raise StepError(
            f"range: {reference!r} is no range of cells",
            code="AF-EXCEL-RANGE",
            help="write it as B4:F90, as B4:F or B:F down to the last row, or give a defined name as `name`",
        ) from error
    return Area(
        sheet=sheet,
        cells=cells,
        naming=naming,
        is_open_above=found is not None and not found[2],
        is_open_below=found is not None,
    )


def _no_such(kind: str, wanted: object, names: list[str]) -> StepError:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    there_is = ", ".join(repr(name) for name in names[:_MOST_NAMES])
    return StepError(
        f"the workbook has no {kind} {wanted!r}",
        code="AF-EXCEL-SHEET" if kind == "sheet" else "AF-EXCEL-NAME",
        help=f"there is: {there_is}{more}" if names else f"it has no {kind} at all",
    )
