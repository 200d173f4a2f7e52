"""Workbooks as other programs write them: the same table comes out of all of them."""

from __future__ import annotations

from datetime import date, datetime, time

import openpyxl
import pytest
import xlsxwriter

from plugins.excel.tests.office import convert

pytestmark = pytest.mark.unit

MOMENT = datetime.fromisoformat("2024-02-29 13:05:06.250")
ROWS = [
    ["text", "whole", "part", "truth", "day", "at", "clock"],
    ["=1+1", 12, 0.1, True, date(2024, 2, 29), MOMENT, time(23, 59, 58)],
    [" two\nlines & <more> ", -7, 1e-7, False, date(1900, 3, 1), MOMENT, time(0, 0, 1)],
]
TYPES = {
    "text": "string",
    "whole": "int",
    "part": "float",
    "truth": "bool",
    "day": "date",
    "at": "datetime",
    "clock": "time",
}
CSV = """\
text,whole,part,truth,day,at,clock
=1+1,12,0.1,true,2024-02-29,2024-02-29 13:05:06.25,23:59:58
" two
lines & <more> ",-7,1e-07,false,1900-03-01,2024-02-29 13:05:06.25,00:00:01
"""
FORMATS = {date: "yyyy-mm-dd", datetime: "yyyy-mm-dd hh:mm:ss.000", time: "hh:mm:ss"}


def with_openpyxl(path, *, write_only=False):
    book = openpyxl.Workbook(write_only=write_only)
    sheet = book.create_sheet("S", 0)
    for row in ROWS:
        sheet.append(row)
    if not write_only:
        sheet["A2"].data_type = "s"
    book.save(path)


def with_xlsxwriter(path, *, constant_memory=False):
    with xlsxwriter.Workbook(path, {"constant_memory": constant_memory}) as book:
        formats = {kind: book.add_format({"num_format": code}) for kind, code in FORMATS.items()}
        sheet = book.add_worksheet("S")
        for number, row in enumerate(ROWS):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value)
                else:
                    sheet.write(number, column, value, formats.get(type(value)))


#: As worksheets count them: what excelize makes of dates itself loses parts of seconds.
SERIALS = {
    date(2024, 2, 29): 45351,
    date(1900, 3, 1): 61,
    MOMENT: 45351 + 47106.25 / 86400,
    time(23, 59, 58): 86398 / 86400,
    time(0, 0, 1): 1 / 86400,
}


def with_excelize(path):
    import excelize

    book = excelize.new_file()
    styles = {kind: book.new_style(excelize.Style(custom_num_fmt=code)) for kind, code in FORMATS.items()}
    for number, row in enumerate(ROWS, start=1):
        for column, value in enumerate(row):
            cell = f"{'ABCDEFG'[column]}{number}"
            if isinstance(value, str):
                book.set_cell_str("Sheet1", cell, value)
            elif type(value) in FORMATS:
                book.set_cell_value("Sheet1", cell, SERIALS[value])
                book.set_cell_style("Sheet1", cell, cell, styles[type(value)])
            else:
                book.set_cell_value("Sheet1", cell, value)
    book.save_as(str(path))
    book.close()


@pytest.mark.parametrize(
    "write",
    [
        with_openpyxl,
        with_xlsxwriter,
        lambda path: with_xlsxwriter(path, constant_memory=True),
        with_excelize,
    ],
    ids=["openpyxl", "xlsxwriter", "xlsxwriter, constant memory", "excelize"],
)
def test_a_library_s_workbook_is_read(workplace, write):
    write(workplace.folder / "book.xlsx")

    outputs = workplace.read()

    assert (workplace.folder / "out.csv").read_text() == CSV
    assert outputs["types"] == TYPES


@pytest.mark.integration
def test_libreoffice_s_workbook_is_read(workplace, tmp_path):
    with_xlsxwriter(tmp_path / "book.xlsx")
    (tmp_path / "made").mkdir()
    made = convert(tmp_path / "book.xlsx", tmp_path / "made", "xlsx")

    outputs = workplace.read(made.relative_to(tmp_path))

    assert (workplace.folder / "out.csv").read_text() == CSV
    assert outputs["types"] == TYPES


@pytest.mark.integration
def test_what_libreoffice_has_calculated_is_read(workplace, tmp_path):
    book = openpyxl.Workbook()
    for row in (["n", "double"], [1, "=A2*2"], [2, "=A3*2"], [None, "=SUM(B2:B3)"], [None, "=1/0"]):
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    (tmp_path / "made").mkdir()
    made = convert(tmp_path / "book.xlsx", tmp_path / "made", "xlsx")

    assert workplace.read_text(made.relative_to(tmp_path), errors="text") == "n,double\n1,2\n2,4\n,6\n,#DIV/0!\n"
    assert workplace.context.log.warnings == []


@pytest.mark.parametrize("kind", ["xlsm", "xltx", "xltm"])
def test_templates_and_workbooks_with_macros_are_read(workplace, kind):
    import excelize

    book = excelize.new_file()
    book.set_cell_str("Sheet1", "A1", "a")
    book.set_cell_value("Sheet1", "A2", 1)
    book.save_as(str(workplace.folder / f"book.{kind}"))
    book.close()

    assert workplace.read_text(f"book.{kind}") == "a\n1\n"
