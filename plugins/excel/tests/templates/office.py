"""Workbooks as LibreOffice writes them: everything said in full, `false` where others say nothing; and a pivot table."""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates import furnished
from plugins.excel.tests.templates.frame import FORMULAS, TARGET, write_frame
from plugins.excel.tests.templates.record import Expected, Template

ROWS = (("Oslo", 1, 0.5), ("Rome", 2, 0.25), ("Oslo", 4, 0.25))


def write_source(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = write_frame(book)
        for row, values in enumerate(ROWS, 4):
            sheet.write_row(row, 1, values)


SAVED_FACTS = {
    **furnished.TEMPLATE.inserted.facts,
    # It writes functions for constants, and a second formula for every validation.
    "Sum mary formulas": {
        **furnished.TEMPLATE.inserted.facts["Sum mary formulas"],
        "A4": 'VLOOKUP("Rome",Report!$B$4:$D$10,2,FALSE())',
    },
    "Report validations": ["C23: $B$5:$B$10 | 0", "D5:D10: 0 | 1", "F2: C12>0 | 0"],
    # Which row a collapsed group ends at is not kept.
    "Report rows": {2: "ht=21.75", 12: "ht=30", 16: "hidden=1 ht=12.75 outlineLevel=1", 17: "ht=12.75"},
}
SAVED = Template(
    name="office_saved",
    make=furnished.write,
    office={"do": "save"},
    targets=furnished.TEMPLATE.targets,
    replaced=furnished.TEMPLATE.replaced,
    inserted=Expected(
        facts=SAVED_FACTS,
        values=furnished.TEMPLATE.inserted.values,
        changed=furnished.TEMPLATE.inserted.changed,
    ),
)

PIVOT = Template(
    name="office_pivot",
    make=write_source,
    office={"do": "pivot", "range": "B4:D7", "at": "B14"},
    targets=(TARGET,),
    replaced=Expected(
        values={"Report!C9": 60.0, "Report!D9": 1 / 3},
        facts={"pivot sources": {"xl/pivotCache/pivotCacheDefinition1.xml": "Report!B4:D7 refreshed on load"}},
        changed=frozenset({"xl/pivotCache/pivotCacheDefinition1.xml"}),
    ),
    inserted=Expected(
        facts={
            "Report formulas": FORMULAS,
            "Report pivot places": ["B19:C22"],
            "pivot sources": {"xl/pivotCache/pivotCacheDefinition1.xml": "Report!B4:D10 refreshed on load"},
        },
        values={"Report!C12": 67.0, "Report!D12": 1 / 3},
        changed=frozenset({"xl/pivotCache/pivotCacheDefinition1.xml", "xl/pivotTables/pivotTable1.xml"}),
    ),
)
