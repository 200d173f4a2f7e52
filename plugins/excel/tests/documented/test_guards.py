"""Limits that a flow sets, and how many rows a region may have."""

from __future__ import annotations

import pytest

from .cases import aetherflow, from_file, run_cases, small, write_flow
from .templates import write_template

pytestmark = pytest.mark.acceptance

PLACE = {"anchor": "Place", "insert": "below"}
FIRST = {"name": "first", "sheet": "Report", "cell": "B5"}
SECOND = {"name": "second", "sheet": "Report", "cell": "H5"}
REGION = {"name": "region", "source_path": "five.csv", "mode": "report_region", "anchor": "Place"}
SHEET = {"name": "five", "source_path": "five.csv"}
TOO_LARGE, COUNT = "AF-EXCEL-TOO-LARGE", "AF-EXCEL-ROW-COUNT"

REFUSED = {
    "max_rows": (small({**PLACE, "max_rows": 1}), TOO_LARGE, "has 2 rows, at most 1 are allowed"),
    "max_cols": (small({**PLACE, "max_cols": 1}), TOO_LARGE, "has 2 columns, at most 1 are allowed"),
    "max_total_rows": (
        small(FIRST, {**SECOND, "max_total_rows": 3}),
        TOO_LARGE,
        "target 'second' has 4 rows together with the targets before it, at most 3 are allowed",
    ),
    "max_total_rows_of_one": (small({**PLACE, "max_total_rows": 1}), TOO_LARGE, "at most 1 are allowed"),
    "row_count": (small({**PLACE, "row_count": 3}), COUNT, "2 instead of 3 rows"),
    "row_count_of_file": (from_file({**REGION, "row_count": 4}), COUNT, "more than 4 rows"),
    "threshold": (
        from_file(REGION, rows_threshold=4),
        TOO_LARGE,
        "would put 5 rows into a report, its threshold is 4",
    ),
    "threshold_of_target": (from_file({**REGION, "rows_threshold": 3}), TOO_LARGE, "its threshold is 3"),
    "max_rows_of_sheet": (from_file({**SHEET, "max_rows": 4}), TOO_LARGE, "has 5 rows, at most 4 are allowed"),
}
ALLOWED = {
    "max_rows_reached": (small({**PLACE, "max_rows": 2, "max_cols": 2, "max_total_rows": 2, "row_count": 2}), 2),
    "total_only_counts_before": (small({**FIRST, "max_total_rows": 2}, SECOND), 2),
    "threshold_reached": (from_file(REGION, rows_threshold=5), 5),
    "target_before_step": (from_file({**REGION, "rows_threshold": 5}, rows_threshold=1), 5),
    "told_only": (from_file({**REGION, "fail_on_threshold": False}, rows_threshold=4), 5),
    "sheets_have_none": (from_file(SHEET, rows_threshold=1), 5),
    "counted_by_reading": (from_file({**REGION, "count_mode": "csv_parse", "row_count": 5}), 5),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guards")
    write_template(folder / "template.xlsx")
    (folder / "five.csv").write_text("name,amount\na,1\nb,2\nc,3\nd,4\ne,5\n")
    cases = {name: case for name, (case, *_) in {**REFUSED, **ALLOWED}.items()}
    return run_cases(folder, cases)


@pytest.mark.parametrize("name", REFUSED)
def test_more_than_is_allowed_is_refused_and_nothing_is_written(outcomes, name):
    _, code, message = REFUSED[name]

    outcome = outcomes[name]

    assert (outcome.status, outcome.error_code) == ("FAILED", code)
    assert message in outcome.reason
    assert not outcome.workbook.exists()


@pytest.mark.parametrize("name", ALLOWED)
def test_as_much_as_is_allowed_is_written(outcomes, name):
    outcome = outcomes[name]

    assert outcome.status == "SUCCESS", outcome.reason
    assert outcome.written["rows"] == ALLOWED[name][1]


def test_rows_over_a_threshold_that_only_tells_are_told_as_a_warning(tmp_path):
    write_template(tmp_path / "template.xlsx")
    (tmp_path / "two.csv").write_text("name,amount\na,1\nb,2\n")
    target = {**REGION, "source_path": "two.csv", "rows_threshold": 1, "fail_on_threshold": False}
    inputs = {"template_path": "template.xlsx", "output": str(tmp_path / "out.xlsx"), "targets": [target]}
    write_flow(tmp_path, [{"id": "fill", "type": "excel_fill_from_file", "inputs": inputs}])

    done = aetherflow(tmp_path, "run", "flow.yaml")

    assert done.returncode == 0
    (warning,) = [line for line in done.stderr.splitlines() if " WARNING " in line]
    assert "target 'region' would put 2 rows into a report, its threshold is 1" in warning
