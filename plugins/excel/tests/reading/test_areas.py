"""A sheet, a range, a defined name or a table: what is read, and what is told where it is not there."""

from __future__ import annotations

import pytest
import xlsxwriter

from aetherflow.kernel.api import StepError

pytestmark = pytest.mark.unit


@pytest.fixture
def book(workplace):
    """Two sheets and a chart: a title, a table with totals, a block beside it, names."""
    with xlsxwriter.Workbook(workplace.folder / "book.xlsx") as book:
        sales = book.add_worksheet("My sales")
        sales.write_row("A1", ["Report of January"])
        for number, row in enumerate([["shop", "total"], ["north", 12], ["south", 7], ["all", 19]], start=2):
            sales.write_row(number, 1, row)
        for number, row in enumerate(
            [["kind", "kg"], ["apples", 1.5], ["pears", 2], ["plums", 3], ["figs", 4]], start=2
        ):
            sales.write_row(number, 4, row)
        sales.add_table(
            "B3:C6",
            {
                "name": "Totals",
                "total_row": True,
                "columns": [
                    {"header": "shop", "total_string": "all"},
                    {"header": "total", "total_function": "sum", "total_value": 19},
                ],
            },
        )
        other = book.add_worksheet("Other")
        other.write_column("A1", ["n", 1, 2])
        other.add_table(
            "C1:C2", {"name": "Bare", "header_row": False, "columns": [{"header": "x"}], "data": [[8], [9]]}
        )
        book.add_chartsheet("Picture").set_chart(_chart(book))
        book.define_name("fruit", "='My sales'!$E$3:$F$5")
        book.define_name("'My sales'!local", "='My sales'!$B$3:$C$4")
        book.define_name("Other!local", "=Other!$A$1:$A$2")
        book.define_name("rate", "=0.19")
    return workplace


def _chart(book):
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "='My sales'!$C$4:$C$5"})
    return chart


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"sheet": "Other", "range": "A1:A3"}, "n\n1\n2\n"),
        ({"sheet": 2, "range": "A1:A2"}, "n\n1\n"),
        ({"sheet": "other", "range": "$A$1:$A$2"}, "n\n1\n"),
        ({"range": "'My sales'!E3:F4"}, "kind,kg\napples,1.5\n"),
        ({"range": "Other!A1:A2"}, "n\n1\n"),
        ({"range": "E3:F"}, "kind,kg\napples,1.5\npears,2\nplums,3\nfigs,4\n"),
        ({"range": "E:F", "header": 3}, "kind,kg\napples,1.5\npears,2\nplums,3\nfigs,4\n"),
        ({"sheet": "Other", "range": "A:A"}, "n\n1\n2\n"),
        ({"range": "F3:E4"}, "kind,kg\napples,1.5\n"),
        ({"range": "E4", "header": False}, "E\napples\n"),
        ({"sheet": "Other", "range": "A3:A900"}, "2\n"),
        ({"name": "fruit"}, "kind,kg\napples,1.5\npears,2\n"),
        ({"name": "FRUIT", "header": False, "columns": ["a", "b"]}, "a,b\nkind,kg\napples,1.5\npears,2\n"),
        ({"name": "local", "sheet": "Other"}, "n\n1\n"),
        ({"name": "local", "sheet": "My sales"}, "shop,total\nnorth,12\n"),
        ({"table": "Totals"}, "shop,total\nnorth,12\nsouth,7\n"),
        ({"table": "totals"}, "shop,total\nnorth,12\nsouth,7\n"),
        ({"table": "Bare"}, "x\n8\n9\n"),
    ],
)
def test_what_is_named_is_read_and_nothing_else(book, inputs, text):
    assert book.read_text(**inputs) == text


def test_rows_of_a_range_below_the_last_value_are_empty_rows(book):
    assert book.read_text(sheet="Other", range="A2:A5", header=False, skip_empty_rows=False) == "A\n1\n2\n\n\n"


@pytest.mark.parametrize(
    ("inputs", "code", "message", "help_text"),
    [
        (
            {"sheet": "Januar"},
            "AF-EXCEL-SHEET",
            "the workbook has no sheet 'Januar'",
            "there is: 'My sales', 'Other', 'Picture'",
        ),
        ({"sheet": 4}, "AF-EXCEL-SHEET", "the workbook has no sheet 4", "there is: 'My sales', 'Other', 'Picture'"),
        (
            {"sheet": "Picture"},
            "AF-EXCEL-SHEET",
            "the sheet 'Picture' has no cells: it is a chartsheet",
            "name a sheet",
        ),
        ({"name": "nobody"}, "AF-EXCEL-NAME", "the workbook has no defined name for a range 'nobody'", "'fruit'"),
        ({"name": "rate"}, "AF-EXCEL-NAME", "the workbook has no defined name for a range 'rate'", "'fruit'"),
        ({"table": "Sums"}, "AF-EXCEL-NAME", "the workbook has no table 'Sums'", "there is: 'Totals', 'Bare'"),
        ({"range": "B4-F90"}, "AF-EXCEL-RANGE", "range: 'B4-F90' is no range of cells", "B4:F90"),
        ({"range": "A0:B2"}, "AF-EXCEL-RANGE", "range: 'A0:B2' is no range of cells", "B4:F90"),
        ({"range": "XFE1:XFE2"}, "AF-EXCEL-RANGE", "range: 'XFE1:XFE2' is no range of cells", "B4:F90"),
        ({"range": "XFE1:XFE"}, "AF-EXCEL-RANGE", "range: 'XFE1:XFE' is no range of cells", "B4:F90"),
        ({"range": "Nowhere!A1:B2"}, "AF-EXCEL-SHEET", "the workbook has no sheet 'Nowhere'", "'My sales'"),
        (
            {"range": "Other!A1:B2", "sheet": "My sales"},
            "AF-EXCEL-RANGE",
            "sheet says 'My sales', and range 'Other'",
            "once",
        ),
    ],
)
def test_what_is_not_there_is_told_with_what_is(book, inputs, code, message, help_text):
    with pytest.raises(StepError) as caught:
        book.read(**inputs)

    problem = caught.value.problem
    assert (problem.code, problem.message) == (code, message)
    assert help_text in problem.help
    assert not (book.folder / "out.csv").exists()


def test_a_suffix_that_says_nothing_is_told(book):
    with pytest.raises(StepError, match=r"the suffix of out\.dat does not say") as caught:
        book.read(output="out.dat")
    assert caught.value.problem.code == "AF-EXCEL-FORMAT"


class TestInputsThatContradictEachOther:
    @pytest.mark.parametrize(
        "inputs",
        [
            {"range": "A1:B2", "name": "x"},
            {"range": "A1:B2", "table": "x"},
            {"name": "x", "table": "x"},
            {"table": "x", "sheet": "s"},
            {"table": "x", "header": False},
            {"columns": ["a"]},
            {"sheet": 0},
            {"header": 0},
            {"sheet": ""},
            {"max_rows": 0},
            {"types": {"a": "number"}},
            {"types": {"a": "decimal(2,3)"}},
            {"types": {"a": "decimal(39,2)"}},
        ],
    )
    def test_they_are_refused(self, book, inputs):
        with pytest.raises(ValueError, match="validation error"):
            book.read(**inputs)
