"""Workbooks with blank rows inserted: all parts moved, and nothing filled in."""

from __future__ import annotations

import zipfile
from pathlib import Path

from aetherflow_excel.filling.owners import owners_of_parts
from aetherflow_excel.moving.insertions import Insertion
from aetherflow_excel.moving.moves import Moves
from aetherflow_excel.moving.parts import DROPPED_TYPES, Part, part_patcher
from aetherflow_excel.moving.sheet_patcher import sheet_patcher
from aetherflow_excel.moving.survey import survey_sheet
from aetherflow_excel.package.package import Package
from aetherflow_excel.package.patching import patched
from aetherflow_excel.workbook.book import Workbook


def insert_blank_rows(source: Path, target: Path, insertions: list[Insertion]) -> list[str]:
    """Write the workbook with its rows moved; the answer is what is to be looked at by a person."""
    warnings: list[str] = []
    with Package(source) as package, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        book = Workbook(package)
        moves = Moves(insertions, [sheet.name for sheet in book.sheets])
        names = {sheet.part: sheet.name for sheet in book.sheets}
        owners = owners_of_parts(book)
        for part in package.members:
            xml = package.read(part)
            if part in names:
                patcher = sheet_patcher(moves, survey_sheet([xml], names[part]), is_stale=True)
            elif package.content_type(part) in DROPPED_TYPES:
                continue
            else:
                found = Part(part, package.content_type(part), owners.get(part), lambda xml=xml: [xml])
                patcher = part_patcher(moves, found, warnings)
            written.writestr(part, xml if patcher is None else patched(xml, patcher))
    return warnings
