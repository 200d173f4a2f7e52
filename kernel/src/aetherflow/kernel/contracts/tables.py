"""Tables of plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

NONE = "-"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[str] = ()) -> str:
    """Columns of plain text, numbers to the right; the last one as long as it is, the others never empty."""
    cells = [list(columns), *([*(plain(cell) or NONE for cell in row[:-1]), plain(row[-1])] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(columns))]
    return "\n".join(_aligned(line, columns, widths, numbers) for line in cells)


def plain(text: str) -> str:
    """One line that can't move the cursor: it may be a stranger's text."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _aligned(line: Sequence[str], columns: Sequence[str], widths: Sequence[int], numbers: Collection[str]) -> str:
    cells = (
        cell.rjust(width) if column in numbers else cell.ljust(width)
        for column, cell, width in zip(columns, line, widths, strict=True)
    )
    return "  ".join(cells).rstrip()
