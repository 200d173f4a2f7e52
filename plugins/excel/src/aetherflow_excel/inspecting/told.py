"""The picture of a workbook as text for people, and as JSON for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import asdict

from ..filling.fill import Filled
from .picture import SheetPicture, WorkbookPicture

_LONGEST = 60
#: Of what has to be read whole: warnings, and the ranges of a chart.
_LONGEST_LIST = 400


def as_json(picture: WorkbookPicture, touched: Filled | None) -> dict[str, object]:
    """The picture as JSON values."""
    told: dict[str, object] = {
        "file": picture.file,
        "content_type": picture.content_type,
        "counts_from_1904": picture.counts_from_1904,
        "has_macros": picture.has_macros,
        "sheets": [_sheet_as_json(sheet) for sheet in picture.sheets],
        "names": [asdict(name) for name in picture.names],
    }
    if touched is not None:
        place = touched.places[0]
        told["touched"] = {
            "sheet": place.region.sheet.name,
            "start_cell": place.start_cell,
            **{name: parts for name, parts in asdict(touched.fidelity).items() if name != "kept"},
        }
    return told


def _sheet_as_json(picture: SheetPicture) -> dict[str, object]:
    return {
        "name": picture.sheet.name,
        "kind": picture.sheet.kind,
        "state": picture.sheet.state,
        "part": picture.sheet.part,
        "cells": str(picture.cells) if picture.cells else None,
        "formulas": picture.formulas,
        "merged": picture.merged,
        "markers": [{"cell": cell, "text": text} for cell, text in picture.markers],
        "tables": [
            {"name": table.name, "cells": str(table.range), "columns": list(table.columns)} for table in picture.tables
        ],
        "charts": [{"part": chart.part, "ranges": chart.ranges} for chart in picture.charts],
    }


def as_text(picture: WorkbookPicture, touched: Filled | None) -> str:
    """The picture as lines for people."""
    lines = [*_workbook_lines(picture), *(_touched_lines(touched) if touched is not None else ())]
    return "".join(f"{line}\n" for line in lines)


def _workbook_lines(picture: WorkbookPicture) -> Iterator[str]:
    extras = [*(["macros"] * picture.has_macros), *(["dates from 1904"] * picture.counts_from_1904)]
    yield f"{shown(picture.file)}{': ' * bool(extras)}{', '.join(extras)}"
    for sheet in picture.sheets:
        yield ""
        yield from _sheet_lines(sheet)
    if picture.names:
        yield ""
        yield "names"
        for name in picture.names:
            where = f" on {shown(name.sheet)}" if name.sheet else ""
            use = "" if name.is_place else "  (no place for rows)"
            yield f"  {shown(name.name)}{where}: {shown(name.formula)}{use}"


def _sheet_lines(picture: SheetPicture) -> Iterator[str]:
    sheet = picture.sheet
    state = "" if sheet.state == "visible" else f", {sheet.state}"
    cells = f": {picture.cells}" if picture.cells else ""
    yield (
        f"{sheet.kind} {shown(sheet.name)}{state}{cells}"
        f"{_counted(picture.formulas, 'formula')}{_counted(picture.merged, 'merged range')}"
    )
    for cell, text in picture.markers:
        yield f"  text  {cell}: {shown(text)}"
    for table in picture.tables:
        yield f"  table {shown(table.name)}: {table.range} ({shown(', '.join(table.columns))})"
    for chart in picture.charts:
        yield f"  chart {shown(chart.part.rpartition('/')[2])}: {shown(', '.join(chart.ranges), _LONGEST_LIST)}"


def _counted(count: int, what: str) -> str:
    return f", {count:,} {what}{'s' * (count > 1)}" if count else ""


def _touched_lines(filled: Filled) -> Iterator[str]:
    place, fidelity = filled.places[0], filled.fidelity
    yield ""
    yield f"rows inserted at {shown(place.region.sheet.name)}!{place.start_cell} change {len(fidelity.changed)} parts"
    for what, parts in (("changed", fidelity.changed), ("left out", fidelity.dropped)):
        for part in parts:
            yield f"  {what}: {shown(part)}"
    yield f"  and keep {len(fidelity.kept)} as the bytes that they are"
    for warning in fidelity.warnings:
        yield f"  to look at: {shown(warning, _LONGEST_LIST)}"


def shown(text: str, longest: int = _LONGEST) -> str:
    """A text of the workbook on one line, not too long, with nothing in it that could not be seen."""
    line = "".join("\ufffd" if unicodedata.category(letter)[0] == "C" else letter for letter in " ".join(text.split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
