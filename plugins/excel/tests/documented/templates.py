"""The template of these tests.

| | A | B | C | D | F |
|---|---|---|---|---|---|
| 1 | Title | | | | |
| 3 | | ROWS HERE | note | | far |
| 4 | | Name | Amount | Old | |
| 5 | | sample | 9 | x | |
| 6 | | Total | =SUM(C5:C5) | | |
| 8 | | end | | | |

Row 5 is in italics, with two decimals, and 30 high. `Head` is B4, `Place` is B5, `Marker` is B3.
"""

from __future__ import annotations

from pathlib import Path

import xlsxwriter


def write_template(path: Path, *, marker: str = "ROWS HERE") -> None:
    """Write it."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Report")
        pattern = book.add_format({"italic": True, "num_format": "0.00"})
        bold = book.add_format({"bold": True})
        sheet.write("A1", "Title")
        sheet.write("B3", marker, bold)
        sheet.write("C3", "note")
        sheet.write("F3", "far")
        sheet.write_row("B4", ["Name", "Amount", "Old"], bold)
        sheet.set_row(4, 30)
        sheet.write_row("B5", ["sample", 9, "x"], pattern)
        sheet.write("B6", "Total")
        sheet.write_formula("C6", "=SUM(C5:C5)")
        sheet.write("B8", "end")
        for name, cell in (("Head", "$B$4"), ("Place", "$B$5"), ("Marker", "$B$3")):
            book.define_name(name, f"=Report!{cell}")
