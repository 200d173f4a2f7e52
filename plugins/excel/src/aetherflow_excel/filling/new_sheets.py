"""Sheets that a template does not have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..grid.cells import CellRange
from ..package.package import Package
from ..workbook.book import Workbook
from ..workbook.sheet_names import check_sheet_name
from .package_edits import WORKSHEET_TYPE, NewPart


@dataclass(frozen=True, slots=True)
class NewSheet:
    """A sheet that is made: its name, its number in the workbook, and its part."""

    name: str
    number: int
    part: NewPart


def new_sheets(book: Workbook, names: Iterable[str]) -> list[NewSheet]:
    """Places in the package for sheets of these names.

    Raises:
        StepError: a sheet may not be called so.
    """
    package = book.package
    relationships = set(package.relationships(book.part))
    found: list[NewSheet] = []
    number = _highest_number(book)
    for name in names:
        check_sheet_name(name)
        number += 1
        part = _free(package, number)
        relationship = next(f"rIdNew{count}" for count in range(1, 10_000) if f"rIdNew{count}" not in relationships)
        relationships.add(relationship)
        found.append(NewSheet(name, number, NewPart(part, WORKSHEET_TYPE, "worksheet", relationship)))
    return found


def _highest_number(book: Workbook) -> int:
    return max(book.sheet_numbers, default=0)


def _free(package: Package, number: int) -> str:
    taken = {name.lower() for name in package.members}
    while (name := f"xl/worksheets/sheet{number}.xml") in taken:
        number += 1000
    return name


def empty_sheet(
    cells: CellRange, namespace: str, *, header_row: int | None, is_frozen: bool, is_filtered: bool
) -> bytes:
    """The XML of a sheet without rows, for a table that will be in these cells."""
    view = ""
    if header_row is not None and is_frozen:
        below = CellRange(header_row + 1, 1, header_row + 1, 1)
        view = (
            f'<pane ySplit="{header_row}" topLeftCell="{below}" activePane="bottomLeft" state="frozen"/>'
            f'<selection pane="bottomLeft" activeCell="{below}" sqref="{below}"/>'
        )
    has_filter = header_row is not None and is_filtered
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{namespace}">'
        f'<dimension ref="{cells}"/><sheetViews><sheetView workbookViewId="0">{view}</sheetView></sheetViews>'
        f"<sheetData/>{f'<autoFilter ref={chr(34)}{cells}{chr(34)}/>' if has_filter else ''}</worksheet>"
    ).encode()
