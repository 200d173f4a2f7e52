"""Any region of any template, filled with any rows: two other libraries read what a person would expect."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings, strategies as st
from python_calamine import CalamineWorkbook

from aetherflow_excel.fill_inputs import SmallTarget
from aetherflow_excel.filling.fill import fill
from aetherflow_excel.filling.regions import Filling
from aetherflow_excel.sources import small_table

pytestmark = pytest.mark.contract

Cells = dict[tuple[int, int], Any]
HIGHEST, WIDEST = 10, 6

texts = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12) | st.sampled_from(
    ["=1+1", "+1", "-x", "@x", "\t=1", " spaced ", "a\nb", "_x0041_", "0012", "TRUE", "#N/A", "\x01", "<&>\"'"]
)
days = st.dates(dt.date(1900, 3, 1), dt.date(9999, 12, 31))
values = {
    "int": st.integers(-(10**15) + 1, 10**15 - 1),
    "float": st.floats(-1e15, 1e15, allow_nan=False).map(lambda number: round(number, 6)),
    "bool": st.booleans(),
    "string": texts,
    "date": days.map(dt.date.isoformat),
}


@st.composite
def tables(draw):
    kinds = draw(st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=4))
    rows = draw(st.lists(st.tuples(*(st.none() | values[kind] for kind in kinds)), max_size=5))
    names = [f"column {place}" for place in range(len(kinds))]
    return names, kinds, [list(row) for row in rows]


@st.composite
def templates(draw):
    places = st.tuples(st.integers(1, HIGHEST), st.integers(1, WIDEST))
    return draw(st.dictionaries(places, st.integers(1, 999) | st.sampled_from(["text", "other"]), max_size=25))


def make_template(path: Path, cells: Cells) -> None:
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Report")
    for (row, column), value in cells.items():
        sheet.write(row - 1, column - 1, value)
    book.close()


def value_of(kind: str, value: Any) -> Any:
    return dt.datetime.fromisoformat(value) if kind == "date" and value is not None else value


def expected_cells(
    cells: Cells, top: int, left: int, table: tuple, *, has_header: bool, header_mode: str, insert: str
) -> Cells:
    """What a person would expect, worked out cell by cell."""
    names, kinds, rows = table
    writes_header = header_mode != "template"
    block = ([names] if writes_header else []) + [
        [value_of(kind, value) for kind, value in zip(kinds, row, strict=True)] for row in rows
    ]
    first = top if writes_header or not has_header else top + 1
    keeps_header_row = header_mode == "override" and has_header
    new_rows = 0 if insert == "replace" else len(block) - keeps_header_row
    before = first + keeps_header_row
    found = {(row + new_rows * (row >= before), column): value for (row, column), value in cells.items()}
    if keeps_header_row:
        column = left
        while (top, column) in cells:
            found.pop((top, column), None)
            column += 1
    for down, row in enumerate(block):
        for across, value in enumerate(row):
            found[first + down, left + across] = value
    return {place: value for place, value in found.items() if value not in (None, "")}


def read_by_openpyxl(path: Path) -> Cells:
    sheet = openpyxl.load_workbook(path)["Report"]
    assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    return {
        (cell.row, cell.column): openpyxl.utils.escape.unescape(cell.value)
        if isinstance(cell.value, str)
        else cell.value
        for row in sheet.iter_rows()
        for cell in row
        if cell.value not in (None, "")
    }


def read_by_calamine(path: Path) -> Cells:
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Report")
    rows = sheet.to_python(skip_empty_area=False)
    return {
        (down, across): dt.datetime.combine(value, dt.time()) if type(value) is dt.date else value
        for down, row in enumerate(rows, 1)
        for across, value in enumerate(row, 1)
        if value != ""
    }


@settings(max_examples=int(os.environ.get("AETHERFLOW_EXAMPLES", "60")), deadline=None)
@given(
    cells=templates(),
    table=tables(),
    top=st.integers(1, HIGHEST),
    left=st.integers(1, WIDEST),
    has_header=st.booleans(),
    header_mode=st.sampled_from(["template", "override", "append"]),
    insert=st.sampled_from(["replace", "below"]),
)
def test_rows_stand_where_they_belong_and_all_else_where_it_was(
    cells, table, top, left, has_header, header_mode, insert
):
    names, kinds, rows = table
    target = SmallTarget(
        sheet="Report",
        cell=openpyxl.utils.get_column_letter(left) + str(top),
        rows_json=rows,
        columns_json=names,
        dtypes=dict(zip(names, kinds, strict=True)),
        template_has_header=has_header,
        header_mode=header_mode,
        insert=insert,
    )
    with TemporaryDirectory() as folder:
        template, output = Path(folder, "template.xlsx"), Path(folder, "output.xlsx")
        make_template(template, cells)
        rows_table = small_table(target)
        fill(template, output, ".xlsx", [Filling(target, rows_table, rows_table.count_rows())])
        expected = expected_cells(
            cells, top, left, table, has_header=has_header, header_mode=header_mode, insert=insert
        )
        by_openpyxl, by_calamine = read_by_openpyxl(output), read_by_calamine(output)
    assert by_openpyxl == expected
    assert by_calamine == expected
    for found in (by_openpyxl, by_calamine):
        kinds_of = {place: type(value) for place, value in expected.items() if isinstance(value, bool | str)}
        assert {place: type(found[place]) for place in kinds_of} == kinds_of
