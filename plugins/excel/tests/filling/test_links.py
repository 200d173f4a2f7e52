"""Texts become links only where a flow asks for it."""

from __future__ import annotations

import openpyxl
import pytest
import xlsxwriter

from aetherflow_excel.fill_inputs import SmallTarget
from aetherflow_excel.filling.fill import fill
from aetherflow_excel.filling.regions import Filling
from aetherflow_excel.sources import small_table

pytestmark = pytest.mark.contract

ROWS = [
    ["https://a.example/?x=1&y=2", "https://b.example/"],
    ["no address", "c"],
    ["mailto:x@y.example", "d"],
    ["file:///etc/passwd", ""],
]


def make_template(path, *, has_links, has_print_set_up):
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Report")
    sheet.write("A1", "address")
    if has_links:
        sheet.write_url("D1", "https://old.example/")
    if has_print_set_up:
        sheet.set_landscape()
        sheet.insert_textbox("F3", "a drawing")
    book.close()


@pytest.mark.parametrize("has_links", [True, False])
@pytest.mark.parametrize("has_print_set_up", [True, False])
@pytest.mark.parametrize("asked", [["address"], []])
def test_the_columns_that_are_named_have_links(tmp_path, has_links, has_print_set_up, asked):
    template, output = tmp_path / "template.xlsx", tmp_path / "output.xlsx"
    make_template(template, has_links=has_links, has_print_set_up=has_print_set_up)
    target = SmallTarget(
        sheet="Report", cell="A2", insert="below", rows_json=ROWS, columns_json=["address", "other"], hyperlinks=asked
    )
    filled = fill(template, output, ".xlsx", [Filling(target, small_table(target), len(ROWS))])
    sheet = openpyxl.load_workbook(output)["Report"]
    found = {cell.coordinate: cell.hyperlink.target for row in sheet.iter_rows() for cell in row if cell.hyperlink}
    expected = {"A2": "https://a.example/?x=1&y=2", "A4": "mailto:x@y.example"} if asked else {}
    assert found == expected | ({"D1": "https://old.example/"} if has_links else {})
    assert [sheet.cell(row, 1).value for row in range(2, 6)] == [row[0] for row in ROWS]
    has_new_part = bool(asked) and not has_links and not has_print_set_up
    assert filled.fidelity.added == (["xl/worksheets/_rels/sheet1.xml.rels"] if has_new_part else [])
