"""Places in a template by what people call them: a defined name, a cell, or the text that stands there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from ..grid.cells import CellRange
from .book import Sheet, Workbook
from .cells import read_cells, read_shared_strings

#: So many cells of a sheet are looked at for a text.
MOST_SEARCHED_CELLS = 10_000
_QUOTED = re.compile(r"'((?:[^']|'')+)'!(.+)", re.DOTALL)
_PLAIN = re.compile(r"([^'!\[\]()\s]+)!(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an anchor is, and how it was found."""

    sheet: Sheet
    range: CellRange
    found_by: Literal["name", "cell", "text"]


def normal_text(text: str) -> str:
    """A text as anchors are compared: spaces of every kind are one space, none at the ends."""
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def split_sheet(reference: str) -> tuple[str | None, str]:
    """The sheet and the rest of a reference such as `'My sheet'!$B$4`; a null sheet where it names none."""
    if found := _QUOTED.fullmatch(reference):
        return found[1].replace("''", "'"), found[2]
    if found := _PLAIN.fullmatch(reference):
        return found[1], found[2]
    return None, reference


def find_anchor(book: Workbook, anchor: str, sheet_name: str | None) -> Place | None:
    """The place of an anchor: a defined name, else a cell, else a text on the sheet that is named; null for none.

    Raises:
        StepError: a part of the workbook is broken.
    """
    return (
        find_name(book, anchor, sheet_name)
        or find_cell(book, anchor, sheet_name)
        or find_text(book, anchor, sheet_name)
    )


def find_name(book: Workbook, name: str, sheet_name: str | None) -> Place | None:
    """The range that a defined name stands for; that of the sheet comes before that of the workbook."""
    wanted = name.casefold()
    found = [defined for defined in book.defined_names if defined.name.casefold() == wanted]
    local = [
        item for item in found if item.sheet is not None and (sheet_name or "").casefold() == item.sheet.casefold()
    ]
    for defined in local or [item for item in found if item.sheet is None] or found:
        on_sheet, reference = split_sheet(defined.formula)
        sheet = book.sheet(on_sheet) if on_sheet else None
        if sheet is not None and (cells := _range(reference)) is not None:
            return Place(sheet, cells, "name")
    return None


def find_cell(book: Workbook, reference: str, sheet_name: str | None) -> Place | None:
    """A cell by its name, with its sheet or on the sheet that is named."""
    on_sheet, cell = split_sheet(reference)
    sheet = book.sheet(on_sheet or sheet_name or "")
    cells = _range(cell)
    return Place(sheet, cells, "cell") if sheet is not None and cells is not None else None


def find_text(book: Workbook, text: str, sheet_name: str | None) -> Place | None:
    """The first cell of a sheet, row by row, that holds a text and nothing else."""
    sheet = book.sheet(sheet_name or "")
    if sheet is None or sheet.kind != "worksheet":
        return None
    wanted = normal_text(text)
    numbers = _shared_numbers(book, wanted)
    for cell in islice(read_cells(book.package, sheet.part), MOST_SEARCHED_CELLS):
        is_it = cell.text in numbers if cell.kind == "s" else normal_text(cell.text) == wanted
        if is_it and cell.kind in ("s", "str", "inlineStr"):
            return Place(sheet, CellRange(cell.row, cell.column, cell.row, cell.column), "text")
    return None


def _shared_numbers(book: Workbook, wanted: str) -> set[str]:
    """The numbers of the shared strings that are the wanted text, as cells write them."""
    part = book.part_of_kind("sharedStrings")
    if part is None:
        return set()
    strings = enumerate(read_shared_strings(book.package, part))
    return {str(number) for number, text in strings if normal_text(text) == wanted}


def _range(reference: str) -> CellRange | None:
    try:
        return CellRange.parse(reference)
    except ValueError:
        return None
