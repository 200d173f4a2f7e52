"""Sheets of their own for the rows of files: made where they are missing, kept as they look where they are not."""

from __future__ import annotations

import pytest

from .cases import from_file, run_cases
from .templates import write_template

pytestmark = pytest.mark.acceptance

TWO = {"name": "two", "source_path": "two.csv"}
CASES = {
    "made": from_file(TWO),
    "named": from_file({**TWO, "sheet": "Numbers"}),
    "prefixed": from_file({**TWO, "data_sheet_prefix": "raw "}),
    "plain": from_file({**TWO, "freeze_panes": False, "autofilter": False, "header_bold": False}),
    "without_header": from_file({**TWO, "header_mode": "template"}),
    "include_header_false": from_file({**TWO, "include_header": False}),
    "header_mode_wins": from_file({**TWO, "include_header": False, "header_mode": "append"}),
    "elsewhere": from_file({**TWO, "cell": "C3"}),
    "some_columns": from_file({**TWO, "columns": ["amount"]}),
    "other_order": from_file({**TWO, "columns_json": '["amount", "name"]'}),
    "no_header_in_the_file": from_file({**TWO, "source_path": "bare.csv", "read_header": False}),
    "names_given": from_file({**TWO, "source_path": "bare.csv", "read_header": False, "columns": ["k", "v"]}),
    "other_csv": from_file(
        {**TWO, "source_path": "odd.txt", "source_format": "csv", "delimiter": ";", "quotechar": "'", "encoding": "latin-1",
         "null_values": ["", "-"]}
    ),
    "tabs": from_file({**TWO, "source_path": "two.tsv"}),
    "there_already": from_file({**TWO, "sheet": "Old"}),
    "many": from_file(TWO, {**TWO, "name": "three"}),
    "kept_in_the_report": from_file(
        {**TWO, "mode": "report_region", "anchor": "Place", "include_header": True}
    ),
}  # fmt: skip
REFUSED = {
    "no_such_column": (from_file({**TWO, "columns": ["sum"]}), "AF-EXCEL-COLUMNS", "no column 'sum' (it has: name, am"),
    "no_such_file": (from_file({**TWO, "source_path": "three.csv"}), "AF-EXCEL-SOURCE", "three.csv"),
    "what_kind": (from_file({**TWO, "source_path": "odd.txt"}), "AF-EXCEL-SOURCE", "does not say what kind of file"),
    # Who wants to fill a region, and forgets to say so.
    "name_of_another_sheet": (
        from_file({**TWO, "anchor": "Place"}),
        "AF-EXCEL-ANCHOR",
        "there is no sheet 'DATA_two' yet, and 'Place' is no cell of a new sheet",
    ),
    "cell_of_another_sheet": (from_file({**TWO, "cell": "Report!B2"}), "AF-EXCEL-ANCHOR", "is no cell of a new sheet"),
    "no_cell": (from_file({**TWO, "cell": "top"}), "AF-EXCEL-ANCHOR", "'top' is no cell of a new sheet"),
    "name_beside_a_sheet_that_is_there": (
        from_file({**TWO, "sheet": "Old", "anchor": "Place"}),
        "AF-EXCEL-ANCHOR",
        "is for the sheet 'Old', and 'Place' is on 'Report'",
    ),
    "bad_sheet_name": (from_file({**TWO, "sheet": "a/b"}), "AF-EXCEL-SHEET-NAME", "no sheet may be called 'a/b'"),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sheets")
    write_template(folder / "template.xlsx")
    _add_old_sheet(folder / "template.xlsx")
    (folder / "two.csv").write_text("name,amount\nAda,1\nBob,2\n")
    (folder / "two.tsv").write_text("name\tamount\nAda\t1\nBob\t2\n")
    (folder / "bare.csv").write_text("Ada,1\nBob,2\n")
    (folder / "odd.txt").write_bytes("name;amount\n'Zo\xeb; A.';-\n".encode("latin-1"))
    return run_cases(folder, CASES | {name: case for name, (case, *_) in REFUSED.items()})


def _add_old_sheet(path):
    import openpyxl
    from openpyxl.styles import Font

    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("Old")
    for row in (["name", "amount", "twice"], ["x", "9", "=B2*2"], ["y", "9", "=B3*2"], ["z", "9", "=B4*2"]):
        sheet.append(row)
    sheet["A2"].font = sheet["A4"].font = Font(italic=True)
    book.save(path)


@pytest.mark.parametrize(
    ("case", "sheet", "cells", "expected"),
    [
        ("made", "DATA_two", "A1:B3", [["name", "amount"], ["Ada", "1"], ["Bob", "2"]]),
        ("named", "Numbers", "A1:B3", [["name", "amount"], ["Ada", "1"], ["Bob", "2"]]),
        ("prefixed", "raw two", "A1:B1", [["name", "amount"]]),
        ("without_header", "DATA_two", "A1:B2", [["Ada", "1"], ["Bob", "2"]]),
        ("include_header_false", "DATA_two", "A1:B2", [["Ada", "1"], ["Bob", "2"]]),
        ("header_mode_wins", "DATA_two", "A1:B2", [["name", "amount"], ["Ada", "1"]]),
        ("elsewhere", "DATA_two", "C3:D5", [["name", "amount"], ["Ada", "1"], ["Bob", "2"]]),
        ("some_columns", "DATA_two", "A1:B2", [["amount", None], ["1", None]]),
        ("other_order", "DATA_two", "A1:B2", [["amount", "name"], ["1", "Ada"]]),
        ("names_given", "DATA_two", "A1:B3", [["k", "v"], ["Ada", "1"], ["Bob", "2"]]),
        ("no_header_in_the_file", "DATA_two", "A2:B3", [["Ada", "1"], ["Bob", "2"]]),
        ("other_csv", "DATA_two", "A1:B2", [["name", "amount"], ["Zoë; A.", None]]),
        ("tabs", "DATA_two", "A1:B3", [["name", "amount"], ["Ada", "1"], ["Bob", "2"]]),
        ("many", "DATA_three", "A1:B3", [["name", "amount"], ["Ada", "1"], ["Bob", "2"]]),
        ("kept_in_the_report", "Report", "B5:C8", [["name", "amount"], ["Ada", "1"], ["Bob", "2"], ["sample", 9]]),
        # Rows below the new ones are emptied, in the columns of the table.
        (
            "there_already", "Old", "A1:C4",
            [["name", "amount", "twice"], ["Ada", "1", "=B2*2"], ["Bob", "2", "=B3*2"], [None, None, "=B4*2"]],
        ),
    ],
)  # fmt: skip
def test_rows_stand_where_the_page_says(outcomes, case, sheet, cells, expected):
    assert outcomes[case].status == "SUCCESS", outcomes[case].reason
    assert outcomes[case].cells(cells, sheet) == expected


def test_a_sheet_that_is_made_can_be_filtered_and_keeps_its_header_in_sight(outcomes):
    sheet = outcomes["made"].sheet("DATA_two")

    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet["A1"].font.bold) == ("A2", "A1:B3", True)
    assert outcomes["made"].sheet().parent.sheetnames == ["Report", "Old", "DATA_two"]
    assert outcomes["made"].outputs["fidelity"]["added"] == ["xl/worksheets/sheet3.xml"]


def test_a_sheet_that_is_made_is_plain_where_that_is_asked_for(outcomes):
    sheet = outcomes["plain"].sheet("DATA_two")

    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet["A1"].font.bold) == (None, None, False)


def test_a_sheet_that_is_there_keeps_its_looks(outcomes):
    sheet = outcomes["there_already"].sheet("Old")

    assert [sheet[f"A{row}"].font.italic for row in (1, 2, 3, 4)] == [False, True, False, True]
    assert outcomes["there_already"].outputs["fidelity"]["added"] == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_be_is_told(outcomes, name):
    _, code, message = REFUSED[name]

    assert (outcomes[name].status, outcomes[name].error_code) == ("FAILED", code)
    assert message in outcomes[name].reason
