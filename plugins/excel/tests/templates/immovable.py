"""Templates that rows can't be inserted into without breaking something, each with what the refusal has to name.

All have the list of `frame.py`; they can be filled in place.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from plugins.excel.tests.templates.frame import write_frame
from plugins.excel.tests.templates.parts import MAIN, SHEET_ML, change_parts, override, relationship

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

SHEET = "xl/worksheets/sheet1.xml"
TYPES = "[Content_Types].xml"


def _framed(furnish: Callable[[Workbook, Worksheet], object]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        import xlsxwriter

        with xlsxwriter.Workbook(path) as book:
            furnish(book, write_frame(book))

    return write


def _array_across(_book: Workbook, sheet: Worksheet) -> None:
    sheet.write_array_formula("F3:F6", "{=ROW(F3:F6)}")


def _several_sheets(book: Workbook, _sheet: Worksheet) -> None:
    book.add_worksheet("Second")
    book.add_worksheet("Third").write_formula("A1", "=SUM(Report:Second!C9)")


def _several_sheets_in_a_name(book: Workbook, _sheet: Worksheet) -> None:
    book.add_worksheet("Second")
    book.define_name("Totals", "=SUM(Report:Second!$C$9)")


def _data_table(path: Path) -> None:
    _framed(lambda _book, sheet: sheet.write("F3", 1))(path)
    table = '<f t="dataTable" ref="F3:F6" dt2D="0" dtr="0" r1="C9"/>'
    change_parts(path, {}, {SHEET: (('<c r="F3"><v>1</v></c>', f'<c r="F3">{table}<v>1</v></c>'),)})


def _shared(path: Path) -> None:
    _framed(lambda _book, _sheet: None)(path)
    headers = f'<headers xmlns="{MAIN}" guid="{{A0000000-0000-4000-8000-000000000001}}"/>'
    change_parts(
        path,
        {"xl/revisions/revisionHeaders.xml": headers},
        {
            TYPES: (
                (
                    "</Types>",
                    override("xl/revisions/revisionHeaders.xml", f"{SHEET_ML}.revisionHeaders+xml") + "</Types>",
                ),
            ),
            "xl/_rels/workbook.xml.rels": (
                (
                    "</Relationships>",
                    relationship(("rId91", "revisionHeaders", "revisions/revisionHeaders.xml")) + "</Relationships>",
                ),
            ),
        },
    )


def _unknown_extension(path: Path) -> None:
    _framed(lambda _book, _sheet: None)(path)
    future = (
        '<extLst><ext uri="{99999999-0000-4000-8000-000000000009}" xmlns:y="urn:years-to-come"><y:marks'
        ' xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><xm:sqref>C9</xm:sqref></y:marks></ext></extLst>'
    )
    change_parts(path, {}, {SHEET: (("</worksheet>", f"{future}</worksheet>"),)})


#: How each is made, and words of the refusal.
TEMPLATES: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "array_across": (_framed(_array_across), ("array", "F3", "Report")),
    "data_table": (_data_table, ("table", "F3", "Report")),
    "several_sheets": (_framed(_several_sheets), ("Report:Second!C9",)),
    "several_sheets_in_a_name": (_framed(_several_sheets_in_a_name), ("Report:Second!$C$9",)),
    "shared": (_shared, ("shared",)),
    "unknown_extension": (_unknown_extension, ("Report", "extension")),
}


def _merged(_book: Workbook, sheet: Worksheet) -> None:
    sheet.merge_range("C6:D6", "together")


def _array_in_the_way(_book: Workbook, sheet: Worksheet) -> None:
    sheet.write_array_formula("C6:C7", "{=ROW(C6:C7)}")


#: Templates that can't be filled in place, for the same reason.
IN_THE_WAY: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "merged": (_framed(_merged), ("merged", "C6:D6", "Report")),
    "array_in_the_way": (_framed(_array_in_the_way), ("array", "C6:C7", "Report")),
}
