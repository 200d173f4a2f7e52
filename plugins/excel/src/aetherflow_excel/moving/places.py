"""Which row and which cell a worksheet's XML is at: it may leave their names out, and then they are counted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from ..grid.cells import LAST_COLUMN, LAST_ROW, column_number
from ..package.problems import BrokenPart
from .numbers import cell_range, whole_number

_CELL = re.compile("([A-Z]{1,3})([1-9][0-9]{0,5})")


class Place:
    """Counts rows and cells as they begin."""

    def __init__(self) -> None:
        self.row = self._last_row = 0
        self.column = 0

    def begin_row(self, attributes: Mapping[str, str]) -> None:
        """A row begins."""
        number = attributes.get("r")
        row = whole_number(number) if number else self._last_row + 1
        if not self._last_row < row <= LAST_ROW:
            raise BrokenPart(f"row {row} follows row {self._last_row}, and the last one is {LAST_ROW}")
        self.row = self._last_row = row
        self.column = 0

    def begin_cell(self, attributes: Mapping[str, str]) -> None:
        """A cell begins."""
        name = attributes.get("r")
        if name:
            self.row, self.column = _place(name)
        else:
            self.column += 1


def _place(name: str) -> tuple[int, int]:
    found = _CELL.fullmatch(name)
    if found is None or (column := _column(found[1])) > LAST_COLUMN:
        cell = cell_range(name)
        return cell.first_row, cell.first_column
    return int(found[2]), column


_column = lru_cache(maxsize=1024)(column_number)
