"""A look at a sheet before it is filled: what a region would hit, and what its cells look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..grid.cells import CellRange, whole_number
from ..package.elements import read_elements
from ..package.package import Package
from ..package.prefixes import prefix_of_root
from ..package.problems import BrokenPart
from ..workbook.cells import check_count_of_cells, number_of_row, place_of

#: What a new row takes over from the style row.
_ROW_LOOK = ("s", "customFormat", "ht", "customHeight", "hidden", "outlineLevel", "collapsed", "thickTop", "thickBot")


@dataclass(slots=True)
class RowLook:
    """How a row of the template looks: its own attributes, its cells' formats, and which cells hold something."""

    attributes: dict[str, str] = field(default_factory=dict)
    styles: dict[int, int] = field(default_factory=dict)
    filled: set[int] = field(default_factory=set)


@dataclass(slots=True)
class SheetSurvey:
    """What was seen of a sheet; rows are the template's."""

    #: In front of the names of elements, with its colon; mostly empty.
    prefix: str = ""
    merged: list[CellRange] = field(default_factory=list)
    #: Ranges with one formula for all of their cells, which can't be changed in part.
    arrays: list[CellRange] = field(default_factory=list)
    column_styles: list[tuple[int, int, int]] = field(default_factory=list)
    rows: dict[int, RowLook] = field(default_factory=dict)
    last_row: int = 0
    last_column: int = 0

    def style_at(self, row: int, column: int) -> int | None:
        """The format of a cell of a row that was looked at: its own, else its row's, else its column's."""
        look = self.rows.get(row)
        if look is not None:
            if column in look.styles:
                return look.styles[column]
            if look.attributes.get("customFormat") in ("1", "true"):
                return _number(look.attributes.get("s"))
        return self.column_style(column)

    def column_style(self, column: int) -> int | None:
        """The format of a column, null for none."""
        return next((style for first, last, style in self.column_styles if first <= column <= last), None)

    def row_look(self, row: int) -> dict[str, str]:
        """The attributes that a new row takes over from one that was looked at.

        A row that is hidden by itself is a pattern for rows that are seen; in a group, it is hidden with the others.
        """
        look = self.rows.get(row)
        if look is None:
            return {}
        is_grouped = look.attributes.get("outlineLevel", "0") != "0"
        taken = (name for name in _ROW_LOOK if name in look.attributes and (is_grouped or name != "hidden"))
        return {name: look.attributes[name] for name in taken}


def survey_sheet(package: Package, part: str, wanted_rows: Sequence[range]) -> SheetSurvey:
    """Look at a whole sheet once; the rows that are wanted are remembered cell by cell.

    Raises:
        StepError: the part is broken.
    """
    seen = SheetSurvey(prefix=prefix_of_root(package, part, "worksheet"))
    surveyor = _Surveyor(seen, [rows for rows in wanted_rows if rows])
    with package.blame(part):
        for tag, attributes, text in read_elements(package.chunks(part)):
            surveyor.see(tag, attributes, text)
        if surveyor.lists_of_rows != 1:
            raise BrokenPart("it has no list of rows, or several, and a sheet has one")
    return seen


class _Surveyor:
    def __init__(self, seen: SheetSurvey, wanted: Sequence[range]) -> None:
        self._seen = seen
        self._wanted = wanted
        self._cells: list[tuple[dict[str, str], bool]] = []
        self._is_filled = False
        self._row = 0
        self.lists_of_rows = 0
        self._looks: dict[object, RowLook] = {}

    def see(self, tag: str, attributes: dict[str, str], text: str) -> None:
        seen = self._seen
        if tag in ("main:v", "main:is"):
            self._is_filled = True
        elif tag == "main:f":
            self._is_filled = True
            if attributes.get("t") in ("array", "dataTable") and "ref" in attributes:
                seen.arrays.append(_range(attributes["ref"]))
        elif tag == "main:c":
            check_count_of_cells(len(self._cells))
            self._cells.append((attributes, self._is_filled))
            self._is_filled = False
        elif tag == "main:row":
            self._see_row(attributes)
        elif tag == "main:sheetData":
            self.lists_of_rows += 1
        elif tag == "main:mergeCell":
            seen.merged.append(_range(attributes.get("ref", "")))
        elif tag == "main:col" and (style := _number(attributes.get("style"))):
            first, last = _number(attributes.get("min")), _number(attributes.get("max"))
            seen.column_styles.append((first or 1, last or first or 1, style))

    def _see_row(self, attributes: dict[str, str]) -> None:
        seen = self._seen
        self._row = number_of_row(attributes.get("r"), self._row)
        seen.last_row = max(seen.last_row, self._row)
        is_wanted = any(self._row in rows for rows in self._wanted)
        styles: dict[int, int] = {}
        filled: set[int] = set()
        column = 0
        for cell, is_filled in self._cells:
            _, column = place_of(cell.get("r"), self._row, column)
            seen.last_column = max(seen.last_column, column)
            if is_wanted:
                styles[column] = _number(cell.get("s")) or 0
                if is_filled:
                    filled.add(column)
        self._cells.clear()
        if is_wanted:
            kept = {name: attributes[name] for name in _ROW_LOOK if name in attributes}
            # A template may have a hundred thousand rows that look alike.
            look = (tuple(kept.items()), tuple(styles.items()), frozenset(filled))
            seen.rows[self._row] = self._looks.setdefault(look, RowLook(kept, styles, filled))


def _range(reference: str) -> CellRange:
    try:
        return CellRange.parse(reference)
    except ValueError:
        raise BrokenPart(f"it has a range {reference[:40]!r}") from None


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    number = whole_number(text)
    if number is None:
        raise BrokenPart(f"it has a number {text[:20]!r}")
    return number
