"""The list that most templates have: a marker, a header below it, three rows for data, and totals two rows further down.

| row | B | C | D |
|---|---|---|---|
| 3 | ROWS | | |
| 4 | City | Count | Share |
| 5 to 7 | | | |
| 9 | Total | =SUM(C5:C7) | =AVERAGE(D5:D7) |

Three rows inserted below the header come to stand in rows 5 to 7; everything from row 5 on is three rows further down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugins.excel.tests.templates.record import Target

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

HEADER = ("City", "Count", "Share")
TARGET = Target(
    sheet="Report",
    anchor="ROWS",
    options={"anchor_clear": True},
    lands={"replace": "B5", "below": "B5"},
)
#: What the list's own formulas say after rows were inserted, and what they come to in either way.
FORMULAS = {"C12": "SUM(C5:C10)", "D12": "AVERAGE(D5:D10)"}
TOTALS_REPLACED: dict[str, Any] = {"Report!C9": 60.0, "Report!D9": 1 / 3}
TOTALS_INSERTED: dict[str, Any] = {"Report!C12": 60.0, "Report!D12": 1 / 3}


def write_frame(book: Workbook, name: str = "Report") -> Worksheet:
    """Add a sheet with the list on it."""
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "bottom": 1})
    count, share = book.add_format({"num_format": "#,##0"}), book.add_format({"num_format": "0.0%"})
    sheet.write("A1", "A report", book.add_format({"bold": True, "font_size": 16}))
    sheet.write("B3", "ROWS")
    sheet.write_row("B4", HEADER, bold)
    for row in (4, 5, 6):
        sheet.write_blank(row, 1, None, bold)
        sheet.write_blank(row, 2, None, count)
        sheet.write_blank(row, 3, None, share)
    sheet.write("B9", "Total", bold)
    sheet.write_formula("C9", "=SUM(C5:C7)", count)
    sheet.write_formula("D9", "=AVERAGE(D5:D7)", share)
    return sheet
