"""Which patcher a part of a workbook needs when rows are inserted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from ..package.patching import Patcher
from .charts import ChartPatcher
from .drawings import DrawingPatcher, drawing_patcher
from .insertions import Kind
from .legacy_drawings import legacy_drawing_patcher, mended
from .moves import Moves, Standing
from .pivots import PivotTablePatcher, pivot_cache_patcher
from .problems import immovable
from .rules import RulesPatcher
from .tables import TablePatcher
from .workbook_part import WorkbookPatcher

_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OLD_DRAWING = _OFFICE + "vmlDrawing"
_EXCEL = "application/vnd.ms-excel."

#: Parts that only repeat what programs compute when they open the workbook: they are left out.
DROPPED_TYPES = frozenset({_SHEETS + "calcChain+xml", _SHEETS + "volatileDependencies+xml"})
_SHARED_TYPES = frozenset({_SHEETS + "revisionHeaders+xml", _SHEETS + "revisionLog+xml"})
_VIEWS = "{http://schemas.microsoft.com/office/spreadsheetml/2019/namedsheetviews}"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the workbook, and the sheet that it belongs to, if it does to one; `read` may be called often."""

    name: str
    content_type: str
    sheet: str | None
    read: Callable[[], Iterable[bytes]]


def part_patcher(moves: Moves, part: Part, warnings: list[str]) -> Patcher | None:
    """The patcher for a part that is no worksheet; null for one that nothing can move in.

    What a person should look at is added to the warnings.

    Raises:
        StepError: nobody can insert rows into a workbook with such a part.
        BrokenPart: it is no XML that a workbook may hold.
    """
    kind = part.content_type
    if moves and kind in _SHARED_TYPES:
        raise immovable("the workbook is shared, and keeps a log of who changed what", help="end sharing the workbook")
    if kind.endswith(".main+xml"):
        return WorkbookPatcher(moves, part.read(), warnings)
    make = _MAKERS.get(kind)
    return make(moves, part) if make is not None else None


def readable(content_type: str, xml: bytes) -> bytes:
    """The XML of a part as patchers take it: that of old drawings is not always well-formed."""
    return mended(xml) if content_type == _OLD_DRAWING else xml


def moved_target(moves: Moves, target: str, sheet: str | None = None) -> str:
    """The target of a link inside the workbook, such as `#Data!B7`; without a sheet it is the link's own."""
    if not target.startswith("#"):
        return target
    place = unquote(target[1:])
    moved = moves.formula(place, Kind.FORMULA, Standing(sheet))
    if moved == place:
        return target
    return "#" + (moved if place == target[1:] else moved.replace(" ", "%20"))


def _simple(**rules: tuple[str, ...]) -> Callable[[Moves, Part], Patcher]:
    """A patcher for a part whose elements have cells of its sheet in attributes; `:` is written `__`."""

    def make(moves: Moves, part: Part) -> Patcher:
        patcher = RulesPatcher()
        for tag, names in rules.items():
            patcher.attribute_rule(
                tag.replace("__", ":"), **dict.fromkeys(names, lambda text: moves.areas(part.sheet, text, Kind.OBJECT))
            )
        return patcher

    return make


def _formulas(tag: str, *names: str) -> Callable[[Moves, Part], Patcher]:
    """A patcher for a part whose elements have formulas in attributes."""

    def make(moves: Moves, part: Part) -> Patcher:
        patcher = RulesPatcher()
        patcher.attribute_rule(
            tag, **dict.fromkeys(names, lambda text: moves.formula(text, Kind.FORMULA, Standing(part.sheet)))
        )
        return patcher

    return make


def _relationships(moves: Moves, part: Part) -> Patcher:
    patcher = RulesPatcher()
    patcher.attribute_rule("rel:Relationship", Target=lambda target: moved_target(moves, target, part.sheet))
    return patcher


def _sheet_views(moves: Moves, part: Part) -> Patcher:
    patcher = RulesPatcher()
    patcher.attribute_rule(_VIEWS + "nsvFilter", ref=lambda text: moves.areas(part.sheet, text, Kind.TABLE))
    for name in ("sortCondition", "richSortCondition"):
        patcher.attribute_rule(_VIEWS + name, ref=lambda text: moves.areas(part.sheet, text, Kind.AREA))
    return patcher


_MAKERS: dict[str, Callable[[Moves, Part], Patcher]] = {
    _SHEETS + "table+xml": lambda moves, part: TablePatcher(moves, part.sheet),
    _SHEETS + "pivotTable+xml": lambda moves, part: PivotTablePatcher(moves, part.sheet),
    _SHEETS + "pivotCacheDefinition+xml": lambda moves, part: pivot_cache_patcher(moves, part.read()),
    _SHEETS + "comments+xml": _simple(main__comment=("ref",)),
    _SHEETS + "tableSingleCells+xml": _simple(main__singleXmlCell=("r",)),
    _SHEETS + "connections+xml": _formulas("main:parameter", "cell"),
    _OFFICE + "drawing+xml": lambda moves, part: drawing_patcher(moves, part.sheet, part.read()),
    _OFFICE + "drawingml.chart+xml": lambda moves, _: ChartPatcher(moves),
    _OFFICE + "drawingml.chartshapes+xml": lambda moves, part: DrawingPatcher(moves, part.sheet),
    _OLD_DRAWING: lambda moves, part: legacy_drawing_patcher(moves, part.sheet, part.read()),
    "application/vnd.ms-office.chartex+xml": lambda moves, _: ChartPatcher(moves),
    _EXCEL + "controlproperties+xml": _formulas("x14:formControlPr", "fmlaLink", "fmlaRange", "fmlaGroup", "fmlaTxbx"),
    _EXCEL + "threadedcomments+xml": _simple(tc__threadedComment=("ref",)),
    _EXCEL + "namedsheetviews+xml": _sheet_views,
    "application/vnd.openxmlformats-package.relationships+xml": _relationships,
}
