"""Rectangles of new cells, which give their rows one after the other as XML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..grid.cells import CellRange

if TYPE_CHECKING:
    import pyarrow as pa

#: The formats of a row's cells, null for none.
Styles = tuple[int | None, ...]
#: Turns a batch of rows that have the same formats into the XML of their cells; given is the number of its first row.
Render = Callable[["pa.RecordBatch", int, Styles], "Iterable[pa.Array]"]


class Block:
    """A rectangle of a sheet as it will be; the rows of its table can be taken once, from the top."""

    def __init__(
        self,
        cells: CellRange,
        batches: Iterable[pa.RecordBatch],
        render: Render,
        style_runs: Sequence[tuple[int, Styles]],
        row_attributes: str = "",
    ) -> None:
        self.cells = cells
        #: Of rows that are made for it.
        self.row_attributes = row_attributes
        self._ready = _rendered(cells.first_row, batches, render, style_runs)
        self._array: pa.Array | None = None
        self._place = 0

    def take(self, count: int) -> pa.Array:
        """The next rows; so many must be left.

        Raises:
            StepError: a value can't be written.
        """
        import pyarrow as pa

        parts: list[pa.Array] = []
        while count:
            if self._array is None or self._place == len(self._array):
                self._array, self._place = next(self._ready), 0
            part = self._array.slice(self._place, count)
            self._place += len(part)
            count -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else pa.concat_arrays(parts)


def _rendered(
    first_row: int, batches: Iterable[pa.RecordBatch], render: Render, style_runs: Sequence[tuple[int, Styles]]
) -> Iterator[pa.Array]:
    runs = iter(style_runs)
    left, styles = next(runs)
    row = first_row
    for batch in batches:
        place = 0
        while place < batch.num_rows:
            while not left:
                left, styles = next(runs)
            piece = batch.slice(place, left)
            yield from render(piece, row, styles)
            place += piece.num_rows
            row += piece.num_rows
            left -= piece.num_rows


def side_by_side(rows: Sequence[pa.Array]) -> pa.Array:
    """The cells of several rectangles in the same rows, from the left one to the right one."""
    import pyarrow.compute as pc

    return rows[0] if len(rows) == 1 else pc.binary_join_element_wise(*rows, "")


def runs_of(rows: Iterable[tuple[int, Styles]]) -> list[tuple[int, Styles]]:
    """Rows with their formats, a count and formats each; those that follow one another with the same are one."""
    found: list[tuple[int, Styles]] = []
    for count, styles in rows:
        if found and found[-1][1] == styles:
            found[-1] = (found[-1][0] + count, styles)
        elif count:
            found.append((count, styles))
    return found
