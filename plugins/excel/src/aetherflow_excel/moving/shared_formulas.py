"""Formulas that several cells share: the first has the text, the others are told by where they stand."""

from __future__ import annotations

from ..grid.cells import LAST_COLUMN, LAST_ROW, column_letters
from .references import End, parse_formula


def translated(text: str, rows: int, columns: int) -> str:
    """The formula as it is for a cell that many rows below and columns to the right; what has a dollar sign stays."""
    return "".join(
        piece
        if isinstance(piece, str)
        else piece.text
        if piece.is_external and not piece.ends
        else piece.with_ends(*(_shifted(end, rows, columns) for end in piece.ends))
        for piece in parse_formula(text).pieces
    )


def _shifted(end: End, rows: int, columns: int) -> End:
    """A corner moved on; past the edge of the sheet it comes in again at the other side."""
    row = end.row if end.has_fixed_row or not end.row else (end.row + rows - 1) % LAST_ROW + 1
    letters = end.letters
    if letters and not end.has_fixed_column:
        letters = column_letters((end.column + columns - 1) % LAST_COLUMN + 1)
    return End(letters, end.has_fixed_column, row, end.has_fixed_row)
