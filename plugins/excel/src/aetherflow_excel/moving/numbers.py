"""Numbers and ranges as parts of a workbook tell them, which may be broken."""

from __future__ import annotations

from ..grid.cells import CellRange
from ..package.problems import BrokenPart

_MOST_DIGITS = 10


def whole_number(text: str) -> int:
    """A number of rows, or of a row.

    Raises:
        BrokenPart: it is none.
    """
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise BrokenPart(f"{text[:40]!r} stands where a number of rows should")
    return int(text)


def cell_range(text: str) -> CellRange:
    """A range of cells.

    Raises:
        BrokenPart: it is none.
    """
    try:
        return CellRange.parse(text)
    except ValueError as error:
        raise BrokenPart(f"{text[:40]!r} stands where a range of cells should: {error}") from None
