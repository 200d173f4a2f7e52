"""What a sheet's XML tells that calamine does not: how far it reaches, its error cells, formulas without a value.

calamine puts every cell of the rectangle that a sheet spans into memory, so that one stray cell in the last row would
take gigabytes; and it shows the cell of an error as an empty one. It tells elements by their names without a prefix,
and so does this.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ..grid.cells import LAST_COLUMN, LAST_ROW, CellRange, column_number
from ..package.problems import BrokenPart
from ..package.xml_parser import MOST_DEPTH, Tags, as_utf8, new_parser, parse, too_deep

_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class SheetScan:
    """What was seen in a sheet."""

    #: The rectangle that holds every value, null where there is none.
    used: CellRange | None
    #: The texts of error cells, by row and column.
    errors: dict[int, dict[int, str]]
    #: How many formulas have no value that some program has stored, and where the first one is.
    unvalued: int = 0
    first_unvalued: tuple[int, int] | None = None

    def errors_in(self, area: CellRange) -> list[tuple[int, int, str]]:
        """The error cells of an area, in its order."""
        return [
            (row, column, text)
            for row, cells in sorted(self.errors.items())
            for column, text in sorted(cells.items())
            if area.meets(CellRange(row, column, row, column))
        ]


def scan_sheet(chunks: Iterable[bytes]) -> SheetScan:
    """Look at every cell once.

    Raises:
        BrokenPart: it is no XML of a sheet, or has cells that no sheet has.
    """
    scanner = CellScanner()
    scanner.parse(chunks)
    return scanner.result()


class CellScanner:
    """Expat's handlers; places count as calamine counts them, on from the last one where a file leaves them out."""

    def __init__(self) -> None:
        self._parser = new_parser()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._tags = Tags()
        self._depth = 0
        self._row = self._column = 0
        self._has_formula = self._has_value = False
        self._kind = self._text = ""
        self._rows = (LAST_ROW + 1, 0)
        self._columns = (LAST_COLUMN + 1, 0)
        self._errors: dict[int, dict[int, str]] = {}
        self._unvalued = 0
        self._first_unvalued: tuple[int, int] | None = None

    def parse(self, chunks: Iterable[bytes]) -> None:
        """See a whole sheet.

        Raises:
            BrokenPart: it is no XML of a sheet, or has cells that no sheet has.
        """
        for _ in parse(self._parser, as_utf8(chunks)):
            pass

    def result(self) -> SheetScan:
        """What was seen."""
        (top, bottom), (left, right) = self._rows, self._columns
        used = CellRange(top, left, bottom, right) if bottom else None
        return SheetScan(used, self._errors, self._unvalued, self._first_unvalued)

    def _start(self, name: str, attributes: list[str]) -> None:
        self._tags[name]  # There may not be too many of them, nor too many in one another.
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise too_deep()
        match _local(name):
            case "c":
                self._start_cell(attributes)
            case "v" | "is":
                self._value()
            case "f":
                self._has_formula = True
            case "row":
                self._start_row(attributes)

    def _start_row(self, attributes: list[str]) -> None:
        number = _attribute(attributes, "r")
        self._row = _number(number) if number else self._row + 1
        self._column = 0
        if not 0 < self._row <= LAST_ROW:
            raise BrokenPart(f"it has a row {self._row}, and no sheet has")

    def _start_cell(self, attributes: list[str]) -> None:
        name = _attribute(attributes, "r")
        if name:
            letters = name.rstrip(_DIGITS)
            self._column = _column(letters)
            if name[len(letters) :] != str(self._row):
                self._row = _number(name[len(letters) :])
        else:
            self._column += 1
        if not (0 < self._column <= LAST_COLUMN and 0 < self._row <= LAST_ROW):
            raise BrokenPart("it has a cell that no sheet has")
        self._has_formula = self._has_value = False
        self._kind = _attribute(attributes, "t")

    def _value(self) -> None:
        self._has_value = True
        row, column = self._row, self._column
        top, bottom = self._rows
        if not top <= row <= bottom:
            self._rows = (min(top, row), max(bottom, row))
        left, right = self._columns
        if not left <= column <= right:
            self._columns = (min(left, column), max(right, column))
        if self._is_remarkable:
            self._text = ""
            self._parser.CharacterDataHandler = self._read

    def _read(self, text: str) -> None:
        self._text += text

    @property
    def _is_remarkable(self) -> bool:
        return self._kind == "e" or self._has_formula

    def _end(self, name: str) -> None:
        self._depth -= 1
        if not self._is_remarkable:
            return
        if _local(name) == "v":
            self._parser.CharacterDataHandler = None
            self._has_value = bool(self._text.strip()) or self._kind == "str"
            self._see(self._text.strip())
        elif _local(name) == "c":
            if self._has_formula and not self._has_value:
                self._unvalued += 1
                self._first_unvalued = self._first_unvalued or (self._row, self._column)
            self._kind, self._has_formula = "", False

    def _see(self, text: str) -> None:
        """See the value of a remarkable cell."""
        if self._kind == "e":
            self._errors.setdefault(self._row, {})[self._column] = text or "#ERROR"


class _NegativeScanner(CellScanner):
    """Remembers the cells of some columns whose numbers are negative."""

    def __init__(self, columns: frozenset[int]) -> None:
        super().__init__()
        self._wanted = columns
        self.found: set[tuple[int, int]] = set()

    @property
    def _is_remarkable(self) -> bool:
        return self._column in self._wanted

    def _see(self, text: str) -> None:
        if text.startswith("-"):
            self.found.add((self._row, self._column))


def negative_cells(chunks: Iterable[bytes], columns: frozenset[int]) -> set[tuple[int, int]]:
    """The rows and columns of negative numbers in some columns.

    Raises:
        BrokenPart: it is no XML of a sheet.
    """
    scanner = _NegativeScanner(columns)
    scanner.parse(chunks)
    return scanner.found


@lru_cache(maxsize=1024)
def _local(name: str) -> str:
    """A name as expat expands it, without its namespace and prefix."""
    _, _, local = name.partition(" ")
    return local.partition(" ")[0] or name


def _attribute(attributes: list[str], wanted: str) -> str:
    """The value of an attribute in expat's flat list of names and values; empty where it is missing."""
    for place in range(0, len(attributes), 2):
        if attributes[place] == wanted:
            return attributes[place + 1]
    return ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(LAST_ROW)) else 0


@lru_cache(maxsize=LAST_COLUMN)
def _column(letters: str) -> int:
    """The number of a column, 0 where the letters name none."""
    return column_number(letters) if letters.isascii() and letters.isalpha() and len(letters) <= 3 else 0  # noqa: PLR2004
