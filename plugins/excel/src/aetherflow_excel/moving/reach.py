"""Which sheets may compute something else now: those whose formulas reach a sheet that has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .references import parse_formula
from .survey import SheetSurvey

_EVERY_SHEET = "*"


def stale_sheets(
    changed: Iterable[str],
    surveys: Sequence[SheetSurvey],
    names: Mapping[str, str],
    tables: Mapping[str, str],
) -> frozenset[str]:
    """The sheets whose formulas may have other values, in lower case.

    `surveys` are those of all worksheets in the workbook's order, `names` the texts of the defined names, `tables`
    the sheets of the tables.
    """
    order = [survey.sheet.lower() for survey in surveys]
    homes = _homes(names, tables, order)
    reads = {
        survey.sheet.lower(): _spread(survey.sheets, order).union(
            *(homes.get(name, frozenset()) for name in survey.names),
            {_EVERY_SHEET} if "indirect" in survey.unseen else (),
        )
        for survey in surveys
        if survey.has_formulas
    }
    stale = {name.lower() for name in changed}
    reached = stale | {_EVERY_SHEET}
    while more := {sheet for sheet, read in reads.items() if sheet not in reached and read & reached}:
        reached |= more
    return frozenset(reached - {_EVERY_SHEET})


def _homes(names: Mapping[str, str], tables: Mapping[str, str], order: Sequence[str]) -> dict[str, frozenset[str]]:
    """The sheets that each name leads to, over other names too."""
    homes = {table.lower(): frozenset({sheet.lower()}) for table, sheet in tables.items()}
    parsed = {name.lower(): parse_formula(text) for name, text in names.items()}
    for name, formula in parsed.items():
        homes[name] = _spread((each.sheets for each in formula.references), order)
        if "indirect" in formula.functions:
            homes[name] |= {_EVERY_SHEET}
    for _ in parsed:
        before = dict(homes)
        for name, formula in parsed.items():
            homes[name] = homes[name].union(*(homes.get(other, frozenset()) for other in formula.names))
        if homes == before:
            break
    return homes


def _spread(references: Iterable[tuple[str, ...]], order: Sequence[str]) -> frozenset[str]:
    """All sheets of references, also those between two."""
    found: set[str] = set()
    for sheets in references:
        folded = [name.lower() for name in sheets]
        found.update(folded)
        places = [order.index(name) for name in folded if name in order]
        if len(places) > 1:
            found.update(order[min(places) : max(places) + 1])
    return frozenset(found)
