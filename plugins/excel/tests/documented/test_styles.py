"""What cells look like: as the style row, as what they replace, or as their column."""

from __future__ import annotations

import pytest

from .cases import run_cases, small
from .templates import write_template

pytestmark = pytest.mark.acceptance

BELOW = {"sheet": "Report", "anchor": "ROWS HERE", "insert": "below"}
COPY = {**BELOW, "style_mode": "copy_row"}
#: `Place` is the style row itself.
HERE = {"anchor": "Place", "insert": "below", "style_mode": "copy_row", "style_row_offset": 0}
CASES = {
    "plain": small(BELOW),
    "copied": small(COPY),
    "from_the_anchors_row": small(HERE),
    "from_the_totals": small({**COPY, "style_row_offset": 3}),
    "header_alone": small({**COPY, "header_mode": "append", "style_apply": "header"}),
    "data_alone": small({**COPY, "header_mode": "append", "style_apply": "data"}),
    "both": small({**COPY, "header_mode": "append", "style_apply": "both"}),
    "header_style": small({**BELOW, "header_mode": "append", "header_style": "style_row"}),
    "overridden": small({**BELOW, "header_mode": "override", "header_style": "style_row"}),
    "cleared": small({**COPY, "clear_style_row": True}),
    "cleared_under_data": small({**COPY, "insert": "replace", "clear_style_row": True}),
    "replaced": small({**COPY, "insert": "replace"}),
    "dates": small(COPY, rows_json=[["Ada", "2026-03-01"]], dtypes={"amount": "date"}),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("styles")
    write_template(folder / "template.xlsx")
    return run_cases(folder, CASES)


def looks(outcome, cells: str) -> str:
    """Of each cell: i for italic as in the style row, b for bold as in the header, - for neither."""
    assert outcome.status == "SUCCESS", outcome.reason
    sheet = outcome.sheet()
    fonts = [sheet[cell].font for cell in cells.split()]
    return "".join("i" if font.italic else "b" if font.bold else "-" for font in fonts)


@pytest.mark.parametrize(
    ("case", "cells", "expected"),
    [
        ("plain", "B5 C6", "--"),
        ("copied", "B4 B5 C6 D5 B7", "bii-i"),
        ("from_the_anchors_row", "B4 B5 C6 B7", "biii"),
        ("from_the_totals", "B5 C6 B7", "--i"),
        ("header_alone", "B4 B5 C6 B7", "i--b"),
        ("data_alone", "B4 B5 C6 B7", "biib"),
        ("both", "B4 B5 C6 B7", "iiib"),
        ("header_style", "B4 B5 C6", "i--"),
        ("overridden", "B4 C4 D4 B5", "iib-"),
        ("replaced", "B4 B5 C5 B6 C6", "biiii"),
    ],
)
def test_cells_look_as_the_style_row_where_they_should(outcomes, case, cells, expected):
    assert looks(outcomes[case], cells) == expected


@pytest.mark.parametrize(("case", "height"), [("copied", 30), ("from_the_anchors_row", 30), ("plain", None)])
def test_new_rows_have_the_height_of_the_style_row_where_it_is_copied(outcomes, case, height):
    rows = outcomes[case].sheet().row_dimensions

    assert {rows[number].height for number in (5, 6)} == {height}
    # The style row itself moved down, with its height.
    assert rows[7].height == 30


def test_numbers_have_the_number_format_of_the_style_row(outcomes):
    sheet = outcomes["copied"].sheet()

    assert {sheet[cell].number_format for cell in ("C5", "C6", "C7")} == {"0.00"}


def test_a_date_gets_a_format_for_dates_and_keeps_the_rest_of_the_look(outcomes):
    cell = outcomes["dates"].sheet()["C5"]

    assert cell.is_date
    assert cell.number_format == "yyyy-mm-dd"
    assert cell.font.italic


def test_a_style_row_that_is_cleared_loses_what_it_holds_and_its_looks(outcomes):
    outcome = outcomes["cleared"]

    # Only the two columns of the region: D stays.
    assert outcome.cells("B4:D8") == [
        ["Name", "Amount", "Old"],
        ["Ada", 1, None],
        ["Bob", 2, None],
        [None, None, "x"],
        ["Total", "=SUM(C5:C7)", None],
    ]
    assert looks(outcome, "B7 C7 D7") == "--i"


def test_a_style_row_under_data_is_not_cleared(outcomes):
    assert outcomes["cleared_under_data"].cells("B5:C6") == [["Ada", 1], ["Bob", 2]]


def test_a_hidden_style_row_gives_rows_that_are_seen(tmp_path):
    import openpyxl

    write_template(tmp_path / "template.xlsx")
    book = openpyxl.load_workbook(tmp_path / "template.xlsx")
    book["Report"].row_dimensions[5].hidden = True
    book.save(tmp_path / "template.xlsx")

    (outcome,) = run_cases(tmp_path, {"seen": small(HERE)}).values()

    rows = outcome.sheet().row_dimensions
    assert [rows[number].hidden for number in (5, 6, 7)] == [False, False, True]
    assert [rows[number].height for number in (5, 6)] == [30, 30]


def test_a_style_row_in_a_folded_group_gives_rows_of_that_group(tmp_path):
    import openpyxl

    write_template(tmp_path / "template.xlsx")
    book = openpyxl.load_workbook(tmp_path / "template.xlsx")
    book["Report"].row_dimensions.group(5, 5, outline_level=1, hidden=True)
    book.save(tmp_path / "template.xlsx")

    (outcome,) = run_cases(tmp_path, {"folded": small(HERE)}).values()

    rows = outcome.sheet().row_dimensions
    assert [(rows[number].outlineLevel, rows[number].hidden) for number in (5, 6, 7)] == [(1, True)] * 3
