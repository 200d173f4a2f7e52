"""The cells of a sheet as they are written, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..grid.cells import LAST_COLUMN, LAST_ROW, cell_name, parse_cell, whole_number
from ..package.elements import read_elements
from ..package.package import Package
from ..package.problems import BrokenPart

#: Strings that are shared: more than that belong into no template.
_MOST_SHARED_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: `kind` is the type that it is written with (s, str, inlineStr, n, b, e, d), `text` its value's."""

    row: int
    column: int
    kind: str
    text: str
    has_formula: bool


def read_cells(package: Package, part: str) -> Iterator[Cell]:
    """The cells of a worksheet, row by row; those without a name stand where they stand.

    Raises:
        StepError: the part is broken.
    """
    row_before = column = 0
    waiting: list[tuple[str | None, str, str, bool]] = []
    value, has_formula = "", False
    texts: list[str] = []
    with package.blame(part):
        for tag, attributes, text in read_elements(package.chunks(part)):
            if tag == "main:v":
                value = text
            elif tag == "main:t":
                texts.append(text)
            elif tag == "main:f":
                has_formula = True
            elif tag == "main:c":
                kind = attributes.get("t", "n")
                check_count_of_cells(len(waiting))
                waiting.append(
                    (attributes.get("r"), kind, "".join(texts) if kind == "inlineStr" else value, has_formula)
                )
                value, has_formula = "", False
                texts.clear()
            elif tag == "main:row":
                row_before, column = number_of_row(attributes.get("r"), row_before), 0
                for name, kind, content, is_formula in waiting:
                    row, column = place_of(name, row_before, column)
                    yield Cell(row, column, kind, content, is_formula)
                waiting.clear()


def number_of_row(written: str | None, before: int) -> int:
    """The number of a row that says it, or that follows the one before.

    Raises:
        BrokenPart: it says something else.
    """
    row = whole_number(str(before + 1) if written is None else written)
    if row is None:
        raise BrokenPart(f"a row is numbered {written!r:.20}")
    if not before < row <= LAST_ROW:
        raise BrokenPart(f"row {row} follows row {before}, and the last one is {LAST_ROW}")
    return row


def check_count_of_cells(before: int) -> None:
    """See that one more cell has a place in a row.

    Raises:
        BrokenPart: it has none.
    """
    if before >= LAST_COLUMN:
        raise BrokenPart(f"a row has more than {LAST_COLUMN:,} cells")


def place_of(name: str | None, row: int, column_before: int) -> tuple[int, int]:
    """The row and column of a cell that says it, or that follows the one before.

    Raises:
        BrokenPart: it says something else.
    """
    try:
        place = (row, column_before + 1) if name is None else parse_cell(name)
    except ValueError as problem:
        raise BrokenPart(f"a cell is called {name!r:.20}: {problem}") from None
    if place[0] != row or not column_before < place[1] <= LAST_COLUMN:
        raise BrokenPart(f"a cell of row {row} is called {cell_name(*place)}, and {column_before} stand in front of it")
    return place


def read_shared_strings(package: Package, part: str) -> Iterator[str]:
    """The shared strings of a workbook, in their order, without their formats and readings.

    Raises:
        StepError: the part is broken or too large.
    """
    texts: list[str] = []
    with package.blame(part):
        for tag, _, text in read_elements(package.chunks(part, _MOST_SHARED_BYTES)):
            if tag == "main:t":
                texts.append(text)
            elif tag == "main:rPh" and texts:
                texts.pop()
            elif tag == "main:si":
                yield "".join(texts)
                texts.clear()
