"""What a workbook has to fill: told by `aetherflow excel inspect`, and asked for by `excel_validate_template`."""

from __future__ import annotations

import json

import pytest
import xlsxwriter

from .cases import aetherflow, write_flow
from .templates import write_template

pytestmark = pytest.mark.acceptance

TEXT = """\
template.xlsx

worksheet Report: A1:D9, 2 formulas, 1 merged range
  text  A7: [[notes]]
  table Sales: A2:B4 (City, Amount)
  chart chart1.xml: Report!$B$3:$B$4

worksheet Quiet, hidden: B2

chartsheet Picture
  chart chart2.xml: Report!$B$3:$B$4

names
  Block: Report!$A$2:$B$4
  Here on Report: Report!$A$9
  Rate: 0.19  (no place for rows)
"""


@pytest.fixture
def template(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "template.xlsx") as book:
        sheet = book.add_worksheet("Report")
        quiet = book.add_worksheet("Quiet")
        quiet.write("B2", "x")
        quiet.hide()
        sheet.write("A1", "Title")
        sheet.add_table("A2:B4", {"name": "Sales", "columns": [{"header": "City"}, {"header": "Amount"}]})
        sheet.write_formula("B5", "=SUM(B3:B4)")
        sheet.write_formula("B6", '=INDIRECT("B5")')
        sheet.write("A7", "[[notes]]")
        sheet.merge_range("D8:E8", "far")
        sheet.write("A9", "end")
        for place in (sheet, book.add_chartsheet("Picture")):
            chart = book.add_chart({"type": "column"})
            chart.add_series({"values": "=Report!$B$3:$B$4"})
            if place is sheet:
                sheet.insert_chart("G2", chart)
            else:
                place.set_chart(chart)
        book.define_name("Block", "=Report!$A$2:$B$4")
        book.define_name("Rate", "=0.19")
        book.define_name("Report!Here", "=Report!$A$9")
    return tmp_path / "template.xlsx"


def test_a_workbook_is_told_sheet_by_sheet(tmp_path, template):
    done = aetherflow(tmp_path, "excel", "inspect", "template.xlsx")

    assert done.returncode == 0, done.stderr
    assert done.stdout == TEXT


def test_the_same_is_told_to_programs(tmp_path, template):
    told = json.loads(aetherflow(tmp_path, "excel", "inspect", "template.xlsx", "--json").stdout)

    assert (told["file"], told["has_macros"], told["counts_from_1904"]) == ("template.xlsx", False, False)
    report = told["sheets"][0]
    assert report["markers"] == [{"cell": "A7", "text": "[[notes]]"}]
    assert report["tables"] == [{"name": "Sales", "cells": "A2:B4", "columns": ["City", "Amount"]}]
    assert report["charts"] == [{"part": "xl/charts/chart1.xml", "ranges": ["Report!$B$3:$B$4"]}]
    assert {"name": "Rate", "formula": "0.19", "sheet": None, "is_place": False} in told["names"]
    assert "touched" not in told


def test_what_rows_would_touch_is_told_and_the_workbook_stays_as_it_is(tmp_path, template):
    before = template.read_bytes()

    done = aetherflow(tmp_path, "excel", "inspect", "template.xlsx", "--anchor", "[[notes]]", "--sheet", "Report")
    told = json.loads(
        aetherflow(tmp_path, "excel", "inspect", "template.xlsx", "--anchor", "Report!A3", "--json").stdout
    )["touched"]

    assert done.returncode == 0, done.stderr
    lines = done.stdout.removeprefix(TEXT).splitlines()
    assert lines[1].startswith("rows inserted at Report!A9 change ")
    assert "  changed: xl/worksheets/sheet1.xml" in lines
    assert lines[-1] == (
        "  to look at: sheet 'Report': INDIRECT in cell B6: what it finds by text or by number does not move "
        "with inserted rows"
    )
    assert (told["sheet"], told["start_cell"]) == ("Report", "A3")
    assert {"xl/charts/chart1.xml", "xl/charts/chart2.xml", "xl/tables/table1.xml", "xl/worksheets/sheet1.xml"} <= set(
        told["changed"]
    )
    assert template.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["template.xlsx"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["inspect", "missing.xlsx"], 2, "AF-USAGE: there is no file missing.xlsx"),
        (["look", "template.xlsx"], 2, "AF-USAGE: there is nothing called 'look' to do"),
        (["inspect", "notes.txt"], 1, "AF-EXCEL-PACKAGE: "),
        (["inspect", "template.xlsx", "--anchor", "Nowhere"], 1, "AF-EXCEL-ANCHOR: "),
    ],
)
def test_what_can_not_be_told_is_one_clear_error(tmp_path, template, arguments, code, message):
    (tmp_path / "notes.txt").write_text("no workbook")

    done = aetherflow(tmp_path, "excel", *arguments)

    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def validate(folder, names, **more):
    """The outputs of a check, or the reason why it failed."""
    outputs = {"ok": "{{result.template_ok}}", "names": "{{result.found_named_ranges}}"}
    write_flow(
        folder,
        [
            {
                "id": "check",
                "type": "excel_validate_template",
                "inputs": {"template_path": "template.xlsx", "required_names": names, **more},
                "outputs": {**outputs, "cells": "{{result.found_anchor_cells}}"},
            }
        ],
    )
    done = aetherflow(folder, "run", "flow.yaml", "--json")
    job = json.loads(done.stdout)["jobs"][0]
    return job["outputs"] if done.returncode == 0 else job["steps"][0]


@pytest.mark.parametrize(
    ("names", "more", "found", "cells"),
    [
        ("Place", {}, {"Place": "Report!B5"}, {}),
        (["Place", "Head"], {}, {"Place": "Report!B5", "Head": "Report!B4"}, {}),
        ('["Place", "Head"]', {}, {"Place": "Report!B5", "Head": "Report!B4"}, {}),
        (["Place", " ROWS  HERE"], {"sheet": "Report"}, {"Place": "Report!B5"}, {" ROWS  HERE": "Report!B3"}),
        ("[[no JSON]]", {"sheet": "Report"}, None, None),
    ],
)
def test_a_template_has_what_is_asked_for_or_says_what_is_missing(tmp_path, names, more, found, cells):
    write_template(tmp_path / "template.xlsx")

    told = validate(tmp_path, names, **more)

    if found is None:
        assert told["error_code"] == "AF-EXCEL-ANCHOR"
    else:
        assert told == {"ok": True, "names": found, "cells": cells}


def test_all_that_is_missing_is_told_at_once(tmp_path):
    write_template(tmp_path / "template.xlsx")

    told = validate(tmp_path, ["Place", "Months", "Years"])

    assert (told["status"], told["error_code"]) == ("FAILED", "AF-EXCEL-ANCHOR")
    assert "template.xlsx has no named range and no cell with this text: Months, Years" in told["reason"]
    assert "it has the names Head, Marker, Place" in told["reason"]
