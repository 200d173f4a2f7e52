"""What has to be known of a worksheet before it is patched: some things stand behind what they are needed for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..grid.cells import cell_name
from ..package.patching import Edit, Patcher
from ..package.walking import walk
from ..workbook.tables import Table
from .anchors import Anchor, AnchorReader
from .places import Place
from .references import parse_formula

#: Elements of extensions that tell at their end which cells they are about.
BLOCKS = frozenset(
    {"x14:conditionalFormatting", "x14:dataValidation", "x14:sparkline", "x14:ignoredError", "x14:protectedRange"}
)
FORMULAS = frozenset({"main:f", "main:formula", "main:formula1", "main:formula2", "xm:f"})
#: Cells in a formula, of which only the row is another in the next row's formula.
_ROWS = re.compile(r"(?<![\w.\\])(\$?[A-Za-z]{1,3}\$?)[0-9]+(?![\w.\\!(\[])")
_MOST_SHAPES = 10_000
#: The beginnings of all of these, whatever the prefix; what has zeros in it is UTF-16.
_REFERRING = re.compile(rb"[<:](?:f|formula[12]?|sqref|anchor|from|to|conditionalFormatting|sparkline)[\s/>]")
_LONGEST_TAG = 64
#: Functions that find cells by what a text or a number says.
_UNSEEN = ("indirect", "offset")

#: The text of a formula, and row and column of the cell that has it.
SharedFormula = tuple[str, int, int]


@dataclass(slots=True)
class SheetSurvey:
    """What a worksheet's formulas refer to, and what its patcher has to know early."""

    sheet: str
    #: Shared formulas by their number.
    shared: dict[str, list[SharedFormula]] = field(default_factory=dict)
    #: The cells of each of BLOCKS, in their order.
    block_cells: list[str] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    #: Cells with a formula whose kind of value is told: row and column.
    typed_formulas: set[tuple[int, int]] = field(default_factory=set)
    has_formulas: bool = False
    #: The tables of the sheet, which its XML does not tell.
    tables: Sequence[Table] = ()
    #: The sheets that are referred to: one, or two for all between them.
    sheets: set[tuple[str, ...]] = field(default_factory=set)
    #: In lower case, what may be names of ranges or tables.
    names: set[str] = field(default_factory=set)
    #: Functions that find cells in ways that nobody can follow: where the first one is, and how many there are.
    unseen: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def warnings(self) -> list[str]:
        """What will not move with the rows, for a person to look at."""
        return [
            f"sheet {self.sheet!r}: {name.upper()} in {place}{f' and {count - 1:,} more' * (count > 1)}:"
            " what it finds by text or by number does not move with inserted rows"
            for name, (place, count) in self.unseen.items()
        ]


def survey_sheet(chunks: Iterable[bytes], sheet: str) -> SheetSurvey:
    """Look through the XML of a worksheet.

    Raises:
        BrokenPart: it is no XML that a workbook may hold.
    """
    surveyor = _Surveyor(sheet)
    walk(chunks, surveyor)
    return surveyor.survey


def has_references(chunks: Iterable[bytes]) -> bool:
    """Whether the XML of a worksheet may hold anything that a survey looks for; told without parsing it.

    A sheet of data alone has nothing, and may be large.
    """
    end = b""
    for chunk in chunks:
        piece = end + chunk
        if b"\0" in piece or _REFERRING.search(piece):
            return True
        end = piece[-_LONGEST_TAG:]
    return False


class _Surveyor(Patcher):
    def __init__(self, sheet: str) -> None:
        self.survey = SheetSurvey(sheet)
        self._place = Place()
        self._anchors = AnchorReader()
        self.survey.anchors = self._anchors.anchors
        self._cell: Mapping[str, str] = {}
        self._shared: str | None = None
        self._has_block = False
        #: Functions that nobody can follow, by formulas without the numbers of their rows.
        self._shapes: dict[str, tuple[str, ...]] = {}

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        if tag == "main:c":
            self._place.begin_cell(attributes)
            self._cell = attributes
        elif tag == "main:row":
            self._place.begin_row(attributes)
        elif tag == "main:f":
            self._start_formula(attributes)
        elif tag in BLOCKS:
            self.survey.block_cells.append("")
            self._has_block = True
        else:
            self._anchors.start(tag, attributes)
        return None

    def _start_formula(self, attributes: Mapping[str, str]) -> None:
        self.survey.has_formulas = True
        is_first = attributes.get("t") == "shared" and "ref" in attributes
        self._shared = attributes.get("si") if is_first else None
        if self._cell.get("t") not in {None, "n", "str"}:
            self.survey.typed_formulas.add((self._place.row, self._place.column))

    def takes_text(self, tag: str) -> bool:
        return tag in FORMULAS or (tag == "xm:sqref" and self._has_block) or self._anchors.takes_text(tag)

    def text(self, tag: str, text: str) -> str | None:
        if tag == "xm:sqref":
            self.survey.block_cells[-1] = text
        elif tag in FORMULAS:
            self._read_formula(tag, text)
        else:
            self._anchors.text(tag, text)
        return None

    def end(self, tag: str) -> Iterable[bytes]:
        if tag in BLOCKS:
            self._has_block = False
        return ()

    def _read_formula(self, tag: str, text: str) -> None:
        if tag == "main:f" and self._shared is not None and text:
            found = (text, self._place.row, self._place.column)
            self.survey.shared.setdefault(self._shared, []).append(found)
        # Rows of formulas mostly differ in their numbers only, and taking each apart would be slow.
        shape = text if "'" in text else _ROWS.sub(r"\1", text)
        functions = self._shapes.get(shape)
        if functions is None:
            functions = self._read_shape(text)
            if len(self._shapes) < _MOST_SHAPES:
                self._shapes[shape] = functions
        if functions:
            self._tell_unseen(tag, functions)

    def _read_shape(self, text: str) -> tuple[str, ...]:
        """Remember what a formula refers to; the answer is which functions of it nobody can follow."""
        formula, survey = parse_formula(text), self.survey
        survey.names |= formula.names
        for reference in formula.references:
            survey.sheets.add(reference.sheets or (survey.sheet,))
        links = ("hyperlink",) if "hyperlink" in formula.functions and '"#' in text else ()
        return (*(name for name in _UNSEEN if name in formula.functions), *links)

    def _tell_unseen(self, tag: str, functions: Iterable[str]) -> None:
        is_cell = tag == "main:f"
        cell = cell_name(self._place.row, self._place.column)
        where = f"cell {cell}" if is_cell else "a format, a rule or a sparkline"
        for name in functions:
            place, count = self.survey.unseen.get(name, (where, 0))
            self.survey.unseen[name] = place, count + 1
