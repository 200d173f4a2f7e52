"""The names of a table's columns, and where its rows are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from aetherflow.kernel.api import StepError

from ..grid.cells import CellRange, cell_name, column_letters
from ..read_inputs import ExcelReadInputs
from .areas import Area
from .calamine import SheetRows
from .values import text_of


@dataclass(frozen=True, slots=True)
class Header:
    """Names of columns, null where the header's cell is empty; and the rows below, null where there are none."""

    names: list[str | None]
    rows: CellRange | None
    row: int | None
    first_column: int

    def nameless(self, sheet: str, column: int) -> StepError:
        """The error for a column with values and without a name."""
        place = cell_name(self.row or 1, self.first_column + column)
        return StepError(
            f"the header's cell {sheet}!{place} is empty, and there are values below it",
            code="AF-EXCEL-HEADER",
            help="give the column a name, say by `header` which row has the names, or read a range without the column",
        )


def read_header(sheet: SheetRows, area: Area, cells: CellRange | None, inputs: ExcelReadInputs) -> Header:
    """The names, and the cells below them.

    Raises:
        StepError: there is no header where one should be, or it names a column twice.
    """
    if cells is None:
        return Header([*area.naming.names], None, None, 1)
    if not area.naming.has_header:
        return Header(_given_names(area, cells), cells, None, cells.first_column)
    row = area.naming.row or cells.first_row
    line = CellRange(row, cells.first_column, row, cells.last_column)
    names = [text_of(value).strip() or None for value in next(sheet.rows(line))]
    if not any(names):
        raise StepError(
            f"the header's row {row} of the sheet {area.sheet.name!r} is empty",
            code="AF-EXCEL-HEADER",
            help="say by `header` which row has the names, or `header: false`",
        )
    first = max(row + 1, cells.first_row)
    rows = CellRange(first, cells.first_column, cells.last_row, cells.last_column) if first <= cells.last_row else None
    return Header(_unique(names, inputs.duplicate_columns, area.sheet.name, line), rows, row, cells.first_column)


def _given_names(area: Area, cells: CellRange) -> list[str | None]:
    """The names that the flow or a table gives, else the letters of the columns."""
    if not area.naming.names:
        return [column_letters(column) for column in range(cells.first_column, cells.last_column + 1)]
    names = area.naming.names
    if len(names) != cells.column_count or len(set(names)) < len(names):
        raise StepError(
            f"columns gives {len(names)} names, {len(set(names))} of them different, and {area.sheet.name}!{cells} "
            f"has {cells.column_count} columns",
            code="AF-EXCEL-COLUMNS",
            help="name each column once, or give a range",
        )
    return [*area.naming.names]


def _unique(
    names: list[str | None], rule: Literal["refuse", "number"], sheet: str, line: CellRange
) -> list[str | None]:
    """The names, each once.

    Raises:
        StepError: one stands there twice, and the rule is to refuse that.
    """
    twice = [name for name, times in Counter(names).items() if name is not None and times > 1]
    if twice and rule == "refuse":
        place = len(names) - 1 - names[::-1].index(twice[0])
        raise StepError(
            f"two columns are called {twice[0]!r}, one of them at {sheet}!"
            f"{cell_name(line.first_row, line.first_column + place)}",
            code="AF-EXCEL-HEADER",
            help="rename one of them, or say `duplicate_columns: number`",
        )
    taken = set(names)
    seen: set[str | None] = set()
    unique: list[str | None] = []
    for name in names:
        chosen = _numbered(name, taken) if name in seen and name is not None else name
        seen.add(name)
        taken.add(chosen)
        unique.append(chosen)
    return unique


def _numbered(name: str, taken: set[str | None]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
