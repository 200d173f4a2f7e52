"""Where a target's region is: its sheet and its cells, found as the flow names them."""

from __future__ import annotations

from aetherflow.kernel.api import StepError

from ..fill_inputs import Target
from ..grid.cells import CellRange
from ..workbook.anchors import Place, find_anchor, find_cell, split_sheet
from ..workbook.book import Sheet, Workbook

_MOST_TOLD = 20


def find_place(book: Workbook, target: Target, new_sheet: str | None) -> Place:
    """The place of a target; given is the sheet to make where it is missing.

    Raises:
        StepError: there is none, or it is on another sheet than the target's.
    """
    if new_sheet is not None and book.sheet(new_sheet) is None:
        return _place_on_new_sheet(target, new_sheet)
    sheet_name = target.sheet or new_sheet
    if target.cell is not None or target.anchor is None:
        wanted = target.cell or "A1"
        place = find_cell(book, wanted, sheet_name)
    else:
        wanted = target.anchor
        place = find_anchor(book, wanted, sheet_name)
    if place is None:
        raise _no_place(book, target, wanted, sheet_name)
    if sheet_name is not None and book.sheet(sheet_name) != place.sheet:
        raise _other_sheet(book, target, place, sheet_name)
    return place


def _place_on_new_sheet(target: Target, name: str) -> Place:
    wanted = target.cell or target.anchor or "A1"
    on_sheet, cell = split_sheet(wanted)
    try:
        cells = CellRange.parse(cell)
    except ValueError:
        cells = None
    if cells is None or (on_sheet or name).casefold() != name.casefold():
        raise StepError(
            f"target {target.name!r}: there is no sheet {name!r} yet, and {wanted!r} is no cell of a new sheet",
            code="AF-EXCEL-ANCHOR",
            help="to fill a place of another sheet, write mode: report_region; else name a cell such as A1, or none",
        )
    return Place(Sheet(name, "", "worksheet", "visible"), cells, "cell")


def _no_place(book: Workbook, target: Target, wanted: str, sheet_name: str | None) -> StepError:
    if sheet_name is not None and book.sheet(sheet_name) is None:
        return _no_sheet(book, target, sheet_name)
    named = next((name for name in book.defined_names if name.name.casefold() == wanted.casefold()), None)
    if named is not None:
        return StepError(
            f"target {target.name!r}: the name {wanted!r} of {book.file_name} stands for {named.formula[:60]!r}, "
            "which is no range of cells",
            code="AF-EXCEL-ANCHOR",
            help="let it stand for one cell of a sheet",
        )
    names = ", ".join(sorted(name.name for name in book.defined_names if not name.is_hidden)[:_MOST_TOLD])
    known = f"its defined names: {names}" if names else "it has no defined names"
    needs_sheet = "" if sheet_name else "; a cell or a text also needs `sheet:`"
    return StepError(
        f"target {target.name!r}: {book.file_name} has no {wanted!r}", code="AF-EXCEL-ANCHOR", help=known + needs_sheet
    )


def _no_sheet(book: Workbook, target: Target, name: str) -> StepError:
    return StepError(
        f"target {target.name!r}: {book.file_name} has no sheet {name!r}",
        code="AF-EXCEL-SHEET",
        help=f"it has {', '.join(repr(sheet.name) for sheet in book.sheets[:_MOST_TOLD])}",
    )


def _other_sheet(book: Workbook, target: Target, place: Place, sheet_name: str) -> StepError:
    if book.sheet(sheet_name) is None:
        return _no_sheet(book, target, sheet_name)
    where = target.cell or target.anchor
    mend = "leave `sheet` out, or name a place on it" if target.sheet else "write mode: report_region to fill it there"
    return StepError(
        f"target {target.name!r} is for the sheet {sheet_name!r}, and {where!r} is on {place.sheet.name!r}",
        code="AF-EXCEL-ANCHOR",
        help=mend,
    )
