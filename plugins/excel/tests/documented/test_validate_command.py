"""`aetherflow validate` tells the mistakes of a fill at their place, before any plugin is imported."""

from __future__ import annotations

import pytest

from .cases import aetherflow

pytestmark = pytest.mark.acceptance

SMALL = """version: 1
flow: {id: wrong}
jobs:
  - id: fill
    steps:
      - id: fill
        type: excel_fill_small
        inputs:
          template_path: template.xlsx
          output: out.xlsx
          targets:
            - {rows_json: [], TARGET}
"""
FILE = SMALL.replace("excel_fill_small", "excel_fill_from_file").replace("rows_json: []", "source_path: rows.csv")
#: What stands in the target; the text at which the mistake is told; its code, what is said and what to do.
MISTAKES = {
    "no_place": (SMALL, "insert: below", "{rows_json", "AF-INPUT-MISSING", "targets.0.anchor", "or `cell: B4`"),
    "two_places": (SMALL, "anchor: A, cell: B4", "A, cell", "AF-WRONG-VALUE", "not go together", "`anchor` or `cell`"),
    "unknown_input": (SMALL, "anchor: A, insrt: below", "insrt", "AF-INPUT-UNKNOWN", "insrt", "did you mean 'insert'?"),
    "wrong_insert": (SMALL, "anchor: A, insert: above", "above", "AF-WRONG-VALUE", "none of the values", "replace"),
    "wrong_cast": (SMALL, "anchor: A, type_cast: smart", "smart", "AF-WRONG-VALUE", "none of the values", "schema"),
    "wrong_type": (SMALL, "anchor: A, dtypes: {a: integer}", "integer", "AF-WRONG-VALUE", "the form", "there is: bool"),
    "unused_types": (
        SMALL, "anchor: A, type_cast: basic, dtypes: {a: int}", "{a: int}", "AF-WRONG-VALUE", "not go together",
        "write `type_cast: schema`",
    ),
    "unused_types_json": (
        SMALL, "anchor: A, type_cast: none, dtypes_json: '{}'", "'{}'", "AF-WRONG-VALUE", "not go together", "schema",
    ),
    "no_limit": (SMALL, "anchor: A, max_rows: 0", "0}", "AF-WRONG-VALUE", "at least 1", ""),
    "text_for_a_truth": (SMALL, "anchor: A, anchor_clear: later", "later", "AF-WRONG-TYPE", "must be a boolean", ""),
    "region_without_place": (FILE, "mode: report_region", "{source_path", "AF-INPUT-MISSING", "targets.0.anchor", "B4"),
    "sheet_with_two_places": (FILE, "anchor: A, cell: B4", "A, cell", "AF-WRONG-VALUE", "not go together", "not both"),
    "wrong_mode": (FILE, "mode: report, cell: B4", "report,", "AF-WRONG-VALUE", "none of the", "'report_region'"),
    "long_delimiter": (FILE, "delimiter: ';;'", "';;'", "AF-WRONG-VALUE", "at most 1 character", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_to_do(tmp_path, name):
    flow, target, at, code, message, mend = MISTAKES[name]
    text = flow.replace("TARGET", target)
    (tmp_path / "flow.yaml").write_text(text)
    line = text.splitlines().index(next(line for line in text.splitlines() if target in line)) + 1
    column = text.splitlines()[line - 1].rindex(at) + 1

    done = aetherflow(tmp_path, "validate", "flow.yaml")

    assert done.returncode == 2
    (told,) = [row for row in done.stderr.splitlines() if row.startswith("flow.yaml:")]
    place, _, rest = told.partition(" error ")
    assert place == f"flow.yaml:{line}:{column}:"
    assert rest.startswith(f"{code}: ")
    assert message in rest
    assert mend in done.stderr


@pytest.mark.parametrize("flow", [SMALL, FILE], ids=["small", "file"])
def test_a_flow_with_everything_in_it_is_right(tmp_path, flow):
    target = (
        "name: t, sheet: S, anchor: A, insert: below, header_mode: override, header_style: style_row, "
        "header_clear: true, header_clear_width: 3, anchor_is_marker: true, template_has_header: true, "
        "anchor_clear: true, anchor_clear_mode: row, anchor_clear_width: 2, type_cast: schema, dtypes: {a: int}, "
        "style_mode: copy_row, style_row_offset: 1, style_apply: both, clear_style_row: true, max_rows: 1, "
        "max_total_rows: 1, max_cols: 1, exact: number, row_count: 1, columns_json: '[\"a\"]'"
    )
    (tmp_path / "flow.yaml").write_text(flow.replace("TARGET", target))

    done = aetherflow(tmp_path, "validate", "flow.yaml")

    assert done.returncode == 0, done.stderr


def test_a_step_without_targets_is_told(tmp_path):
    (tmp_path / "flow.yaml").write_text(SMALL.replace("- {rows_json: [], TARGET}", "[]"))

    done = aetherflow(tmp_path, "validate", "flow.yaml")

    assert "this must be a list of at least 1 item" in done.stderr
