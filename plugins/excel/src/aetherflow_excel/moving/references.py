"""Formulas taken apart into their references and all the rest, of which no character is lost.

What formulas look like in files is always English, whatever the language of the program that wrote them. The tokenizer
of openpyxl is not used here: it refuses spilled ranges (`A5#`), errors that are younger than it (`#SPILL!`), and
does not tell `A5` in `A5:INDEX(…)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from ..grid.cells import LAST_COLUMN, LAST_ROW, column_number
from ..package.problems import BrokenPart

_CELL = r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}"
_AREA = rf"(?:{_CELL}(?::{_CELL})?|\$?[0-9]{{1,7}}:\$?[0-9]{{1,7}}|\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}})"
_WORD = r"[\w.\\?]+"
#: The name of a sheet of another workbook may have a path with it.
_MOST_NAME = 600
#: A sheet, two sheets with all between them, or one of another workbook.
_SHEET = rf"(?:'(?:[^']|''){{1,{_MOST_NAME}}}+'|(?:\[[^\[\]]*\])?{_WORD}(?::{_WORD})?|\[[0-9]+\])!"
_PIECE = re.compile(
    rf"""
      (?P<string>"(?:[^"]|"")*")
    | (?P<lost>\#REF!(?:{_AREA})?)
    | (?P<sheet>{_SHEET})?(?P<area>{_CELL}:(?P=sheet){_CELL}|{_AREA})(?![\w.\\?!(\[])
    | (?P<prefix>{_SHEET})
    | (?P<brackets>\[(?:[^\[\]']|'.?|\[(?:[^\[\]']|'.?)*+\])*+(?:\]|\Z))
    | (?P<quoted>'(?:[^']|'')*+(?:'|\Z))
    | (?P<number>[0-9]+(?:\.[0-9]*)?(?:[Ee][+-]?[0-9]+)?(?![\w.\\?]))
    | (?P<word>{_WORD})(?P<call>\()?
    """,
    re.VERBOSE | re.DOTALL,
)
#: What stands in front of the only thing that is summed up.
_SUMMED = re.compile(
    r"(?:^|[^\w.])(?:(?:SUM|AVERAGE|COUNTA?|MAX|MIN|MEDIAN|PRODUCT)\("
    r"|SUBTOTAL\(\s*\d+\s*,|AGGREGATE\(\s*\d+\s*,\s*\d+\s*,)\s*$",
    re.IGNORECASE,
)
_MOST_BEFORE = 40
_CLOSED = re.compile(r"\s{0,20}\)")
#: What stands in front of the cell from which a range is counted, and what comes behind one that a range begins with.
_OFFSET = re.compile(r"(?:^|[^\w.])OFFSET\(\s*$", re.IGNORECASE)
_COLON = re.compile(r"\s{0,20}:")
_END = re.compile(r"(\$?)([A-Za-z]{0,3})(\$?)([0-9]{0,7})")
#: Excel allows half of that; what is longer only costs time.
_MOST_CHARACTERS = 16_384
_CONSTANTS = frozenset({"true", "false"})


class End(NamedTuple):
    """One corner of a reference: a column, a row (else 0), or both."""

    letters: str
    has_fixed_column: bool
    row: int
    has_fixed_row: bool

    @property
    def column(self) -> int:
        """The number of its column, 0 where it has none."""
        return column_number(self.letters)

    def at_row(self, row: int) -> End:
        """The same corner in another row."""
        return End(self.letters, self.has_fixed_column, row, self.has_fixed_row)

    def __str__(self) -> str:
        column = f"{'$' * self.has_fixed_column}{self.letters}"
        return f"{column}{'$' * self.has_fixed_row}{self.row}" if self.row else column


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference as it stands in a formula: its sheets, and one corner or two."""

    text: str
    #: The part of the text in front of the cells, with its exclamation mark.
    prefix: str
    #: No name where it is the sheet of the formula, two for all sheets between them.
    sheets: tuple[str, ...]
    is_external: bool
    ends: tuple[End, ...]
    #: Whether the sheet is said at both corners: `Data!A1:Data!A9`.
    has_sheet_twice: bool = False
    #: Whether it is all that a function sums up or counts, as in `SUM(B5)`: a single cell is a range of one then.
    is_summed: bool = False
    #: Whether it is a cell from which the formula works out a range: `B5:INDEX(…)`, `OFFSET($B$5,…)`.
    begins_range: bool = False

    @property
    def first(self) -> End:
        """The corner that is written first."""
        return self.ends[0]

    @property
    def last(self) -> End:
        """The corner that is written last, which is the first one of a single cell."""
        return self.ends[-1]

    def with_ends(self, *ends: End) -> str:
        """The text with other corners."""
        between = f":{self.prefix}" if self.has_sheet_twice else ":"
        return self.prefix + between.join(map(str, ends))


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula in pieces; joined they are its text."""

    pieces: tuple[str | Reference, ...]
    #: What may be names of ranges or of tables, and what is called, all without case.
    names: frozenset[str]
    functions: frozenset[str]

    @property
    def references(self) -> Iterator[Reference]:
        """Its references in their order."""
        return (piece for piece in self.pieces if isinstance(piece, Reference))


@lru_cache(maxsize=4096)
def parse_formula(text: str) -> Formula:
    """Take a formula apart; an equals sign in front is neither needed nor in the way.

    Raises:
        BrokenPart: it is longer than a formula can be.
    """
    if len(text) > _MOST_CHARACTERS:
        raise BrokenPart(f"it has a formula of {len(text):,} characters")
    pieces: list[str | Reference] = []
    names: set[str] = set()
    functions: set[str] = set()
    done = 0
    for found in _PIECE.finditer(text):
        if found["word"]:
            _sort_word(found["word"].lower(), names, functions, is_called=bool(found["call"]))
        reference = _reference(found)
        if reference is None:
            continue
        if len(reference.ends) == 1:
            reference = replace(reference, is_summed=_is_summed(text, found), begins_range=_begins_range(text, found))
        pieces.extend((text[done : found.start()], reference))
        done = found.end()
    pieces.append(text[done:])
    return Formula(tuple(piece for piece in pieces if piece != ""), frozenset(names), frozenset(functions))


def parse_area(text: str) -> Reference | None:
    """A reference without a sheet, such as B2:C9, 5:5 or A:C; null where it is none."""
    found = _PIECE.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
    reference = None if found is None else _reference(found)
    return None if reference is None or reference.sheets or not reference.ends else reference


def with_table(text: str, table: str) -> str:
    """A formula in a table, its columns named as those of that table: `[Price]` alone is understood by Excel only."""
    if "[" not in text:
        return text
    pieces: list[str] = []
    done = 0
    for found in _PIECE.finditer(text):
        is_bare = found["brackets"] and not re.search(r"[\w.\\?'\]]$", text[: found.start()])
        if is_bare and text[found.end() : found.end() + 1] not in ("!", "'") and not text[found.end() :][:1].isalnum():
            pieces.extend((text[done : found.start()], table))
            done = found.start()
    return "".join(pieces) + text[done:]


def sheet_of_prefix(prefix: str) -> tuple[str, ...]:
    """The sheets that the text in front of a reference names."""
    name = prefix.removesuffix("!")
    if name.startswith("'"):
        name = name[1:-1].replace("''", "'")
    return tuple(name.split(":")) if name else ()


def _begins_range(text: str, found: re.Match[str]) -> bool:
    """Whether a reference is the cell from which the formula works out a range, as in `B5:INDEX(…)`."""
    before = text[max(found.start() - _MOST_BEFORE, 0) : found.start()]
    return _COLON.match(text, found.end()) is not None or _OFFSET.search(before) is not None


def _sort_word(word: str, names: set[str], functions: set[str], *, is_called: bool) -> None:
    if is_called:
        functions.add(word.rpartition(".")[2] if word.startswith("_xl") else word)
    elif word not in _CONSTANTS:
        names.add(word)


def _is_summed(text: str, found: re.Match[str]) -> bool:
    if not _CLOSED.match(text, found.end()):
        return False
    return _SUMMED.search(text[max(0, found.start() - _MOST_BEFORE) : found.start()]) is not None


def _reference(found: re.Match[str]) -> Reference | None:
    prefix = found["sheet"] or found["prefix"] or ""
    area = found["area"]
    if not prefix and not area:
        return None
    has_sheet_twice = bool(prefix and area and prefix in area)
    if has_sheet_twice:
        area = area.replace(prefix, "")
    ends = tuple(map(_end, area.split(":"))) if area else ()
    if not all(end is not None for end in ends):
        ends = ()
    if not prefix and not ends:
        return None
    corners = tuple(end for end in ends if end is not None)
    return Reference(found[0], prefix, sheet_of_prefix(prefix), "[" in prefix, corners, has_sheet_twice)


def _end(text: str) -> End | None:
    """A corner; null for what looks like one and is on no sheet, and so is a name."""
    found = _END.fullmatch(text)
    if found is None:
        return None
    column_mark, letters, row_mark, digits = found.groups()
    row = int(digits or 0)
    if column_number(letters) > LAST_COLUMN or row > LAST_ROW or (digits and not row):
        return None
    # `$5` has its dollar sign where a column's would stand.
    return End(letters, bool(letters and column_mark), row, bool(row and (row_mark or (column_mark and not letters))))
