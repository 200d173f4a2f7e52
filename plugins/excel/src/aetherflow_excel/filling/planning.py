"""A fill planned: everything that can be known, and refused, before anything is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..moving.moves import Moves
from ..moving.reach import stale_sheets
from ..moving.survey import SheetSurvey as FormulaSurvey, has_references, survey_sheet as survey_formulas
from ..workbook.book import Sheet, Workbook
from ..workbook.tables import tables_of
from .new_sheets import NewSheet, new_sheets
from .regions import Filling, check_rectangles, find_region, shared_insertions
from .sheet_plan import PlacedRegion, SheetPlan, place_region, wanted_rows
from .survey import SheetSurvey, survey_sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class FillPlan:
    """All that is known before anything is written; sheets go by their names."""

    book: Workbook
    moves: Moves
    places: list[PlacedRegion]
    sheets: dict[str, SheetPlan]
    new_sheets: dict[str, NewSheet]
    formulas: dict[str, FormulaSurvey]
    #: The sheets that may show results that are wrong now, in lower case.
    stale: frozenset[str]

    @property
    def has_moves(self) -> bool:
        """Whether rows are inserted anywhere."""
        return any(self.moves.changes(name) for name in self.sheets)


def plan_fill(book: Workbook, fillings: Sequence[Filling]) -> FillPlan:
    """Find the place of every target, and what has to move and to change for it.

    Raises:
        StepError: something can't be filled.
    """
    regions = [find_region(book, filling) for filling in fillings]
    names = [sheet.name for sheet in book.sheets]
    anchors = [region.target.anchor for region in regions if region.target.anchor is not None]
    filled = {region.sheet.name for region in regions}
    moves = Moves(shared_insertions(regions), names, anchors, filled)
    places = [place_region(region, moves) for region in regions]
    check_rectangles(
        (place.region.target.name, place.region.sheet.name, cells) for place in places for cells in place.rectangles
    )
    by_sheet: dict[str, list[PlacedRegion]] = defaultdict(list)
    for place in places:
        by_sheet[place.region.sheet.name].append(place)
    sheets = {name: _plan_sheet(book, name, together, moves) for name, together in by_sheet.items()}
    formulas = {sheet.name: _formulas(book, sheet) for sheet in book.sheets if sheet.kind == "worksheet"}
    return FillPlan(
        book=book,
        moves=moves,
        places=places,
        sheets=sheets,
        new_sheets={new.name: new for new in new_sheets(book, [name for name, plan in sheets.items() if plan.is_new])},
        formulas=formulas,
        stale=_stale(book, sheets, formulas),
    )


def _stale(book: Workbook, sheets: dict[str, SheetPlan], formulas: dict[str, FormulaSurvey]) -> frozenset[str]:
    with book.package.blame(book.part):
        return stale_sheets(sheets, list(formulas.values()), _names(book), _table_sheets(formulas))


def _formulas(book: Workbook, sheet: Sheet) -> FormulaSurvey:
    survey = FormulaSurvey(sheet.name)
    with book.package.blame(sheet.part):
        if has_references(book.package.chunks(sheet.part)):
            survey = survey_formulas(book.package.chunks(sheet.part), sheet.name)
    survey.tables = tables_of(book.package, sheet)
    return survey


def _names(book: Workbook) -> dict[str, str]:
    return {defined.name: defined.formula for defined in book.defined_names}


def _table_sheets(surveys: Mapping[str, FormulaSurvey]) -> dict[str, str]:
    return {table.name: name for name, survey in surveys.items() for table in survey.tables}


def _plan_sheet(book: Workbook, name: str, places: Sequence[PlacedRegion], moves: Moves) -> SheetPlan:
    sheet = book.sheet(name)
    if sheet is None:
        return SheetPlan(sheet=places[0].region.sheet, places=places, moves=moves, survey=SheetSurvey(), is_new=True)
    rows = [rows for place in places for rows in wanted_rows(place)]
    survey = survey_sheet(book.package, sheet.part, rows)
    plan = SheetPlan(sheet=sheet, places=places, moves=moves, survey=survey, tables=tables_of(book.package, sheet))
    plan.check()
    return plan
