"""The list of `frame.py` as openpyxl writes it: relations from the root, a comment without an author's box, a chart whose
title is a relative reference, and hidden names beside the filter and what is printed.
"""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates.frame import HEADER
from plugins.excel.tests.templates.record import Expected, Target, Template


def write(path: Path) -> None:
    import openpyxl
    from openpyxl.comments import Comment
    from openpyxl.formatting.rule import CellIsRule
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.table import Table

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Report"
    for column, header in zip("BCD", HEADER, strict=True):
        sheet[f"{column}4"] = header
    sheet["C9"] = "=SUM(C5:C7)"
    sheet["C9"].comment = Comment("All of them", "Ada")
    sheet["J9"], sheet["K9"] = "Ship", "Length"
    sheet.add_table(Table(displayName="Ships", ref="J9:K11"))
    listed = DataValidation(type="list", formula1='"a,b"')
    listed.add("B5:B7")
    sheet.add_data_validation(listed)
    sheet.conditional_formatting.add("C5:C7", CellIsRule(operator="greaterThan", formula=["$C$9"]))
    sheet.merge_cells("A12:C12")
    sheet.print_area, sheet.print_title_rows = "A1:H20", "4:4"
    sheet.auto_filter.ref = "B4:D7"
    sheet.auto_filter.add_sort_condition("C5:C7")
    _draw(sheet)
    book.save(path)


def _draw(sheet) -> None:
    from openpyxl.chart import BarChart, Reference

    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=3, min_row=4, max_row=7), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=2, min_row=5, max_row=7))
    sheet.add_chart(chart, "F14")


TEMPLATE = Template(
    name="plain",
    make=write,
    targets=(
        Target(
            sheet="Report",
            cell="B4",
            options={"template_has_header": True},
            lands={"replace": "B5", "below": "B5"},
        ),
    ),
    replaced=Expected(values={"Report!C9": 60.0}),
    inserted=Expected(
        facts={
            "Report formulas": {"C12": "SUM(C5:C10)"},
            "Report comments": {"C12": "All of them"},
            "Report legacy shapes": ["Note Row 11 Column 2"],
            "tables": {"Ships": "J12:K14, filter J12:K14"},
            "Report validations": ['B5:B10: "a,b"'],
            "Report formats": ["C5:C10: $C$12"],
            "Report merges": ["A15:C15"],
            "Report filter": ["B4:D10", "sorted B4:D10", "sorted C5:C10"],
            "Report drawing": ["16 Chart 1"],
            "charts": {"xl/charts/chart1.xml": ["'Report'!C4", "'Report'!$B$5:$B$10", "'Report'!$C$5:$C$10"]},
            "names": {
                "Report!_xlnm.Print_Area": "'Report'!$A$1:$H$23",
                "Report!_xlnm.Print_Titles": "'Report'!$4:$4",
                "Report!_xlnm._FilterDatabase": "'Report'!$B$4:$D$10",
            },
        },
        values={"Report!C12": 60.0},
        changed=frozenset(
            {
                "xl/comments/comment1.xml",
                "xl/drawings/commentsDrawing1.vml",
                "xl/drawings/drawing1.xml",
                "xl/charts/chart1.xml",
                "xl/tables/table1.xml",
            }
        ),
    ),
)
