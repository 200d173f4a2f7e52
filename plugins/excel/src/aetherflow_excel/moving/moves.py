"""Where everything is after rows were inserted into some sheets of a workbook: rows, ranges and formulas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..grid.cells import LAST_COLUMN, LAST_ROW, CellRange
from .insertions import Insertion, Kind
from .problems import immovable
from .references import End, Reference, parse_area, parse_formula
from .rows import SheetRows


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a formula stands: its sheet, and for a formula in a cell that cell's row in the template."""

    sheet: str | None = None
    row: int | None = None
    #: For a formula that holds for a whole area, such as a conditional format's: the first row of that area in the
    #: template, and where it is now. Rows without a dollar sign keep their distance to it.
    base: tuple[int, int] | None = None


#: A name whose rows are not fixed counts them from the cell that uses it, as if that stood in row 1: what means rows
#: above it is told from the end of the sheet. What is told from its beginning moves: scripts leave out dollar signs.
_FAR_BELOW = LAST_ROW // 2


class Moves:
    """All insertions into a workbook; names of sheets are compared without case, as spreadsheet programs do.

    `sheet_names` are all sheets in their order. `anchored_names` are the defined names at which data begins.
    `filled_sheets` get other data, with or without new rows. It is false where no rows are inserted at all.
    """

    def __init__(
        self,
        insertions: Iterable[Insertion],
        sheet_names: Sequence[str],
        anchored_names: Iterable[str] = (),
        filled_sheets: Iterable[str] = (),
    ) -> None:
        by_sheet: dict[str, list[Insertion]] = {}
        for insertion in insertions:
            by_sheet.setdefault(insertion.sheet.lower(), []).append(insertion)
        self._sheets = {name: rows for name, each in by_sheet.items() if (rows := SheetRows(each[0].sheet, each))}
        self.sheet_names = tuple(sheet_names)
        self._order = [name.lower() for name in sheet_names]
        self._anchored = frozenset(name.lower() for name in anchored_names)
        self._filled = frozenset((*self._sheets, *(name.lower() for name in filled_sheets)))

    def __bool__(self) -> bool:
        return bool(self._sheets)

    def of(self, sheet: str | None) -> SheetRows:
        """The insertions into one sheet, which may be none."""
        rows = self._sheets.get(sheet.lower()) if sheet is not None else None
        return rows if rows is not None else SheetRows(sheet or "")

    def fills(self, sheet: str) -> bool:
        """Whether a sheet has other data than before, in new rows or over the old ones."""
        return sheet.lower() in self._filled

    def changes(self, sheet: str | None) -> bool:
        """Whether rows are inserted into a sheet."""
        return sheet is not None and sheet.lower() in self._sheets

    def row(self, sheet: str | None, row: int) -> int:
        """Where a row is."""
        return self.of(sheet).row(row)

    def range(self, sheet: str | None, cells: CellRange, kind: Kind) -> CellRange:
        """Where a range is."""
        return self.of(sheet).range(cells, kind)

    def is_anchored(self, name: str) -> bool:
        """Whether data begins at a defined name."""
        return name.lower() in self._anchored

    def areas(self, sheet: str | None, text: str, kind: Kind) -> str:
        """The cells and ranges of a sheet that a list such as `B2:C9 E5` tells, after the move."""
        if not self.changes(sheet):
            return text
        standing = Standing(sheet)
        return " ".join(self._area(part, kind, standing) for part in text.split(" "))

    def formula(self, text: str, kind: Kind, standing: Standing) -> str:
        """A formula with its references moved, and not another character changed.

        Raises:
            StepError: it refers to a row of several sheets at once that moves in one of them.
        """
        if not self._sheets:
            return text
        pieces = parse_formula(text).pieces
        return "".join(piece if isinstance(piece, str) else self._reference(piece, kind, standing) for piece in pieces)

    def is_touched(self, text: str, sheet: str | None) -> bool:
        """Whether a formula refers to a sheet that rows are inserted into."""
        return any(self._moving_sheets(each, sheet) for each in parse_formula(text).references)

    def _moving_sheets(self, reference: Reference, sheet: str | None) -> list[str]:
        """The sheets of a reference that rows are inserted into; the one of its formula where it names none."""
        if reference.is_external or not reference.ends:
            return []
        named = self._spanned(reference) if reference.sheets else (sheet,)
        return [name for name in named if name is not None and self.changes(name)]

    def _spanned(self, reference: Reference) -> Sequence[str]:
        """The sheets of a reference, all between the two where it has two."""
        if len(reference.sheets) == 1:
            return reference.sheets
        places = [self._order.index(name.lower()) for name in reference.sheets if name.lower() in self._order]
        return self._order[min(places) : max(places) + 1] if places else ()

    def _area(self, text: str, kind: Kind, standing: Standing) -> str:
        reference = parse_area(text)
        return text if reference is None else self._reference(reference, kind, standing)

    def _reference(self, reference: Reference, kind: Kind, standing: Standing) -> str:
        if not reference.ends or not reference.first.row:
            return reference.text
        for sheet in self._moving_sheets(reference, standing.sheet):
            ends = self._ends(reference, sheet, kind, standing)
            if ends == reference.ends:
                continue
            if len(reference.sheets) > 1:
                raise immovable(f"a formula refers to {reference.text[:120]!r}, which is on several sheets at once")
            return reference.with_ends(*ends)
        return reference.text

    def _ends(self, reference: Reference, sheet: str, kind: Kind, standing: Standing) -> tuple[End, ...]:
        rows = self.of(sheet)
        if not rows.reaches(max(reference.first.row, reference.last.row)):
            return reference.ends
        is_own = standing.sheet is not None and sheet.lower() == standing.sheet.lower()
        if is_own and standing.base is not None:
            return _keeping_distance(reference, rows, standing.base, kind)
        return _moved(reference, rows, kind, standing.row if is_own else None)


def _cells(reference: Reference) -> CellRange:
    columns = sorted((reference.first.column or 1, reference.last.column or LAST_COLUMN))
    rows = sorted((reference.first.row, reference.last.row))
    return CellRange(rows[0], columns[0], rows[1], columns[1])


def _moved(reference: Reference, rows: SheetRows, kind: Kind, standing_row: int | None) -> tuple[End, ...]:
    """The corners where they are now; a single cell may become a range."""
    cells = _cells(reference)
    are_fixed = reference.first.has_fixed_row and reference.last.has_fixed_row
    if (kind is Kind.NAME or kind is Kind.ANCHOR) and not are_fixed and cells.last_row > _FAR_BELOW:
        return reference.ends
    kind = _kind_of(reference, kind)
    moved = rows.range(cells, kind, may_grow_up=are_fixed or not _belongs_to_row(cells, standing_row))
    upper, lower = reference.first.at_row(moved.first_row), reference.last.at_row(moved.last_row)
    if len(reference.ends) == 1:
        return (upper,) if moved.is_single_cell or reference.begins_range else (upper, lower)
    if reference.first.row > reference.last.row:
        return upper.at_row(moved.last_row), lower.at_row(moved.first_row)
    return upper, lower


def _belongs_to_row(cells: CellRange, row: int | None) -> bool:
    """Whether a range is one of the cells around a formula in its rows, such as the last three.

    One that goes on further below than it begins above is a whole list, whose total stands beside it.
    """
    return (
        row is not None and cells.first_row <= row <= cells.last_row and cells.last_row - row <= row - cells.first_row
    )


def _kind_of(reference: Reference, kind: Kind) -> Kind:
    """What a reference means by the way it is written: `B5` is a cell, `B5:B5` a range that may grow."""
    if reference.begins_range or (kind is Kind.NAME and len(reference.ends) > 1):
        return Kind.AREA
    is_cell = kind is Kind.FORMULA and len(reference.ends) == 1 and not reference.is_summed
    return Kind.OBJECT if is_cell else kind


def _keeping_distance(reference: Reference, rows: SheetRows, base: tuple[int, int], kind: Kind) -> tuple[End, ...]:
    """The corners of a formula that holds for an area: fixed rows move, the others keep their distance to it."""
    fixed = _moved(reference, rows, kind, None)
    if len(fixed) != len(reference.ends):
        fixed = fixed[:1]
    by = base[1] - base[0]
    return tuple(
        to if end.has_fixed_row or not 0 < end.row + by <= LAST_ROW else end.at_row(end.row + by)
        for end, to in zip(reference.ends, fixed, strict=True)
    )
