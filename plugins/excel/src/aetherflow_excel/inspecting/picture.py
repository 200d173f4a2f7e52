"""A workbook as a person who wants to fill it sees it: its sheets, and on each what has a place there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from ..grid.cells import CellRange, cell_name
from ..moving.references import parse_formula
from ..package.elements import read_elements
from ..package.package import MOST_PART_BYTES, Package
from ..workbook.anchors import MOST_SEARCHED_CELLS, find_name
from ..workbook.book import Sheet, Workbook
from ..workbook.cells import read_cells, read_shared_strings
from ..workbook.tables import Table, tables_of

#: Texts that people put into cells for programs to find: [[sales]], {{sales}}, <<sales>>, ##sales##.
_MARKER = re.compile(r"\[\[.+\]\]|\{\{.+\}\}|<<.+>>|##.+##", re.DOTALL)
_CHART_FORMULAS = frozenset({"c:f", "cx:f"})


@dataclass(frozen=True, slots=True)
class ChartPicture:
    """A chart: its part, and the ranges that it shows."""

    part: str
    ranges: list[str]


@dataclass(slots=True)
class SheetPicture:
    """A sheet and what is on it."""

    sheet: Sheet
    cells: CellRange | None = None
    formulas: int = 0
    markers: list[tuple[str, str]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    charts: list[ChartPicture] = field(default_factory=list)
    merged: int = 0


@dataclass(frozen=True, slots=True)
class NamePicture:
    """A defined name, what it stands for, and whether rows can be put there."""

    name: str
    formula: str
    sheet: str | None
    is_place: bool


@dataclass(frozen=True, slots=True)
class WorkbookPicture:
    """A whole workbook."""

    file: str
    content_type: str
    counts_from_1904: bool
    has_macros: bool
    sheets: list[SheetPicture]
    names: list[NamePicture]


def picture_of(package: Package) -> WorkbookPicture:
    """Look at a workbook.

    Raises:
        StepError: it is none, or a part of it is broken.
    """
    book = Workbook(package)
    markers = _shared_markers(book)
    return WorkbookPicture(
        file=package.file_name,
        content_type=book.content_type,
        counts_from_1904=book.is_1904,
        has_macros="macroEnabled" in book.content_type,
        sheets=[_sheet(package, sheet, markers) for sheet in book.sheets],
        names=[
            NamePicture(name.name, name.formula, name.sheet, find_name(book, name.name, name.sheet) is not None)
            for name in book.defined_names
            if not name.is_hidden
        ],
    )


def _shared_markers(book: Workbook) -> dict[str, str]:
    part = book.part_of_kind("sharedStrings")
    if part is None:
        return {}
    texts = enumerate(read_shared_strings(book.package, part))
    return {str(number): text for number, text in texts if _MARKER.fullmatch(text.strip())}


def _sheet(package: Package, sheet: Sheet, shared: dict[str, str]) -> SheetPicture:
    picture = SheetPicture(sheet)
    if sheet.kind == "worksheet":
        _look_at_cells(package, picture, shared)
        picture.tables = tables_of(package, sheet)
    picture.charts = [_chart(package, part) for part in _chart_parts(package, sheet.part)]
    return picture


def _look_at_cells(package: Package, picture: SheetPicture, shared: dict[str, str]) -> None:
    first_row = first_column = last_row = last_column = 0
    for number, cell in enumerate(read_cells(package, picture.sheet.part)):
        first_row, first_column = first_row or cell.row, min(first_column or cell.column, cell.column)
        last_row, last_column = max(last_row, cell.row), max(last_column, cell.column)
        picture.formulas += cell.has_formula
        if number < MOST_SEARCHED_CELLS and (text := _marker(cell.kind, cell.text, shared)) is not None:
            picture.markers.append((cell_name(cell.row, cell.column), text))
    if last_row:
        picture.cells = CellRange(first_row, first_column, last_row, last_column)
    with package.blame(picture.sheet.part):
        elements = read_elements(package.chunks(picture.sheet.part))
        picture.merged = sum(tag == "main:mergeCell" for tag, _, _ in elements)


def _marker(kind: str, text: str, shared: dict[str, str]) -> str | None:
    if kind == "s":
        return shared.get(text)
    is_marker = kind in ("str", "inlineStr") and _MARKER.fullmatch(text.strip())
    return text if is_marker else None


def _chart_parts(package: Package, sheet_part: str) -> Iterator[str]:
    for drawing in package.related(sheet_part, "drawing"):
        for kind in ("chart", "chartEx"):
            yield from package.related(drawing, kind)


def _chart(package: Package, part: str) -> ChartPicture:
    with package.blame(part):
        elements = read_elements(package.chunks(part, MOST_PART_BYTES))
        formulas = (text for tag, _, text in elements if tag in _CHART_FORMULAS)
        ranges = dict.fromkeys(
            reference.text for formula in islice(formulas, 1000) for reference in parse_formula(formula).references
        )
    return ChartPicture(part, list(ranges))
