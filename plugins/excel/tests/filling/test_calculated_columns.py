"""A table whose columns are computed: rows that come into it are computed too."""

from __future__ import annotations

import openpyxl
import pytest
import xlsxwriter

from aetherflow_excel.fill_inputs import SmallTarget
from aetherflow_excel.filling.fill import fill
from aetherflow_excel.filling.regions import Filling
from aetherflow_excel.sources import small_table
from plugins.excel.tests.oracles.office import ask
from plugins.excel.tests.oracles.readers import by_openpyxl

pytestmark = pytest.mark.integration

ROWS = [["a", 1, 10], ["b", 2, 20], ["c", 3, 30]]


@pytest.fixture
def template(tmp_path):
    """Orders in B3:F6, with a row of old data, an empty one and totals; Value and Share are computed."""
    path = tmp_path / "template.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Orders")
    sheet.add_table(
        "B3:F6",
        {
            "name": "Orders",
            "total_row": True,
            "columns": [
                {"header": "Item", "total_string": "Sum"},
                {"header": "Count", "total_function": "sum"},
                {"header": "Price"},
                {"header": "Value", "formula": "=Orders[[#This Row],[Count]]*Orders[[#This Row],[Price]]"},
                {"header": "Share", "formula": "=E4/$E$6", "format": book.add_format({"num_format": "0%"})},
            ],
        },
    )
    sheet.write_row("B4", ["old", 4, 100])
    sheet.write_formula("E6", "=SUBTOTAL(109,Orders[Value])")
    sheet.write_formula("H1", "=SUM(Orders[Value])")
    book.close()
    return path


def filled(template, **target):
    """The template with rows in front of those that it has."""
    output = template.with_name("output.xlsx")
    target = SmallTarget(sheet="Orders", cell="B3", template_has_header=True, insert="below", rows_json=ROWS, **target)
    fill(template, output, ".xlsx", [Filling(target, small_table(target), len(ROWS))])
    return output


def test_new_rows_of_a_table_get_the_formulas_of_its_columns(template):
    sheet = openpyxl.load_workbook(filled(template, columns_json=["Item", "Count", "Price"]))["Orders"]
    this_row = "=Orders[[#This Row],[Count]]*Orders[[#This Row],[Price]]"
    assert [sheet[f"E{row}"].value for row in (4, 5, 6, 7)] == [this_row] * 4
    assert [sheet[f"F{row}"].value for row in (4, 5, 6, 7)] == ["=E4/$E$9", "=E5/$E$9", "=E6/$E$9", "=E7/$E$9"]


def test_they_are_computed_as_a_person_would(template, tmp_path):
    output = filled(template, columns_json=["Item", "Count", "Price"])
    ask([{"do": "save", "source": str(output), "target": str(tmp_path / "saved.xlsx")}], tmp_path)
    cells = by_openpyxl(tmp_path / "saved.xlsx")["Orders"]
    assert [cells[cell] for cell in ("E4", "E5", "E6", "E7", "E9", "H1")] == [10, 40, 90, 400, 540, 540]


def test_they_look_as_the_style_row_does(template):
    output = filled(template, columns_json=["Item", "Count", "Price"], style_mode="copy_row", style_row_offset=1)
    sheet = openpyxl.load_workbook(output)["Orders"]
    assert [sheet[f"F{row}"].number_format for row in (4, 5, 6)] == ["0%"] * 3


def test_values_that_a_flow_gives_for_such_a_column_are_kept(template, tmp_path):
    target = SmallTarget(
        sheet="Orders",
        cell="B3",
        template_has_header=True,
        insert="below",
        columns_json=["Item", "Count", "Price", "Value"],
        rows_json=[["a", 1, 10, 7]],
    )
    fill(template, tmp_path / "output.xlsx", ".xlsx", [Filling(target, small_table(target), 1)])
    sheet = openpyxl.load_workbook(tmp_path / "output.xlsx")["Orders"]
    assert (sheet["E4"].value, sheet["F4"].value) == (7, "=E4/$E$7")
