"""Rules that hold for areas of a worksheet, whose formulas are told for the first cell of the area."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..grid.cells import LAST_ROW
from ..package.patching import Edit
from .insertions import Kind
from .moves import Moves, Standing
from .references import parse_area
from .rules import changed
from .survey import SheetSurvey

_FORMATS = frozenset({"x14:conditionalFormatting", "x14:dataValidation"})


class Areas:
    """Conditional formats, data validations and the blocks of extensions that are like them."""

    def __init__(self, moves: Moves, survey: SheetSurvey) -> None:
        self._moves = moves
        self._sheet = survey.sheet
        self._cells: Iterator[str] = iter(survey.block_cells)
        self._kind = Kind.FORMULA
        self._standing = Standing(survey.sheet)
        #: The extension's element that is open; empty outside.
        self.block = ""

    def start(self, attributes: Mapping[str, str]) -> Edit | None:
        """A conditional format or a data validation begins."""
        cells = attributes.get("sqref", "")
        self._begin(cells)
        return changed(attributes, {"sqref": self.moved_cells(cells)} if cells else {})

    def start_block(self, tag: str) -> None:
        """The same as an extension writes it: the cells come last, and are known from the survey."""
        self.block = tag
        cells = next(self._cells, "")
        if tag in _FORMATS:
            self._begin(cells)
        else:
            self._kind, self._standing = Kind.SERIES, Standing(self._sheet, _first_row(cells))

    def end_block(self) -> None:
        """The extension's element ends."""
        self.block = ""

    def formula(self, text: str) -> str:
        """A formula in it."""
        return self._moves.formula(text, self._kind, self._standing)

    def date_axis(self, text: str) -> str:
        """The dates that belong to a group of sparklines."""
        return self._moves.formula(text, Kind.SERIES, Standing(self._sheet))

    def bound(self, attributes: Mapping[str, str]) -> Edit | None:
        """A bound of a colour scale, a bar or an icon, which may be a formula."""
        value = attributes.get("val")
        return None if value is None else changed(attributes, {"val": self.formula(value)})

    def moved_cells(self, cells: str) -> str:
        """Where it holds now."""
        kind = Kind.OBJECT if self.block == "x14:sparkline" else Kind.AREA
        return self._moves.areas(self._sheet, cells, kind)

    def _begin(self, cells: str) -> None:
        first, last = _first_row(cells), _last_row(cells)
        now = self._moves.areas(self._sheet, cells, Kind.AREA)
        first_now, last_now = _first_row(now), _last_row(now)
        # In a single row there is no doubt which cell a formula means, so all of its references move.
        base = None if first == last and first_now == last_now else (first, first_now)
        self._kind, self._standing = Kind.FORMULA, Standing(self._sheet, first, base)


def _rows(cells: str) -> Iterable[tuple[int, int]]:
    for part in cells.split():
        reference = parse_area(part)
        if reference is not None:
            yield reference.first.row or 1, reference.last.row or LAST_ROW


def _first_row(cells: str) -> int:
    return min((first for first, _ in _rows(cells)), default=1)


def _last_row(cells: str) -> int:
    return max((last for _, last in _rows(cells)), default=1)
