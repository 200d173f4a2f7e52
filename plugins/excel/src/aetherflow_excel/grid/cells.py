"""Names of cells and ranges, as worksheets write them, and the numbers behind them.

Rows and columns are counted from 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

#: What the format holds.
LAST_ROW = 1_048_576
LAST_COLUMN = 16_384

_MOST_DIGITS = 10
_CELL = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


def whole_number(text: str) -> int | None:
    """The number that some digits write, blanks around them or not; null for anything else, and for many digits."""
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else None


@lru_cache(maxsize=1024)
def column_letters(column: int) -> str:
    """The letters of a column: 1 is A, 28 is AB."""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def column_number(letters: str) -> int:
    """The number of a column by its letters, in either case."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def parse_cell(name: str) -> tuple[int, int]:
    """The row and the column of a cell such as B7 or $B$7.

    Raises:
        ValueError: it is no name of a cell, or of one that no sheet has.
    """
    found = _CELL.fullmatch(name)
    if found is None:
        raise ValueError("it is no name of a cell")
    row, column = int(found[2]), column_number(found[1])
    if not (0 < row <= LAST_ROW and column <= LAST_COLUMN):
        raise ValueError(f"no sheet has such a cell: the last one is {cell_name(LAST_ROW, LAST_COLUMN)}")
    return row, column


def cell_name(row: int, column: int) -> str:
    """The name of a cell."""
    return f"{column_letters(column)}{row}"


@dataclass(frozen=True, slots=True, order=True)
class CellRange:
    """A rectangle of cells; its bounds belong to it."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read B2:C9, or B2 for a single cell; dollar signs don't matter.

        Raises:
            ValueError: it is no range of cells.
        """
        first, _, last = text.partition(":")
        (row, column), (other_row, other_column) = parse_cell(first), parse_cell(last or first)
        return cls(min(row, other_row), min(column, other_column), max(row, other_row), max(column, other_column))

    @property
    def row_count(self) -> int:
        """How many rows it has."""
        return self.last_row - self.first_row + 1

    @property
    def column_count(self) -> int:
        """How many columns it has."""
        return self.last_column - self.first_column + 1

    @property
    def is_single_cell(self) -> bool:
        """Whether it is one cell."""
        return self.row_count == self.column_count == 1

    def meets(self, other: CellRange) -> bool:
        """Whether a cell is in both."""
        return (
            self.first_row <= other.last_row
            and other.first_row <= self.last_row
            and self.first_column <= other.last_column
            and other.first_column <= self.last_column
        )

    def __str__(self) -> str:
        first = cell_name(self.first_row, self.first_column)
        return first if self.is_single_cell else f"{first}:{cell_name(self.last_row, self.last_column)}"
