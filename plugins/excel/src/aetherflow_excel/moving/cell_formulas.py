"""The formulas in the cells of a worksheet: moved, and written out where several cells shared one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from ..grid.cells import CellRange, cell_name
from ..package.patching import Edit
from .insertions import Kind
from .moves import Moves, Standing
from .numbers import cell_range
from .places import Place
from .problems import immovable
from .references import with_table
from .rules import changed
from .shared_formulas import translated
from .survey import SharedFormula, SheetSurvey

_BLOCKED = {"array": "an array formula", "dataTable": "a data table"}


class CellFormulas:
    """Told of each formula and each value of a sheet's cells, in their order."""

    def __init__(self, moves: Moves, survey: SheetSurvey, place: Place, *, is_stale: bool) -> None:
        self._moves = moves
        self._sheet = survey.sheet
        self._place = place
        self._is_stale = is_stale
        self._tables = survey.tables
        self._typed = survey.typed_formulas
        self._arrays: list[CellRange] = []
        #: Shared formulas by number, those that are yet to come and the one that holds now: a number may be used twice.
        self._coming = {number: deque(each) for number, each in survey.shared.items()}
        self._shared: dict[str, SharedFormula] = {}
        self._written_out: set[str] = set()
        self._has_formula = False
        self._number: str | None = None
        #: The formula of a cell that had none of its own, until it is written.
        self._pending: str | None = None

    def start_cell(self, attributes: Mapping[str, str]) -> dict[str, str | None]:
        """A cell begins; its kind of value is taken off with its value."""
        self._has_formula = self._is_in_array()
        kind = attributes.get("t")
        is_dropped = (
            self._is_stale
            and kind is not None
            and (kind == "str" or self._has_formula or (self._place.row, self._place.column) in self._typed)
        )
        return {"t": None} if is_dropped else {}

    def _is_in_array(self) -> bool:
        """Whether the cell gets its value from a formula that another cell has."""
        row, column = self._place.row, self._place.column
        return any(
            cells.first_row <= row <= cells.last_row and cells.first_column <= column <= cells.last_column
            for cells in self._arrays
        )

    def start_value(self, _attributes: Mapping[str, str]) -> Edit | None:
        """The value of a cell: it is left out where the formula may have another one now."""
        return Edit(drop=True) if self._is_stale and self._has_formula else None

    def start_formula(self, attributes: Mapping[str, str]) -> Edit | None:
        """A formula begins."""
        self._has_formula = True
        self._number = self._pending = None
        kind = attributes.get("t")
        if kind == "shared":
            return self._start_shared(attributes)
        if kind in _BLOCKED and "ref" in attributes:
            self._start_array(cell_range(attributes["ref"]), _BLOCKED[kind])
        moved = {
            name: self._moves.areas(self._sheet, attributes[name], Kind.OBJECT)
            for name in ("ref", "r1", "r2")
            if name in attributes
        }
        return changed(attributes, moved)

    def _start_shared(self, attributes: Mapping[str, str]) -> Edit | None:
        number = attributes.get("si", "")
        self._number = number
        coming = self._coming.get(number) or deque()
        if "ref" not in attributes:
            while coming and coming[0][1:] < (self._place.row, self._place.column):
                # The cell that has its text was passed over: other cells come into its place.
                self._shared[number] = coming.popleft()
                self._written_out.add(number)
        else:  # It is the first of them; its text says whether they stay together.
            self._shared[number] = found = coming.popleft() if coming else ("", 0, 0)
            self._written_out.discard(number)
            if self._moves.is_touched(found[0], self._sheet):
                self._written_out.add(number)
            else:
                return changed(attributes, {"ref": self._moves.areas(self._sheet, attributes["ref"], Kind.OBJECT)})
        if number not in self._written_out:
            return None
        self._pending = self._translated(number)
        return Edit(attributes={"t": None, "si": None, "ref": None})

    def _translated(self, number: str) -> str:
        text, row, column = self._shared[number]
        return self._moved(translated(text, self._place.row - row, self._place.column - column))

    def _moved(self, text: str) -> str:
        table = self._table if self._is_stale else None
        if table is not None:
            text = with_table(text, table)
        return self._moves.formula(text, Kind.FORMULA, Standing(self._sheet, self._place.row))

    @property
    def _table(self) -> str | None:
        """The table that the cell is in, null for none."""
        row, column = self._place.row, self._place.column
        cell = CellRange(row, column, row, column)
        return next((table.name for table in self._tables if table.range.meets(cell)), None)

    def formula(self, text: str) -> str | None:
        """The text of a formula that has one."""
        pending, self._pending = self._pending, None
        if not text:
            return pending
        return self._moved(text)

    def end_formula(self) -> Iterable[bytes] | None:
        """A formula ends: one without a text of its own gets it."""
        pending, self._pending = self._pending, None
        return (escape(pending).encode(),) if pending else None

    def _start_array(self, cells: CellRange, what: str) -> None:
        rows = self._moves.of(self._sheet)
        if self._is_stale and not cells.is_single_cell:
            self._arrays.append(cells)
        if rows.is_cut(cells.first_row, cells.last_row):
            where = cell_name(cells.first_row, cells.first_column)
            raise immovable(f"they would come into {what} of sheet {self._sheet!r}, at {where}")
