"""The XML of a worksheet, with rows, cells and all that refers to cells moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..grid.cells import LAST_ROW, CellRange, cell_name
from ..package.patching import Edit
from .anchors import AnchorMover
from .areas import Areas
from .cell_formulas import CellFormulas
from .extensions import Extensions
from .insertions import Kind
from .moves import Moves, Standing
from .numbers import cell_range, whole_number
from .places import Place
from .rules import RulesPatcher, changed
from .survey import SheetSurvey

#: Which attributes hold cells of the same sheet, and what kind of thing has them.
_CELLS = {
    "main:sheetPr": ("syncRef", Kind.OBJECT),
    "main:protectedRange": ("sqref", Kind.AREA),
    "main:scenarios": ("sqref", Kind.OBJECT),
    "main:inputCells": ("r", Kind.OBJECT),
    "main:autoFilter": ("ref", Kind.TABLE),
    "main:sortState": ("ref", Kind.AREA),
    "main:sortCondition": ("ref", Kind.AREA),
    "main:mergeCell": ("ref", Kind.OBJECT),
    "main:cellWatch": ("r", Kind.OBJECT),
    "main:ignoredError": ("sqref", Kind.AREA),
    "main:cellSmartTags": ("r", Kind.OBJECT),
    "main:webPublishItem": ("sourceRef", Kind.AREA),
}
_CONTROL_FORMULAS = ("linkedCell", "listFillRange")


def sheet_patcher(
    moves: Moves, survey: SheetSurvey, *, is_stale: bool, filled: Iterable[CellRange] = ()
) -> SheetPatcher:
    """The patcher for one worksheet, by what was found in it.

    With `is_stale` its formulas lose their old values. `filled` is where data comes in, on the sheet as it will be:
    the sheet tells how far it goes, and some readers look no further.
    """
    return SheetPatcher(moves, survey, is_stale=is_stale, filled=filled)


class SheetPatcher(RulesPatcher):
    """Moves everything in a worksheet; another patcher may ask it about each element and add to what it says.

    `place` is where in the template it is, `row` where that row is now.
    """

    def __init__(self, moves: Moves, survey: SheetSurvey, *, is_stale: bool, filled: Iterable[CellRange] = ()) -> None:
        super().__init__()
        self._moves = moves
        self._sheet = survey.sheet
        self._rows = moves.of(survey.sheet)
        self._filled = tuple(filled)
        self.place = Place()
        self.row = 0
        self._formulas = CellFormulas(moves, survey, self.place, is_stale=is_stale)
        self._areas = Areas(moves, survey)
        self._anchors = AnchorMover(survey.anchors, self._rows)
        self._extensions = Extensions(moves, survey.sheet, self._areas)
        self._has_row_breaks = True
        self._add_cell_rules()
        self._add_area_rules()
        self._add_other_rules()

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        rule = self.starts.get(tag)
        if rule is not None:
            return rule(attributes)
        self._extensions.start(tag, attributes)
        return self._anchors.start(tag, attributes)

    def takes_text(self, tag: str) -> bool:
        return tag in self.texts or self._anchors.takes_text(tag) or self._extensions.takes_text(tag)

    def text(self, tag: str, text: str) -> str | None:
        rule = self.texts.get(tag)
        if rule is not None:
            return rule(text)
        return self._anchors.text(tag, text) if self._anchors.takes_text(tag) else self._extensions.text(tag, text)

    def end(self, tag: str) -> Iterable[bytes]:
        self._extensions.end(tag)
        return super().end(tag)

    def _add_cell_rules(self) -> None:
        self.starts["main:row"] = self._start_row
        self.starts["main:c"] = self._start_cell
        self.starts["main:f"] = self._formulas.start_formula
        self.texts["main:f"] = self._formulas.formula
        self.ends["main:f"] = self._formulas.end_formula
        self.starts["main:v"] = self._formulas.start_value

    def _add_area_rules(self) -> None:
        for tag in ("main:conditionalFormatting", "main:dataValidation"):
            self.starts[tag] = self._areas.start
        for tag in ("main:formula", "main:formula1", "main:formula2"):
            self.texts[tag] = self._areas.formula
        self.starts["main:cfvo"] = self._areas.bound

    def _add_other_rules(self) -> None:
        for tag, (name, kind) in _CELLS.items():
            self._add_cells_rule(tag, name, kind)
        self.attribute_rule("main:controlPr", **dict.fromkeys(_CONTROL_FORMULAS, self._formula))
        self.attribute_rule("main:dimension", ref=self._dimension)
        self.starts["main:rowBreaks"] = lambda _: self._begin_breaks(are_rows=True)
        self.starts["main:colBreaks"] = lambda _: self._begin_breaks(are_rows=False)
        self.starts["main:brk"] = self._start_break
        self.starts["main:hyperlink"] = self._start_hyperlink
        self.starts["main:dataRef"] = self._start_data_ref

    def _add_cells_rule(self, tag: str, name: str, kind: Kind) -> None:
        self.attribute_rule(tag, **{name: lambda text: self._moves.areas(self._sheet, text, kind)})

    def _formula(self, text: str) -> str:
        return self._moves.formula(text, Kind.FORMULA, Standing(self._sheet))

    def _dimension(self, text: str) -> str:
        """What a sheet reaches from and to: its old cells and the new ones."""
        new = (*self._rows.data_ranges(), *self._filled)
        if not self._rows and not new:
            return text
        used = self._rows.range(cell_range(text), Kind.OBJECT)
        ranges = (used, *new)
        return str(
            CellRange(
                min(each.first_row for each in ranges),
                min(each.first_column for each in ranges),
                max(each.last_row for each in ranges),
                max(each.last_column for each in ranges),
            )
        )

    def _start_row(self, attributes: Mapping[str, str]) -> Edit | None:
        self.place.begin_row(attributes)
        self.row = self._rows.row(self.place.row)
        return changed(attributes, {"r": str(self.row)}) if self._rows else None

    def _start_cell(self, attributes: Mapping[str, str]) -> Edit | None:
        self.place.begin_cell(attributes)
        new = self._formulas.start_cell(attributes)
        if self._rows and "r" in attributes:
            new["r"] = cell_name(self.row, self.place.column)
        return changed(attributes, new)

    def _begin_breaks(self, *, are_rows: bool) -> None:
        self._has_row_breaks = are_rows

    def _start_break(self, attributes: Mapping[str, str]) -> Edit | None:
        """A break after a row belongs to the row below it; one after a column has rows that it begins and ends at."""
        names = ("id",) if self._has_row_breaks else ("min", "max")
        return changed(attributes, {name: self._break(attributes[name]) for name in names if name in attributes})

    def _break(self, text: str) -> str:
        row = whole_number(text) + 1
        return text if row >= LAST_ROW else str(self._rows.row(row) - 1)

    def _start_hyperlink(self, attributes: Mapping[str, str]) -> Edit | None:
        new: dict[str, str | None] = {}
        if "ref" in attributes:
            new["ref"] = self._moves.areas(self._sheet, attributes["ref"], Kind.OBJECT)
        if "location" in attributes and "r:id" not in attributes:
            new["location"] = self._formula(attributes["location"])
        return changed(attributes, new)

    def _start_data_ref(self, attributes: Mapping[str, str]) -> Edit | None:
        if "ref" not in attributes or "r:id" in attributes:
            return None
        return changed(attributes, {"ref": self._moves.areas(attributes.get("sheet"), attributes["ref"], Kind.AREA)})
