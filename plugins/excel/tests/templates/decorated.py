"""Pictures, shapes and controls on a protected sheet, as XlsxWriter writes them; and macros in the workbook.

The project of macros is no real one: what matters is that its bytes come out as they went in.
"""

from __future__ import annotations

import io
from pathlib import Path

from plugins.excel.tests.templates.frame import FORMULAS, TARGET, TOTALS_INSERTED, TOTALS_REPLACED, write_frame
from plugins.excel.tests.templates.pixels import png
from plugins.excel.tests.templates.record import Expected, Template

MACROS = bytes(range(256)) * 40


def write(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        book.add_vba_project(io.BytesIO(MACROS), is_stream=True)
        sheet = write_frame(book)
        picture = {"image_data": io.BytesIO(png())}
        # Above the inserted rows, across them and below them.
        sheet.insert_image("F1", "a.png", {**picture, "object_position": 1})
        sheet.insert_image("H3", "b.png", {**picture, "object_position": 1, "x_scale": 4, "y_scale": 8})
        sheet.insert_image("F9", "c.png", {**picture, "url": "internal:Report!C9"})
        sheet.insert_textbox("J4", "as it is now:", {"textlink": "=$C$9"})
        sheet.insert_button("F12", {"macro": "refresh", "caption": "Refresh"})
        sheet.insert_checkbox("B11", True)
        sheet.embed_image("E10", "d.png", picture)
        sheet.set_background(io.BytesIO(png(8, 8, (250, 240, 220))))
        sheet.set_header("&L&G&RReport", {"image_left": "e.png", "image_data_left": io.BytesIO(png())})
        sheet.protect("secret", {"insert_rows": False, "format_cells": True})
        sheet.unprotect_range("B5:D7", "list")
        sheet.unprotect_range("F12", "note")
        sheet.ignore_errors({"number_stored_as_text": "B5:B7", "formula_differs": "C9:D9"})
        hidden = book.add_worksheet("Hidden")
        hidden.very_hidden()
        hidden.write_dynamic_array_formula("A1:A3", "=_xlfn.UNIQUE(Report!B5:B7)")
        hidden.write_array_formula("C1:C3", "{=Report!C5:C7*2}")


TEMPLATE = Template(
    name="decorated",
    suffix=".xlsm",
    make=write,
    targets=(TARGET,),
    replaced=Expected(values=TOTALS_REPLACED, changed=frozenset({"xl/worksheets/sheet2.xml"})),
    inserted=Expected(
        facts={
            "Report formulas": FORMULAS,
            "Hidden formulas": {"A1": "array A1:A3 _xlfn.UNIQUE(Report!B5:B10)", "C1": "array C1:C3 Report!C5:C10*2"},
            "Report drawing": ["0-0 Picture 1", "2-11 Picture 2", "11-11 Picture 3", "3-12 TextBox 4 $C$12"],
            "Report links": {"xl/drawings/drawing1.xml rId2": "#Report!C12"},
            "Report metadata": {"E13": "vm=1"},
            "Report ignored errors": ["B5:B10", "C12:D12"],
            "Report legacy shapes": ["Button rows 14-15 FmlaMacro [0]!refresh"],
            "Report protected ranges": ["B5:D10", "F15"],
        },
        values=TOTALS_INSERTED,
        changed=frozenset(
            {
                "xl/drawings/drawing1.xml",
                "xl/drawings/_rels/drawing1.xml.rels",
                "xl/drawings/vmlDrawing1.vml",
                "xl/worksheets/sheet2.xml",
            }
        ),
    ),
)
