"""Workbooks as no program here writes them, though the format allows it.

`prefixed` has a prefix for the main namespace, rows and cells that do not say their place, formulas that are shared
and one that fills an array. `strict` says everything in the namespaces of the strict form of the standard.

| row | A | B | C | D |
|---|---|---|---|---|
| 1 | ROWS | | | |
| 2 | City | Count | Twice | |
| 3 to 5 | | | =B3*2, shared | |
| 6 | Total | =SUM(B3:B5) | =SUM(C3:C5) | |
| 8 to 10 | | =B$6*ROW(), shared | | {=B3:B5*2}, an array |
"""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates.parts import (
    MAIN,
    RELATIONS,
    SHEET_ML,
    content_types,
    override,
    relationships,
    write_parts,
)
from plugins.excel.tests.templates.record import Expected, Target, Template

STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
ROWS = (("Oslo", 5), ("Rome", 7))
SHEET = """<x:worksheet xmlns:x="{main}"><x:sheetData>
<x:row><x:c t="inlineStr"><x:is><x:t>ROWS</x:t></x:is></x:c></x:row>
<x:row spans="1:3"><x:c t="inlineStr"><x:is><x:t>City</x:t></x:is></x:c><x:c t="inlineStr"><x:is><x:t>Count</x:t></x:is></x:c>
 <x:c t="inlineStr"><x:is><x:t>Twice</x:t></x:is></x:c></x:row>
<x:row r="3"><x:c s="0"/><x:c s="0"/><x:c><x:f t="shared" ref="C3:C5" si="0">B3*2</x:f><x:v>0</x:v></x:c></x:row>
<x:row><x:c r="C4"><x:f t="shared" si="0"/><x:v>0</x:v></x:c></x:row>
<x:row><x:c r="C5"><x:f t="shared" si="0"/><x:v>0</x:v></x:c></x:row>
<x:row><x:c t="inlineStr"><x:is><x:t>Total</x:t></x:is></x:c><x:c><x:f>SUM(B3:B5)</x:f><x:v>0</x:v></x:c>
 <x:c><x:f>SUM(C3:C5)</x:f><x:v>0</x:v></x:c></x:row>
<x:row r="8"><x:c r="B8"><x:f t="shared" ref="B8:B10" si="1">B$6*ROW()</x:f><x:v>0</x:v></x:c>
 <x:c r="D8"><x:f t="array" ref="D8:D10">B3:B5*2</x:f><x:v>0</x:v></x:c></x:row>
<x:row><x:c r="B9"><x:f t="shared" si="1"/><x:v>0</x:v></x:c><x:c r="D9"><x:v>0</x:v></x:c></x:row>
<x:row><x:c r="B10"><x:f t="shared" si="1"/><x:v>0</x:v></x:c><x:c r="D10"><x:v>0</x:v></x:c></x:row>
</x:sheetData></x:worksheet>"""
WORKBOOK = """<x:workbook xmlns:x="{main}" xmlns:r="{relations}"{more}><x:workbookPr/><x:sheets>
<x:sheet name="Report" sheetId="1" r:id="rId1"/></x:sheets><x:definedNames>
<x:definedName name="Counts">Report!$B$3:$B$5</x:definedName></x:definedNames></x:workbook>"""
STYLES = """<x:styleSheet xmlns:x="{main}"><x:fonts count="1"><x:font/></x:fonts><x:fills count="1"><x:fill><x:patternFill patternType="none"/></x:fill></x:fills>
<x:borders count="1"><x:border/></x:borders><x:cellStyleXfs count="1"><x:xf/></x:cellStyleXfs>
<x:cellXfs count="1"><x:xf/></x:cellXfs></x:styleSheet>"""


def write_prefixed(path: Path) -> None:
    _write(path, MAIN, RELATIONS, "")


def write_strict(path: Path) -> None:
    _write(path, STRICT, STRICT_RELATIONS, ' conformance="strict"')


def _write(path: Path, main: str, relations: str, more: str) -> None:
    overrides = (
        override("xl/workbook.xml", f"{SHEET_ML}.sheet.main+xml"),
        override("xl/worksheets/sheet1.xml", f"{SHEET_ML}.worksheet+xml"),
        override("xl/styles.xml", f"{SHEET_ML}.styles+xml"),
    )
    inside = (
        ("rId1", f"{relations}/worksheet", "/xl/worksheets/sheet1.xml"),
        ("rId2", f"{relations}/styles", "styles.xml"),
    )
    parts = {
        "[Content_Types].xml": content_types(*overrides),
        "_rels/.rels": relationships(("rId1", f"{relations}/officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": WORKBOOK.format(main=main, relations=relations, more=more),
        "xl/_rels/workbook.xml.rels": relationships(*inside),
        "xl/worksheets/sheet1.xml": SHEET.format(main=main),
        "xl/styles.xml": STYLES.format(main=main),
    }
    write_parts(path, parts)


TARGETS = (
    Target(
        sheet="Report",
        anchor="ROWS",
        columns=("city", "count"),
        dtypes={"city": "string", "count": "int"},
        rows=ROWS,
        lands={"replace": "A3", "below": "A3"},
    ),
)
REPLACED = Expected(
    values={"Report!B6": 12.0, "Report!C6": 24.0, "Report!B8": 96.0, "Report!D8": 10.0, "Report!D9": 14.0}
)
INSERTED = Expected(
    facts={
        "Report formulas": {
            "C5": "B5*2",
            "C6": "B6*2",
            "C7": "B7*2",
            "B8": "SUM(B3:B7)",
            # Nothing is filled into column C.
            "C8": "SUM(C5:C7)",
            "B10": "B$8*ROW()",
            "B11": "B$8*ROW()",
            "B12": "B$8*ROW()",
            "D10": "array D10:D12 B3:B7*2",
        },
        "names": {"Counts": "Report!$B$3:$B$7"},
    },
    values={"Report!B8": 12.0, "Report!B10": 120.0, "Report!B12": 144.0, "Report!D10": 10.0, "Report!D11": 14.0},
)
PREFIXED = Template(name="prefixed", make=write_prefixed, targets=TARGETS, replaced=REPLACED, inserted=INSERTED)
STRICTLY = Template(
    name="strict",
    make=write_strict,
    targets=TARGETS,
    replaced=REPLACED,
    inserted=INSERTED,
    # openpyxl sees no sheet in it.
    read_by=frozenset({"calamine", "excelize"}),
)
