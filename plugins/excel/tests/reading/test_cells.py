"""Errors, formulas, merged cells, odd texts: what becomes of cells that are more than a value."""

from __future__ import annotations

from datetime import date

import openpyxl
import pytest
import xlsxwriter

from aetherflow.kernel.api import StepError

pytestmark = pytest.mark.unit


@pytest.fixture
def with_errors(workplace):
    with xlsxwriter.Workbook(workplace.folder / "book.xlsx") as book:
        sheet = book.add_worksheet("S")
        sheet.write_row("A1", ["a", "b"])
        sheet.write_formula("A2", "=1/0", None, "#DIV/0!")
        sheet.write_number("B2", 5)
        sheet.write_string("A3", "#N/A")
        sheet.write_formula("B3", "=NA()", None, "#N/A")
        sheet.write_formula("D9", "=NA()", None, "#N/A")
    return workplace


class TestErrorCells:
    def test_they_fail_the_step_which_names_the_first_one(self, with_errors):
        with pytest.raises(StepError, match=r"the cell S!A2 holds the error #DIV/0!, as do 2 more") as caught:
            with_errors.read()
        assert caught.value.problem.code == "AF-EXCEL-ERROR-CELL"
        assert not (with_errors.folder / "out.csv").exists()

    def test_those_outside_the_range_do_not_matter(self, with_errors):
        with pytest.raises(StepError, match=r"the cell S!B3 holds the error #N/A$"):
            with_errors.read(range="B1:B3")

    def test_they_are_nulls_where_the_flow_says_so(self, with_errors):
        assert with_errors.read_text(range="A1:B3", errors="null") == "a,b\n,5\n#N/A,\n"
        assert with_errors.read(range="A1:B3", errors="null")["types"] == {"a": "string", "b": "int"}

    def test_they_are_texts_where_the_flow_says_so(self, with_errors):
        assert with_errors.read_text(range="A1:B3", errors="text") == "a,b\n#DIV/0!,5\n#N/A,#N/A\n"
        assert with_errors.read(range="A1:B3", errors="text")["types"] == {"a": "string", "b": "string"}

    def test_a_row_of_nothing_but_errors_stays_where_they_are_texts(self, with_errors):
        assert with_errors.read_text(range="D8:D9", header=False, errors="text") == "D\n#N/A\n"


class TestFormulas:
    def test_their_stored_values_are_read(self, workplace):
        with xlsxwriter.Workbook(workplace.folder / "book.xlsx") as book:
            sheet = book.add_worksheet()
            sheet.write_row("A1", ["n", "text", "truth"])
            sheet.write_formula("A2", "=1+1", None, 2)
            sheet.write_formula("B2", '="a"&"b"', None, "ab")
            sheet.write_formula("C2", "=1=1", None, True)

        assert workplace.read_text() == "n,text,truth\n2,ab,true\n"
        assert workplace.context.log.warnings == []

    def test_those_without_one_are_empty_and_told(self, workplace):
        book = openpyxl.Workbook()
        for row in (["n", "m"], [1, "=A2*2"], [2, "=A3*2"]):
            book.active.append(row)
        book.save(workplace.folder / "book.xlsx")

        assert workplace.read_text() == "n,m\n1,\n2,\n"
        ((message, fields),) = workplace.context.log.warnings
        assert message.startswith("formulas without a stored value are read as empty cells")
        assert fields == {"count": 2, "first": "Sheet!B2"}


def test_of_merged_cells_the_first_one_has_the_value(workplace):
    with xlsxwriter.Workbook(workplace.folder / "book.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row("A1", ["region", "shop"])
        sheet.merge_range("A2:A3", "north")
        sheet.write_column("B2", ["x", "y"])

    assert workplace.read_text() == "region,shop\nnorth,x\n,y\n"


def test_hidden_rows_and_columns_are_read_as_the_others(workplace):
    with xlsxwriter.Workbook(workplace.folder / "book.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([["a", "b"], [1, 2], [3, 4]]):
            sheet.write_row(number, 0, row)
        sheet.set_row(1, None, None, {"hidden": True})
        sheet.set_column("B:B", None, None, {"hidden": True})

    assert workplace.read_text() == "a,b\n1,2\n3,4\n"


def test_texts_come_out_as_they_are(workplace):
    texts = ["=1+1", "+49", "-x", "@me", " both ", "line\nend", "_x0041_", "\x01\x1f", "a,b", '"', "💶 ü"]
    with xlsxwriter.Workbook(workplace.folder / "book.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_string("A1", "text")
        for number, text in enumerate(texts, start=1):
            sheet.write_string(number, 0, text)

    workplace.read(output="out.parquet")

    from pyarrow import parquet

    assert parquet.read_table(workplace.folder / "out.parquet").column("text").to_pylist() == texts


def test_lines_of_json_are_lines_for_every_reader(workplace):
    with xlsxwriter.Workbook(workplace.folder / "book.xlsx") as book:
        book.add_worksheet().write_column("A1", ["text", "a\u2028b\x85c"])

    assert workplace.read_text(output="out.jsonl").splitlines() == ['{"text":"a\\u2028b\\u0085c"}']


def test_dates_of_a_workbook_that_counts_from_1904_are_the_same_days(workplace):
    with xlsxwriter.Workbook(workplace.folder / "book.xlsx", {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_string("A1", "day")
        sheet.write_datetime("A2", date(2024, 2, 29), book.add_format({"num_format": "dd.mm.yyyy"}))

    assert workplace.read_text() == "day\n2024-02-29\n"


def test_a_number_is_no_date_whatever_its_size(workplace):
    with xlsxwriter.Workbook(workplace.folder / "book.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_string("A1", "n")
        sheet.write_number("A2", 45351, book.add_format({"num_format": '#,##0 "days"'}))

    assert workplace.read_text() == "n\n45351\n"


@pytest.fixture
def dated(workplace):
    """Makes a workbook with numbers that are shown as dates beside plain ones."""

    def make(*numbers, code="yyyy-mm-dd"):
        with xlsxwriter.Workbook(workplace.folder / "book.xlsx") as book:
            sheet = book.add_worksheet("S")
            shown = book.add_format({"num_format": code})
            sheet.write_row("A1", ["plain", "shown"])
            for row, number in enumerate(numbers, start=1):
                sheet.write_number(row, 0, -1)
                sheet.write_number(row, 1, number, shown)
        return workplace

    return make


@pytest.mark.parametrize("code", ["yyyy-mm-dd", "hh:mm"])
@pytest.mark.parametrize("number", [-3, -0.5, -1e-9])
def test_a_date_before_all_days_is_told_and_not_read_as_some_time(dated, number, code):
    with pytest.raises(StepError, match=r"the cell S!B3 holds a negative date or time") as caught:
        dated(0.5, number, code=code).read()
    assert caught.value.problem.code == "AF-EXCEL-VALUE"


def test_times_beside_negative_numbers_are_times(dated):
    assert dated(0.5, 0.25, code="hh:mm").read_text() == "plain,shown\n-1,12:00:00\n-1,06:00:00\n"


def test_a_negative_duration_is_one(dated):
    assert dated(-1.5, code="[h]:mm").read_text() == "plain,shown\n-1,-36:00:00\n"


def test_the_first_and_the_last_days_are_those_of_the_format(dated):
    assert dated(1, 59, 61, 2_958_465).read_text().split() == [
        "plain,shown",
        "-1,1900-01-01",
        "-1,1900-02-28",
        "-1,1900-03-01",
        "-1,9999-12-31",
    ]


def test_a_number_after_the_last_day_is_a_number(dated):
    assert dated(2_958_466).read_text() == "plain,shown\n-1,2958466\n"


def test_a_duration_out_of_all_time_is_told(dated):
    with pytest.raises(StepError, match="row 3 of the sheet holds a date or a duration that is out of all time"):
        dated(1, 1e9, code="[h]:mm").read()
