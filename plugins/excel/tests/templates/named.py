"""A template (.xltx) whose place for data is one named cell without a header: header and rows are written there.

| row | B | C | D |
|---|---|---|---|
| 5 (named Start) | | | |
| 6, 7 | | | |
| 9 | Total | =SUM(C5:C7) | =AVERAGE(D5:D7) |
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from plugins.excel.tests.templates.frame import write_frame
from plugins.excel.tests.templates.record import Expected, Target, Template

WORKBOOK = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
TEMPLATE_TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml"


def write(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = write_frame(book)
        for row in (2, 3):
            sheet.write_row(row, 1, ("", "", ""))
        book.define_name("Start", "=Report!$B$5")
        book.define_name("Total", "=Report!$C$9")
        book.define_name("Counts", "=Report!$C$5:$C$7")
    retype(path, WORKBOOK, TEMPLATE_TYPE)


def retype(path: Path, old: bytes, new: bytes) -> None:
    """Give the workbook another content type: of a template, or of one with macros."""
    with zipfile.ZipFile(path) as archive:
        parts = [(info, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in parts:
            archive.writestr(info, re.sub(re.escape(old), new, content), zipfile.ZIP_DEFLATED)


TEMPLATE = Template(
    name="named",
    suffix=".xltx",
    make=write,
    targets=(
        Target(
            sheet="Report",
            anchor="Start",
            options={"header_mode": "override"},
            lands={"replace": "B6", "below": "B6"},
        ),
    ),
    # The third row stands below the range of the sum, which is filled in place and so stays as it is.
    replaced=Expected(values={"Report!C9": 30.0, "Report!B5": "city", "Report!C5": "count"}),
    inserted=Expected(
        facts={
            "Report formulas": {"C13": "SUM(C5:C11)", "D13": "AVERAGE(D5:D11)"},
            "names": {"Start": "Report!$B$5", "Total": "Report!$C$13", "Counts": "Report!$C$5:$C$11"},
        },
        values={"Report!C13": 60.0, "Report!D13": 1 / 3, "Report!B5": "city"},
    ),
)
