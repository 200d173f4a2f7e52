"""Tables as small workbooks, and what other libraries read out of them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import python_calamine
import xlsxwriter
from openpyxl.utils.escape import unescape

from aetherflow_excel.rows.cells import render_cells, render_rows, row_slices
from aetherflow_excel.rows.planning import plan_cells
from aetherflow_excel.rows.rules import ValueRules
from aetherflow_excel.rows.styles import StyleSheet


def template(*, counts_from_1904: bool = False) -> dict[str, bytes]:
    """The parts of a workbook with a single sheet."""
    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"date_1904": counts_from_1904})
    book.add_worksheet("Rows").write(0, 0, "x")
    book.close()
    with zipfile.ZipFile(written) as package:
        return {name: package.read(name) for name in package.namelist()}


def write_workbook(
    path: Path, batch: pa.RecordBatch, *, first_row: int = 1, first_column: int = 1, rules: ValueRules | None = None
) -> None:
    """The rows of a batch as the only ones of a sheet."""
    rules = rules or ValueRules()
    parts = template(counts_from_1904=rules.counts_from_1904)
    sheet = StyleSheet(parts["xl/styles.xml"])
    plan = plan_cells(batch.schema, [None] * batch.num_columns, sheet, rules=rules)
    xml, row = b"", first_row
    for piece in row_slices(batch):
        xml += bytes(render_rows(render_cells(piece, row, first_column, plan), row))
        row += piece.num_rows
    before, _, rest = parts["xl/worksheets/sheet1.xml"].partition(b"<sheetData>")
    after = rest.partition(b"</sheetData>")[2]
    parts["xl/worksheets/sheet1.xml"] = before + b"<sheetData>" + xml + b"</sheetData>" + after
    parts["xl/styles.xml"] = sheet.patched()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)


def read_with_openpyxl(path: Path) -> dict[tuple[int, int], object]:
    """The values of all cells that have one, by row and column; openpyxl leaves escapes in texts as they are."""
    book = openpyxl.load_workbook(path)
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    assert all(cell.data_type != "f" for cell in cells), "a text became a formula"
    return {
        (cell.row, cell.column): unescape(cell.value) if isinstance(cell.value, str) else cell.value for cell in cells
    }


def read_with_calamine(path: Path) -> dict[tuple[int, int], object]:
    """The values of all cells that have one, by row and column."""
    sheet = python_calamine.load_workbook(path).get_sheet_by_index(0)
    rows = sheet.to_python(skip_empty_area=False)
    return {
        (row, column): value
        for row, values in enumerate(rows, 1)
        for column, value in enumerate(values, 1)
        if value != ""
    }
