"""Drawings of the old kind, which hold the boxes of comments and the controls of forms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..package.patching import Edit, patch
from .anchors import Anchor
from .insertions import Kind
from .moves import Moves, Standing
from .numbers import whole_number
from .rows import SheetRows
from .rules import RulesPatcher

#: A box is told by column, offset, row and offset of its upper left corner, then of its lower right one.
_FIRST_ROW, _LAST_ROW, _LAST_OFFSET, _NUMBERS = 2, 6, 7, 8
_FORMULAS = ("x:FmlaLink", "x:FmlaRange", "x:FmlaGroup", "x:FmlaTxbx", "x:FmlaPict")
_LINE_BREAK = re.compile(rb"<((?i:br)(?:\s[^<>]{0,200})?)(?<!/)>(?!</(?i:br))")
_FALSE = frozenset({"f", "false", "0"})


@dataclass(slots=True)
class _Object:
    is_comment: bool
    box: str = ""
    #: For a comment, the row of its cell, counted from 0.
    row: int | None = None
    stays: bool = False
    keeps_size: bool = False


def mended(xml: bytes) -> bytes:
    """An old drawing as XML: the texts in it are HTML, and Excel does not close the line breaks of those."""
    return _LINE_BREAK.sub(rb"<\1/>", xml)


def legacy_drawing_patcher(moves: Moves, sheet: str | None, chunks: Iterable[bytes]) -> RulesPatcher:
    """The patcher of an old drawing; its objects are looked through first."""
    reader = _Reader()
    for _ in patch((mended(b"".join(chunks)),), reader):
        pass
    return _Mover(moves, sheet, reader.objects)


class _Reader(RulesPatcher):
    def __init__(self) -> None:
        super().__init__()
        self.objects: list[_Object] = []
        self.starts["x:ClientData"] = self._start_object
        # The names say the opposite of what they mean: `MoveWithCells` is there where the object does not move.
        self.starts["x:MoveWithCells"] = lambda _: self._set_stays(stays=True)
        self.starts["x:SizeWithCells"] = lambda _: self._set_keeps_size(keeps_size=True)
        self.texts["x:MoveWithCells"] = lambda text: self._set_stays(stays=text.strip().lower() not in _FALSE)
        self.texts["x:SizeWithCells"] = lambda text: self._set_keeps_size(keeps_size=text.strip().lower() not in _FALSE)
        self.texts["x:Anchor"] = self._read_box
        self.texts["x:Row"] = self._read_row

    def _start_object(self, attributes: Mapping[str, str]) -> Edit | None:
        self.objects.append(_Object(attributes.get("ObjectType") == "Note"))
        return None

    def _set_stays(self, *, stays: bool) -> None:
        self.objects[-1].stays = stays

    def _set_keeps_size(self, *, keeps_size: bool) -> None:
        self.objects[-1].keeps_size = keeps_size

    def _read_box(self, text: str) -> None:
        self.objects[-1].box = text

    def _read_row(self, text: str) -> None:
        self.objects[-1].row = whole_number(text)


class _Mover(RulesPatcher):
    def __init__(self, moves: Moves, sheet: str | None, objects: Iterable[_Object]) -> None:
        super().__init__()
        self._rows = moves.of(sheet)
        self._objects: Iterator[_Object] = iter(objects)
        self._now = _Object(is_comment=False)

        def formula(text: str) -> str:
            return moves.formula(text, Kind.FORMULA, Standing(sheet))

        self.texts.update(dict.fromkeys(_FORMULAS, formula))
        self.starts["x:ClientData"] = self._start_object
        self.texts["x:Anchor"] = self._box
        self.texts["x:Row"] = lambda text: str(self._rows.row(whole_number(text) + 1) - 1)

    def _start_object(self, _attributes: Mapping[str, str]) -> Edit | None:
        self._now = next(self._objects)
        return None

    def _box(self, text: str) -> str | None:
        numbers = text.split(",")
        if len(numbers) != _NUMBERS or not self._rows:
            return None
        first, last = _moved_box(self._now, self._rows, [whole_number(number) for number in numbers])
        for place, row in ((_FIRST_ROW, first), (_LAST_ROW, last)):
            old = numbers[place]
            numbers[place] = old.replace(old.strip(), str(row))
        return ",".join(numbers)


def _moved_box(found: _Object, rows: SheetRows, numbers: list[int]) -> tuple[int, int]:
    first, last = numbers[_FIRST_ROW], numbers[_LAST_ROW]
    if found.is_comment and found.row is not None:  # Its box goes where its cell goes.
        by = rows.row(found.row + 1) - 1 - found.row
        return first + by, last + by
    anchor = Anchor(
        not found.stays, not (found.stays or found.keeps_size), first, last, ends_at_edge=numbers[_LAST_OFFSET] == 0
    )
    return anchor.moved(rows)
