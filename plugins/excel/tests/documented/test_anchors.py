"""Every way to say where a region is, and what becomes of the anchor itself."""

from __future__ import annotations

import pytest
import xlsxwriter

from .cases import Case, run_cases, small
from .templates import write_template

pytestmark = pytest.mark.acceptance

#: As spreadsheets have it where somebody pasted a text from elsewhere: spaces that don't break, and too many.
MARKER = "\N{NO-BREAK SPACE}ROWS\N{NO-BREAK SPACE}  HERE "
MARKED = {"sheet": "Report", "anchor": "ROWS HERE"}

#: Where the first row of data has to land.
LANDS = {
    "name": ({"anchor": "Place"}, "B5"),
    "name_in_other_case": ({"anchor": "PLACE"}, "B5"),
    "name_of_the_sheet_alone": ({"anchor": "Local", "sheet": "Report"}, "B9"),
    "range_by_its_first_cell": ({"anchor": "Block"}, "C10"),
    "cell_with_its_sheet": ({"cell": "Report!B7"}, "B7"),
    "cell_and_sheet": ({"cell": "B7", "sheet": "Report"}, "B7"),
    "cell_with_dollars": ({"cell": "Report!$B$7"}, "B7"),
    "anchor_that_is_a_cell": ({"anchor": "Report!B7"}, "B7"),
    "cell_of_a_sheet_in_quotes": ({"cell": "'My sheet'!C2"}, "C2"),
    "text": (MARKED, "B5"),
    "text_with_spaces": ({"sheet": "Report", "anchor": "  ROWS   HERE"}, "B5"),
    "text_that_is_no_marker": ({**MARKED, "anchor_is_marker": False}, "B3"),
    "text_above_rows_without_header": ({**MARKED, "template_has_header": False}, "B4"),
    "name_that_is_a_marker": ({"anchor": "Marker", "anchor_is_marker": True}, "B5"),
    "name_above_rows": ({"anchor": "Marker", "anchor_is_marker": True, "template_has_header": False}, "B4"),
    "name_of_a_header": ({"anchor": "Head", "template_has_header": True}, "B5"),
}
#: What is told where there is no such place.
REFUSED = {
    "no_such_name": ({"anchor": "Plaice"}, "has no 'Plaice'"),
    "no_such_text": ({"sheet": "Report", "anchor": "ROWS THERE"}, "has no 'ROWS THERE'"),
    "part_of_a_text": ({"sheet": "Report", "anchor": "ROWS"}, "has no 'ROWS'"),
    "text_in_other_case": ({"sheet": "Report", "anchor": "rows here"}, "has no 'rows here'"),
    "text_without_a_sheet": ({"anchor": "ROWS HERE"}, "has no 'ROWS HERE'"),
    "cell_without_a_sheet": ({"cell": "B7"}, "has no 'B7'"),
    "text_further_down_than_is_looked": ({"sheet": "Long", "anchor": "FAR"}, "has no 'FAR'"),
}
CLEARED = {
    "cell": ({}, [None, None, "note", None, None, "far"]),
    "cells": ({"anchor_clear_width": 2}, [None, None, None, None, None, "far"]),
    "row": ({"anchor_clear_mode": "row"}, [None] * 6),
}
CASES: dict[str, Case] = {
    **{name: small(target) for name, (target, _) in {**LANDS, **REFUSED}.items()},
    **{f"clear_{name}": small({**MARKED, "anchor_clear": True, **more}) for name, (more, _) in CLEARED.items()},
    "clear_inserted": small({**MARKED, "anchor_clear": True, "insert": "below"}),
    "other_sheet": small({"sheet": "My sheet", "anchor": "Place"}),
    "other_sheet_in_the_cell": small({"sheet": "My sheet", "cell": "Report!B5"}),
    "no_such_sheet_beside_a_name": small({"sheet": "Rapport", "anchor": "Place"}),
    "lost": small({"anchor": "Lost"}),
    "no_such_sheet": small({"sheet": "Rapport", "cell": "B5"}),
    "nearly_too_far_down": small({"sheet": "Long", "anchor": "NEAR"}),
}


def write(path):
    write_template(path, marker=MARKER)
    # More sheets and names, by the library that is at hand for changing a workbook.
    import openpyxl
    from openpyxl.workbook.defined_name import DefinedName

    book = openpyxl.load_workbook(path)
    book.create_sheet("My sheet")["A1"] = 1
    long = book.create_sheet("Long")
    for row in range(1, 10_003):
        long.cell(row, 1, row)
    long["A10000"], long["A10001"] = "NEAR", "FAR"
    book["Report"].defined_names["Local"] = DefinedName("Local", attr_text="Report!$B$9")
    book.defined_names["Block"] = DefinedName("Block", attr_text="Report!$C$10:$D$12")
    book.defined_names["Lost"] = DefinedName("Lost", attr_text="Report!#REF!")
    book.save(path)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("anchors")
    write(folder / "template.xlsx")
    return run_cases(folder, CASES)


@pytest.mark.parametrize("name", LANDS)
def test_rows_land_at_the_place_that_is_named(outcomes, name):
    cell = LANDS[name][1]

    outcome = outcomes[name]

    assert outcome.status == "SUCCESS", outcome.reason
    assert outcome.written["start_cell"] == cell
    found = outcome.sheet(outcome.written["sheet"])[cell]
    assert (found.value, found.offset(0, 1).value, found.offset(1, 0).value) == ("Ada", 1, "Bob")


@pytest.mark.parametrize("name", REFUSED)
def test_a_place_that_is_not_there_is_told_with_what_there_is(outcomes, name):
    outcome = outcomes[name]

    assert (outcome.status, outcome.error_code) == ("FAILED", "AF-EXCEL-ANCHOR")
    assert REFUSED[name][1] in outcome.reason
    assert "its defined names: Block, Head, Local, Lost, Marker, Place" in outcome.reason
    assert not outcome.workbook.exists()


def test_a_sheet_that_is_not_there_is_told_with_those_that_are(outcomes):
    outcome = outcomes["no_such_sheet"]

    assert outcome.error_code == "AF-EXCEL-SHEET"
    assert "no sheet 'Rapport' (it has 'Report', 'My sheet', 'Long')" in outcome.reason


def test_a_name_or_a_cell_on_another_sheet_than_the_one_that_is_named_is_refused(outcomes):
    for case, where in (("other_sheet", "Place"), ("other_sheet_in_the_cell", "Report!B5")):
        assert outcomes[case].error_code == "AF-EXCEL-ANCHOR"
        assert f"is for the sheet 'My sheet', and {where!r} is on 'Report'" in outcomes[case].reason
    assert outcomes["no_such_sheet_beside_a_name"].error_code == "AF-EXCEL-SHEET"


def test_a_name_that_has_lost_its_cells_is_told_with_what_it_stands_for(outcomes):
    assert outcomes["lost"].error_code == "AF-EXCEL-ANCHOR"
    assert "the name 'Lost' of template.xlsx stands for 'Report!#REF!', which is no range" in outcomes["lost"].reason


def test_a_text_is_found_up_to_the_ten_thousandth_cell(outcomes):
    assert outcomes["nearly_too_far_down"].written["start_cell"] == "A10002"


@pytest.mark.parametrize("name", CLEARED)
def test_of_the_anchor_as_much_is_cleared_as_is_asked_for(outcomes, name):
    outcome = outcomes[f"clear_{name}"]

    (row,) = outcome.cells("A3:F3")
    assert row == CLEARED[name][1]
    # The cell looks as before, whoever fills it again.
    assert outcome.sheet()["B3"].font.bold
    assert outcome.cells("B4:D4") == [["Name", "Amount", "Old"]]


def test_an_anchor_is_cleared_where_it_stands_also_when_rows_come_in_below_it(outcomes):
    assert outcomes["clear_inserted"].cells("B3:C6") == [
        [None, "note"], ["Name", "Amount"], ["Ada", 1], ["Bob", 2],
    ]  # fmt: skip


def test_a_template_without_names_says_that_it_has_none(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "template.xlsx") as book:
        book.add_worksheet("Report")

    (outcome,) = run_cases(tmp_path, {"nameless": small({"anchor": "Place"})}).values()

    assert "it has no defined names; a cell or a text also needs `sheet:`" in outcome.reason
