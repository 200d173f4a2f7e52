"""A sheet with its new cells: they are merged into the stream of the template's rows as it passes by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from ..grid.cells import CellRange, cell_name
from ..moving.sheet_patcher import SheetPatcher
from ..package.patching import Edit, Patcher
from ..package.problems import BrokenPart
from .blocks import Block, side_by_side
from .links import AFTER_LINKS, SheetLinks

if TYPE_CHECKING:
    import pyarrow as pa

    from ..rows.links import Links

#: New rows are made so many at a time.
_ROWS_AT_ONCE = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetChanges:
    """What is done to a sheet; all rectangles are of the sheet as it will be."""

    blocks: Sequence[Block]
    #: Cells that lose what they hold and keep their formats.
    emptied: Sequence[CellRange] = ()
    #: Cells that lose both.
    removed: Sequence[CellRange] = ()
    #: The rows that the blocks are made of: none may be left when the blocks are written.
    rows: Sequence[Iterator[pa.RecordBatch]] = ()
    #: Those of the texts that are to become links.
    links: Sequence[Links] = ()
    #: In front of the names of elements, with its colon; mostly empty.
    prefix: str = ""


class SheetFilling(Patcher):
    """Edits a sheet: new cells come in, what they replace goes; all else is done by the patcher that moves rows."""

    def __init__(self, moving: SheetPatcher, changes: SheetChanges, links: SheetLinks) -> None:
        self._moving = moving
        self._links = links
        self._has_links = self._is_in_view = False
        self._blocks = sorted(changes.blocks, key=lambda block: (block.cells.first_column, block.cells.first_row))
        self._emptied, self._removed = changes.emptied, changes.removed
        self._rows = changes.rows
        self._prefix = changes.prefix
        #: The first row that is not written yet, and the blocks whose cells are still to come in the current one.
        self._next_row = 1
        self._waiting: list[Block] = []
        self._here: list[Block] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        """Merge rows and cells; leave the rest to the other patcher."""
        edit = self._moving.start(tag, attributes)
        if tag == "main:row":
            return self._start_row(edit or Edit())
        if tag == "main:c":
            return self._start_cell(attributes, edit)
        if tag == "main:customSheetViews":
            self._is_in_view = True
        elif tag == "main:hyperlinks":
            self._has_links = True
        elif tag in AFTER_LINKS and not self._is_in_view and not self._has_links:
            self._has_links = True
            edit = edit or Edit()
            return replace(edit, before=chain(self._links.list_element(self._prefix), edit.before))
        return edit

    def takes_text(self, tag: str) -> bool:
        """As the other patcher says."""
        return self._moving.takes_text(tag)

    def text(self, tag: str, text: str) -> str | None:
        """As the other patcher says."""
        return self._moving.text(tag, text)

    def end(self, tag: str) -> Iterable[bytes]:
        """Put what is left of a row, or of all rows, at the end."""
        more = self._moving.end(tag)
        if tag == "main:row" and self._waiting:
            return chain(*map(self._cells_of, self._waiting), more)
        if tag == "main:sheetData":
            last = max((block.cells.last_row for block in self._blocks), default=0)
            return chain(more, self._new_rows(self._next_row, last), self._no_rows_left())
        return self._end_of_links(tag, more)

    def _end_of_links(self, tag: str, more: Iterable[bytes]) -> Iterable[bytes]:
        if tag == "main:customSheetViews":
            self._is_in_view = False
        elif tag == "main:hyperlinks":
            return chain(more, self._links.elements(self._prefix))
        elif tag == "main:worksheet" and not self._has_links:
            return chain(more, self._links.list_element(self._prefix))
        return more

    def _start_row(self, edit: Edit) -> Edit:
        row = self._moving.row
        if row < self._next_row:
            raise BrokenPart(f"its row {row} stands behind a later one")
        new_rows = self._new_rows(self._next_row, row - 1)
        self._next_row = row + 1
        self._here = [block for block in self._blocks if block.cells.first_row <= row <= block.cells.last_row]
        self._waiting = list(self._here)
        # New cells may stand outside the columns that the writer of the template counted.
        attributes = {**edit.attributes, **({"spans": None} if self._here else {})}
        return replace(edit, attributes=attributes, before=chain(new_rows, edit.before))

    def _start_cell(self, attributes: Mapping[str, str], edit: Edit | None) -> Edit | None:
        row, column = self._moving.row, self._moving.place.column
        new_cells: list[Iterable[bytes]] = []
        while self._waiting and self._waiting[0].cells.first_column <= column:
            new_cells.append(self._cells_of(self._waiting.pop(0)))
        cell = CellRange(row, column, row, column)
        is_gone = any(block.cells.meets(cell) for block in self._here) or _is_in(cell, self._removed)
        if not is_gone and _is_in(cell, self._emptied):
            is_gone = True
            if "s" in attributes:
                new_cells.append((self._empty_cell(cell, attributes["s"]),))
        if is_gone:
            return Edit(drop=True, before=chain(*new_cells))
        return replace(edit or Edit(), before=chain(*new_cells)) if new_cells else edit

    def _empty_cell(self, cell: CellRange, style: str) -> bytes:
        name = cell_name(cell.first_row, cell.first_column)
        return f'<{self._prefix}c r="{name}" s={quoteattr(style)}/>'.encode()

    def _cells_of(self, block: Block) -> Iterator[bytes]:
        yield block.take(1)[0].as_py().encode()

    def _no_rows_left(self) -> Iterator[bytes]:
        """Ask for what comes behind the rows that were counted: a table that has more says so then."""
        for rows in self._rows:
            for _ in rows:
                yield b""

    def _new_rows(self, first: int, last: int) -> Iterator[bytes]:
        """The rows from first to last, which the template does not have: those that new cells are in."""
        from ..rows.cells import render_rows

        row = first
        while row <= last:
            covering = [block for block in self._blocks if block.cells.first_row <= row <= block.cells.last_row]
            starts = [block.cells.first_row for block in self._blocks if block.cells.first_row > row]
            if not covering:
                row = min(starts, default=last + 1)
                continue
            end = min(row + _ROWS_AT_ONCE - 1, last, *(block.cells.last_row for block in covering))
            end = min(end, *(start - 1 for start in starts)) if starts else end
            cells = side_by_side([block.take(end - row + 1) for block in covering])
            attributes = next((block.row_attributes for block in covering if block.row_attributes), "")
            yield bytes(render_rows(cells, row, attributes=attributes, prefix=self._prefix))
            row = end + 1


def _is_in(cell: CellRange, areas: Sequence[CellRange]) -> bool:
    return any(area.meets(cell) for area in areas)
