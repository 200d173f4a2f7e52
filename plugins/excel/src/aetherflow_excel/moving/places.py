"""Which row and which cell a worksheet's XML is at: it may leave their names out, and then they are counted."""

from __future__ import annotations

from collections.abc import Mapping

from .numbers import cell_range, whole_number


class Place:
    """Counts rows and cells as they begin."""

    def __init__(self) -> None:
        self.row = 0
        self.column = 0

    def begin_row(self, attributes: Mapping[str, str]) -> None:
        """A row begins."""
        number = attributes.get("r")
        self.row = whole_number(number) if number else self.row + 1
        self.column = 0

    def begin_cell(self, attributes: Mapping[str, str]) -> None:
        """A cell begins."""
        name = attributes.get("r")
        if name:
            cell = cell_range(name)
            self.row, self.column = cell.first_row, cell.first_column
        else:
            self.column += 1
