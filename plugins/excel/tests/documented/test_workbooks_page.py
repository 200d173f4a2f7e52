"""What docs/workbooks.md says of values, of kinds of workbooks and of what is refused, sentence by sentence."""

from __future__ import annotations

import datetime as dt
import math
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from openpyxl.workbook.defined_name import DefinedName

from plugins.excel.tests.oracles.readers import by_calamine

from .cases import aetherflow, from_file, run_cases, small, write_flow
from .templates import write_template

pytestmark = pytest.mark.acceptance

UTC_MOMENT = dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)
#: Columns of one value each, and what openpyxl reads of it.
VALUES = {
    "formula": (pa.array(["=1+1"]), "=1+1"),
    "plus": (pa.array(["+49 30 1"]), "+49 30 1"),
    "tab": (pa.array(["\tx"]), "\tx"),
    "long_integer": (pa.array([2**63 - 1]), "9223372036854775807"),
    "fifteen_digits": (pa.array([999_999_999_999_999]), 999_999_999_999_999),
    "zeros_count_little": (pa.array([12_000_000_000_000_000_000], pa.uint64()), 12_000_000_000_000_000_000),
    "truth": (pa.array([True]), True),
    "day": (pa.array([dt.date(2026, 2, 28)]), dt.datetime.fromisoformat("2026-02-28")),
    "time": (pa.array([dt.time(8, 30)]), dt.time(8, 30)),
    "moment": (pa.array([dt.datetime.fromisoformat("2026-02-28T08:30")]), dt.datetime.fromisoformat("2026-02-28T08:30")),
    "early": (pa.array([dt.date(1899, 12, 31)]), "1899-12-31"),
    # Half past midnight of the next day in Berlin.
    "zone": (
        pa.array([UTC_MOMENT], pa.timestamp("us", "Europe/Berlin")), dt.datetime.fromisoformat("2026-07-01T22:30"),
    ),
    "null": (pa.array([None], pa.int64()), None),
    "empty": (pa.array([""]), None),
    "bell": (pa.array(["a\x07b"]), "a\x07b"),
    "lookalike": (pa.array(["_x0041_"]), "_x0041_"),
    "spaces": (pa.array(["  two  "]), "  two  "),
    "lines": (pa.array(["one\ntwo"]), "one\ntwo"),
    "longest": (pa.array(["x" * 32_767]), "x" * 32_767),
}  # fmt: skip
REFUSED = {
    "nan": (pa.array([1.0, math.nan]), "AF-EXCEL-VALUE", "column 'value', cell A11: it is no finite number"),
    "infinite": (pa.array([math.inf]), "AF-EXCEL-VALUE", "column 'value', cell A10: it is no finite number"),
    "too_long": (pa.array(["x", "y" * 32_768]), "AF-EXCEL-VALUE", "cell A11: its text is longer than 32,767"),
    "bytes": (pa.array([b"x"]), "AF-EXCEL-TYPE", "column 'value' can't be written: its type is binary"),
    "list": (pa.array([[1, 2]]), "AF-EXCEL-TYPE", "column 'value' can't be written"),
}
REGION = {"mode": "report_region", "insert": "replace", "cell": "Report!A10"}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("values")
    write_template(folder / "template.xlsx")
    columns = {name: column for name, (column, _) in VALUES.items()}
    pq.write_table(pa.table(columns), folder / "values.parquet")
    for name, (column, *_) in REFUSED.items():
        pq.write_table(pa.table({"value": column}), folder / f"{name}.parquet")
    cases = {name: from_file({**REGION, "source_path": f"{name}.parquet"}) for name in REFUSED}
    return run_cases(folder, {"values": from_file({**REGION, "source_path": "values.parquet"}), **cases})


@pytest.fixture(scope="module")
def row(outcomes):
    """The row of values as openpyxl reads it: escapes of the format are undone here, as Excel does it."""
    assert outcomes["values"].status == "SUCCESS", outcomes["values"].reason
    cells = outcomes["values"].sheet()[10]
    return dict(zip(VALUES, cells, strict=False))


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_written_as_the_page_says(row, name):
    found = row[name].value
    if isinstance(found, str):
        found = openpyxl.utils.escape.unescape(found)

    expected = VALUES[name][1]
    assert type(found) is type(expected)
    assert found == expected


def test_a_text_that_looks_like_a_formula_is_marked_as_text(row):
    assert {name: row[name].quotePrefix for name in ("formula", "plus", "tab", "spaces")} == {
        "formula": True, "plus": True, "tab": True, "spaces": False,
    }  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_value_that_no_cell_holds_is_refused_with_its_place(outcomes, name):
    _, code, message = REFUSED[name]

    assert (outcomes[name].status, outcomes[name].error_code) == ("FAILED", code)
    assert message in outcomes[name].reason
    assert not outcomes[name].workbook.exists()


def fill(folder, *, template="template.xlsx", output="out.xlsx", **target):
    """Fill a template, and answer the process."""
    given = {"rows_json": [["Ada", 1], ["Bob", 2]], **target}
    inputs = {"template_path": template, "output": str(folder / output), "targets": [given]}
    write_flow(folder, [{"id": "fill", "type": "excel_fill_small", "inputs": inputs}])
    return aetherflow(folder, "run", "flow.yaml")


def content_types(path):
    with zipfile.ZipFile(path) as package:
        return package.read("[Content_Types].xml").decode()


def test_a_template_becomes_the_kind_of_workbook_that_its_name_says(tmp_path):
    write_template(tmp_path / "plain.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plain.xlsx")
    book.template = True
    book.save(tmp_path / "template.xltx")

    done = fill(tmp_path, template="template.xltx", anchor="Place")

    assert done.returncode == 0, done.stderr
    assert "template.main+xml" in content_types(tmp_path / "template.xltx")
    assert "sheet.main+xml" in content_types(tmp_path / "out.xlsx")
    assert by_calamine(tmp_path / "out.xlsx")["Report"]["B5"] == "Ada"


def with_macros(path):
    (path.parent / "vba.bin").write_bytes(b"not really a program")
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Report")
        book.add_vba_project(str(path.parent / "vba.bin"))


def test_macros_are_kept_as_they_are(tmp_path):
    with_macros(tmp_path / "template.xlsm")

    done = fill(tmp_path, template="template.xlsm", output="out.xlsm", cell="Report!A1")

    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "out.xlsm") as package:
        assert package.read("xl/vbaProject.bin") == b"not really a program"
    assert "sheet.macroEnabled.main+xml" in content_types(tmp_path / "out.xlsm")


@pytest.mark.parametrize("output", ["out.xlsx", "out.csv"])
def test_a_workbook_with_macros_under_a_name_that_can_not_be_opened_is_refused(tmp_path, output):
    with_macros(tmp_path / "template.xlsm")

    done = fill(tmp_path, template="template.xlsm", output=output, cell="Report!A1")

    assert done.returncode == 1
    assert "AF-EXCEL-OUTPUT" in done.stderr
    assert not (tmp_path / output).exists()


def test_the_output_may_be_the_template_itself_where_no_rows_are_inserted(tmp_path):
    write_template(tmp_path / "template.xlsx")

    written_over = fill(tmp_path, output="template.xlsx", anchor="Place")
    inserted = fill(tmp_path, output="template.xlsx", anchor="Place", insert="below")

    assert written_over.returncode == 0, written_over.stderr
    assert inserted.returncode == 1
    assert "AF-EXCEL-OUTPUT" in inserted.stderr


def test_what_is_refused_leaves_the_old_output(tmp_path):
    write_template(tmp_path / "template.xlsx")
    (tmp_path / "out.xlsx").write_bytes(b"yesterday's")

    done = fill(tmp_path, anchor="Place", max_rows=1)

    assert done.returncode == 1
    assert (tmp_path / "out.xlsx").read_bytes() == b"yesterday's"
    assert {path.name for path in tmp_path.iterdir()} == {"template.xlsx", "out.xlsx", "flow.yaml", ".aetherflow"}


def test_rows_over_merged_cells_an_array_or_the_header_of_a_table_are_refused(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "template.xlsx") as book:
        sheet = book.add_worksheet("Report")
        sheet.merge_range("A5:B6", "merged")
        sheet.write_array_formula("D5:D7", "{=ROW(1:3)}")
        sheet.add_table("F5:G7", {"columns": [{"header": "k"}, {"header": "v"}]})
    cases = {
        "merged": (small({"cell": "Report!B6"}), "merged cells in A5:B6 would be written over"),
        "array": (small({"cell": "Report!C6"}), "an array formula in D5:D7 would be written over"),
        "header": (small({"cell": "Report!F5", "header_mode": "append"}), "the header of the table Table1"),
        "into_the_array": (small({"cell": "Report!A6", "insert": "below"}), ""),
        "above_all": (small({"cell": "Report!A3", "insert": "below"}), None),
        "into_the_table": (small({"cell": "Report!F6"}), None),
    }

    outcomes = run_cases(tmp_path, {name: case for name, (case, _) in cases.items()})

    told = {name: outcome.error_code for name, outcome in outcomes.items()}
    assert told == {
        "merged": "AF-EXCEL-IN-THE-WAY", "array": "AF-EXCEL-IN-THE-WAY", "header": "AF-EXCEL-IN-THE-WAY",
        "into_the_array": told["into_the_array"], "above_all": None, "into_the_table": None,
    }  # fmt: skip
    assert told["into_the_array"] in {"AF-EXCEL-MOVE", "AF-EXCEL-IN-THE-WAY"}
    for name, (_, message) in cases.items():
        assert message is None or message in outcomes[name].reason


def test_old_rows_that_would_move_out_of_the_reach_of_what_is_written_over_them_are_refused(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "template.xlsx") as book:
        sheet = book.add_worksheet("Report")
        sheet.write("A5", "left")
        for row in range(4, 8):
            sheet.write_row(f"D{row}", [f"old {row}", row])
        sheet.write_formula("E8", "=SUM(E4:E7)")
    left = {"name": "left", "cell": "Report!A5", "insert": "below"}
    right = {"name": "right", "rows_json": [["a", 1], ["b", 2], ["c", 3], ["d", 4]]}
    cases = {
        # New rows in front of row 5 take rows 6 and 7 away from what is written over them.
        "cut": small(left, {**right, "cell": "Report!D4"}),
        "above": small({**left, "cell": "Report!A3"}, {**right, "cell": "Report!D4"}),
        "nothing_there": small(left, {**right, "cell": "Report!G4"}),
        "both_below": small(left, {**right, "cell": "Report!D5", "insert": "below"}),
    }

    outcomes = run_cases(tmp_path, cases)

    assert outcomes["cut"].error_code == "AF-EXCEL-IN-THE-WAY"
    assert "writes over row 6 of the template's sheet 'Report', but rows of another target" in outcomes["cut"].reason
    assert outcomes["above"].cells("D5:E10") == [
        [None, None], ["a", 1], ["b", 2], ["c", 3], ["d", 4], [None, "=SUM(E6:E9)"],
    ]  # fmt: skip
    assert outcomes["nothing_there"].cells("G4:H7") == right["rows_json"]
    assert outcomes["both_below"].cells("D4:E12") == [
        ["old 4", 4], *right["rows_json"], ["old 5", 5], ["old 6", 6], ["old 7", 7], [None, "=SUM(E4:E11)"],
    ]  # fmt: skip


def test_names_of_an_anchor_stay_where_the_rows_begin_and_others_move(tmp_path):
    write_template(tmp_path / "template.xlsx")
    book = openpyxl.load_workbook(tmp_path / "template.xlsx")
    book.defined_names["Same"] = DefinedName("Same", attr_text="Report!$B$5")
    book.save(tmp_path / "template.xlsx")

    done = fill(tmp_path, anchor="Place", insert="below")

    assert done.returncode == 0, done.stderr
    names = openpyxl.load_workbook(tmp_path / "out.xlsx").defined_names
    assert (names["Place"].attr_text, names["Same"].attr_text) == ("Report!$B$5", "Report!$B$7")


def test_no_rows_change_nothing_but_what_is_asked_for(tmp_path):
    write_template(tmp_path / "template.xlsx")

    (outcome,) = run_cases(tmp_path, {"none": small({"anchor": "Place", "insert": "below"}, rows_json=[])}).values()

    assert outcome.status == "SUCCESS", outcome.reason
    assert outcome.cells("B5:C6") == [["sample", 9], ["Total", "=SUM(C5:C5)"]]
    assert outcome.written["rows"] == 0


def test_ranges_in_formulas_grow_or_move_as_the_page_says(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "template.xlsx") as book:
        sheet = book.add_worksheet("Report")
        sheet.write_row("A3", ["Name", "Amount"])
        sheet.write_row("A4", ["x", 1])
        for row, formula in enumerate(
            ("SUM(B4:B4)", "SUM(B3:B4)", "VLOOKUP(1,A4:B4,2)", "VLOOKUP(1,A3:B4,2)", "B4"), 6
        ):
            sheet.write_formula(f"D{row}", f"={formula}")
        book.define_name("Head", "=Report!$A$3")

    (outcome,) = run_cases(
        tmp_path, {"grown": small({"anchor": "Head", "template_has_header": True, "insert": "below"})}
    ).values()

    assert [row[0] for row in outcome.cells("D8:D12")] == [
        "=SUM(B4:B6)", "=SUM(B3:B6)", "=VLOOKUP(1,A6:B6,2)", "=VLOOKUP(1,A3:B6,2)", "=B6",
    ]  # fmt: skip


def test_addresses_are_links_in_the_columns_that_are_named_and_text_elsewhere(tmp_path):
    write_template(tmp_path / "template.xlsx")
    rows = [["https://example.com/a?b=1&c=2", "https://example.com/"], ["javascript:alert(1)", "x"], ["plain", None]]
    target = {"anchor": "Place", "insert": "below", "hyperlinks": ["page"], "columns_json": ["page", "other"]}

    (outcome,) = run_cases(tmp_path, {"links": small({**target, "rows_json": rows})}).values()

    assert outcome.status == "SUCCESS", outcome.reason
    sheet = outcome.sheet()
    assert sheet["B5"].hyperlink.target == "https://example.com/a?b=1&c=2"
    assert [sheet[cell].hyperlink for cell in ("C5", "B6", "B7")] == [None, None, None]
    assert outcome.cells("B5:C7") == rows
