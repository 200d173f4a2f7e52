"""What a region is written over may have held the text of formulas that other cells share."""

from __future__ import annotations

from zipfile import ZipFile

import openpyxl
import pytest
import xlsxwriter

from aetherflow_excel.fill_inputs import SmallTarget
from aetherflow_excel.filling.fill import fill
from aetherflow_excel.filling.regions import Filling
from aetherflow_excel.sources import small_table

pytestmark = pytest.mark.contract


@pytest.fixture
def template(tmp_path):
    """Cells C1 to C5 share a formula, whose text stands in C1."""
    plain = tmp_path / "plain.xlsx"
    book = xlsxwriter.Workbook(plain)
    sheet = book.add_worksheet("Report")
    for row in range(5):
        sheet.write_row(row, 0, [row + 1, 10])
        sheet.write_formula(row, 2, f"=SHARED{row}", None, 7)
    book.close()
    path = tmp_path / "template.xlsx"
    with ZipFile(plain) as source, ZipFile(path, "w") as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == "xl/worksheets/sheet1.xml":
                data = data.replace(b"<f>SHARED0</f>", b'<f t="shared" si="0" ref="C1:C5">A1*$B$1</f>')
                for row in range(1, 5):
                    data = data.replace(b"<f>SHARED%d</f>" % row, b'<f t="shared" si="0"/>')
            target.writestr(info, data)
    return path


@pytest.mark.parametrize(
    ("insert", "expected"),
    [
        ("replace", ["new", "=A2*$B$1", "=A3*$B$1", "=A4*$B$1", "=A5*$B$1"]),
        ("below", ["new", "=A2*$B$2", "=A3*$B$2", "=A4*$B$2", "=A5*$B$2", "=A6*$B$2"]),
    ],
)
def test_the_others_keep_their_formulas(template, tmp_path, insert, expected):
    target = SmallTarget(sheet="Report", cell="C1", rows_json=[["new"]], columns_json=["c"], insert=insert)
    table = small_table(target)
    fill(template, tmp_path / "output.xlsx", ".xlsx", [Filling(target, table, 1)])
    sheet = openpyxl.load_workbook(tmp_path / "output.xlsx")["Report"]
    assert [cell.value for cell in sheet["C"]] == expected
