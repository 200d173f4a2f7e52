"""Whether a sheet has nothing remarkable in it, told in a tenth of the time that its XML takes to be parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..grid.cells import CellRange, column_number
from ..package.xml_parser import as_utf8

#: A cell as all programs write it. Whatever looks otherwise is for the parser.
_CELL = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"')
#: Elements other than cells whose names begin as theirs.
_OTHERS = re.compile(rb"<c[a-zA-Z]")
_WITH_PREFIX = re.compile(rb":c[\s>/]")
#: What only the parser reads rightly: document types, errors, formulas without a value. Where one stands in a text by
#: chance, nothing is lost but time.
_REMARKABLE = (b"<!D", b'"e"', b"'e'", b"</f></c", b"/></c", b"<v></v")
_MOST_WAITING_BYTES = 4 * 1024 * 1024


def plain_bounds(chunks: Iterable[bytes]) -> CellRange | None:
    """A rectangle that holds all cells of a sheet without errors and unvalued formulas; null where it may have some.

    Raises:
        BrokenPart: it is in an encoding that no part of a workbook may have.
    """
    columns: set[bytes] = set()
    rows: set[bytes] = set()
    for piece in _whole_tags(as_utf8(chunks)):
        if piece is None:
            return None
        cells = _CELL.findall(piece)
        if not _is_plain(piece, len(cells)):
            return None
        columns.update(letters for letters, _ in cells)
        rows.update(number for _, number in cells)
    if not rows:
        return None
    across = [column_number(letters.decode()) for letters in columns]
    down = [int(number) for number in rows]
    return CellRange(min(down), min(across), max(down), max(across))


def _is_plain(piece: bytes, cells: int) -> bool:
    """Whether there are no more cells than those that look as usual, and nothing remarkable in them."""
    begun = piece.count(b"<c")
    if begun != cells and begun != cells + len(_OTHERS.findall(piece)):
        return False
    if b":c" in piece and _WITH_PREFIX.search(piece):
        return False
    return not any(mark in piece for mark in _REMARKABLE)


def _whole_tags(chunks: Iterable[bytes]) -> Iterator[bytes | None]:
    """The same bytes, cut where a cell begins, so that nothing that is looked for stands in two pieces.

    Where no cell begins for long, null comes last: to look for one again and again would take ever longer.
    """
    waiting = b""
    for chunk in chunks:
        waiting += chunk
        end = waiting.rfind(b"<c ")
        if end > 0:
            yield waiting[:end]
            waiting = waiting[end:]
        elif len(waiting) > _MOST_WAITING_BYTES:
            yield None
            return
    yield waiting
