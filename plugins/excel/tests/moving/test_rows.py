"""Rows and ranges after insertions, against a sheet that is really moved row by row."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from aetherflow.kernel.api import StepError
from aetherflow_excel.grid.cells import CellRange
from aetherflow_excel.moving.insertions import Insertion, Kind
from aetherflow_excel.moving.rows import SheetRows

pytestmark = pytest.mark.unit

ROWS = st.integers(1, 30)
INSERTIONS = st.lists(
    st.builds(Insertion, st.just("Data"), ROWS, st.integers(0, 5), st.integers(1, 4), st.integers(4, 6)), max_size=4
)


def by_hand(insertions, rows=40):
    """The sheet as a list: each row of the template by its number, each new row as null."""
    sheet = []
    for row in range(1, rows + 1):
        sheet += [None] * sum(each.count for each in insertions if each.before_row == row)
        sheet.append(row)
    return sheet


@given(INSERTIONS, ROWS)
def test_a_row_is_where_the_moved_sheet_has_it(insertions, row):
    assert SheetRows("Data", insertions).row(row) == by_hand(insertions).index(row) + 1


@given(INSERTIONS, ROWS, ROWS, st.sampled_from(Kind))
def test_a_range_keeps_its_rows_and_gains_only_new_ones(insertions, first, last, kind):
    first, last = sorted((first, last))
    sheet = by_hand(insertions)
    moved = SheetRows("Data", insertions).range(CellRange(first, 2, last, 3), kind)
    covered = sheet[moved.first_row - 1 : moved.last_row]
    assert [row for row in covered if row is not None] == list(range(first, last + 1))
    assert (moved.first_column, moved.last_column) == (2, 3)


@given(INSERTIONS, ROWS, ROWS)
def test_a_range_that_only_moves_has_new_rows_where_rows_came_into_it(insertions, first, last):
    first, last = sorted((first, last))
    sheet = by_hand(insertions)
    moved = SheetRows("Data", insertions).range(CellRange(first, 2, last, 3), Kind.OBJECT)
    assert sheet[moved.first_row - 1 : moved.last_row] == sheet[sheet.index(first) : sheet.index(last) + 1]


@given(INSERTIONS, ROWS, ROWS)
def test_an_area_over_the_data_begins_with_the_new_rows(insertions, first, last):
    first, last = sorted((first, last))
    sheet = by_hand(insertions)
    is_over = any(each.before_row == first and each.first_column <= 3 for each in insertions)
    moved = SheetRows("Data", insertions).range(CellRange(first, 2, last, 3), Kind.AREA)
    start = sheet.index(first)
    while is_over and start and sheet[start - 1] is None:
        start -= 1
    assert moved.first_row == start + 1
    assert moved.last_row == sheet.index(last) + 1


@given(INSERTIONS, ROWS, ROWS)
def test_rows_cut_a_range_where_new_ones_stand_in_it(insertions, first, last):
    first, last = sorted((first, last))
    sheet = by_hand(insertions)
    assert SheetRows("Data", insertions).is_cut(first, last) == (None in sheet[sheet.index(first) : sheet.index(last)])


def test_the_data_of_each_insertion_is_told_as_it_stands_now():
    rows = SheetRows("Data", [Insertion("Data", 5, 10, 1, 3), Insertion("Data", 8, 2, 4, 6)])
    assert [str(each) for each in rows.data_ranges()] == ["A5:C14", "D18:F19"]


def test_the_last_row_is_the_end():
    rows = SheetRows("Data", [Insertion("Data", 5, 10, 1, 3)])
    assert rows.row(1_048_566) == 1_048_576
    with pytest.raises(StepError) as caught:
        rows.row(1_048_567)
    assert caught.value.problem.code == "AF-EXCEL-MOVE"
    assert "row 1,048,567 of sheet 'Data'" in str(caught.value)


def test_data_beside_inserted_rows_has_them_in_its_ranges_too():
    beside = Insertion("Data", 5, 0, 4, 6, header_row=4)
    rows = SheetRows("Data", [Insertion("Data", 5, 10, 1, 3, header_row=4), beside])
    assert rows.range(CellRange(5, 5, 9, 5), Kind.FORMULA) == CellRange(5, 5, 19, 5)
    assert rows.range(CellRange(4, 4, 4, 6), Kind.TABLE) == CellRange(4, 4, 14, 6)
    assert rows.range(CellRange(5, 7, 9, 7), Kind.FORMULA) == CellRange(15, 7, 19, 7)


def test_no_new_rows_change_nothing():
    rows = SheetRows("Data", [Insertion("Data", 5, 0, 1, 3, header_row=4)])
    assert not rows
    assert rows.range(CellRange(4, 1, 4, 3), Kind.TABLE) == CellRange(4, 1, 4, 3)
