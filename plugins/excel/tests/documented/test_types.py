"""What the values of a file become: as they are, as they all look, or as the flow declares."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .cases import from_file, run_cases, small
from .templates import write_template

pytestmark = pytest.mark.acceptance

HEADER = ["flag", "id", "price", "day", "moment", "code", "yes"]
TEXTS = ["0", "12345678901234567890", "19.90", "2026-03-01", "2026-03-01T08:30:00", "007", "true"]
DTYPES = {
    "flag": "int",
    "id": "string",
    "price": "decimal(10,2)",
    "day": "date",
    "moment": "datetime",
    "code": "int",
    "yes": "bool",
}
REGION = {"source_path": "values.csv", "mode": "report_region", "insert": "replace", "cell": "Report!A10"}
DAY = dt.datetime.fromisoformat("2026-03-01")
MOMENT = dt.datetime.fromisoformat("2026-03-01T08:30:00")

EXPECTED = {
    "none": ({**REGION, "type_cast": "none"}, TEXTS),
    "nothing_said": (REGION, TEXTS),
    "basic": (
        {**REGION, "type_cast": "basic"},
        # The id has more digits than a spreadsheet holds, and a code with zeros in front is no number.
        [0, "12345678901234567890", 19.9, DAY, MOMENT, "007", True],
    ),
    "schema": (
        {**REGION, "type_cast": "schema", "dtypes": DTYPES},
        [0, "12345678901234567890", 19.9, DAY, MOMENT, 7, True],
    ),
    "dtypes_alone": ({**REGION, "dtypes": {"code": "int"}}, [*TEXTS[:5], 7, "true"]),
    "dtypes_json": ({**REGION, "dtypes_json": '{"flag": "bool"}'}, [False, *TEXTS[1:]]),
    "parquet_has_its_own": (
        {**REGION, "source_path": "values.parquet"},
        [0, "12345678901234567890", 19.9, DAY, MOMENT, "007", True],
    ),
    "as_number": ({**REGION, "type_cast": "schema", "dtypes": {"id": "decimal(20,0)"}, "exact": "number"}, None),
}
REFUSED = {
    # As mapping, it is told before anything runs.
    "no_such_type": (
        {**REGION, "dtypes_json": '{"flag": "integer"}'},
        "AF-EXCEL-TYPE",
        "column 'flag' can't have the type",
    ),
    "no_such_column": ({**REGION, "dtypes": {"flags": "int"}}, "AF-EXCEL-COLUMNS", "dtypes names a column 'flags'"),
    "value_of_no_such_type": ({**REGION, "dtypes": {"price": "int"}}, "AF-EXCEL-VALUE", "column 'price', row 1"),
    "no_json": ({**REGION, "dtypes_json": "flag: int"}, "AF-EXCEL-TYPE", "dtypes_json is no JSON object"),
}
SMALL_ROWS = [[True, 12345678901234567890, 1.5, "2026-03-01", None, "x\ty", ""]]
CASES = {
    **{name: from_file(target) for name, (target, _) in EXPECTED.items()},
    **{name: from_file(target) for name, (target, *_) in REFUSED.items()},
    "small": small({"cell": "Report!A10"}, rows_json=SMALL_ROWS, columns_json=HEADER),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("types")
    write_template(folder / "template.xlsx")
    (folder / "values.csv").write_text(",".join(HEADER) + "\n" + ",".join(TEXTS) + "\n")
    values = [[0], [12345678901234567890], [Decimal("19.90")], [DAY.date()], [MOMENT], ["007"], [True]]
    kinds = [pa.int32(), pa.uint64(), pa.decimal128(10, 2), pa.date32(), pa.timestamp("ms"), pa.string(), pa.bool_()]
    arrays = [pa.array(column, kind) for column, kind in zip(values, kinds, strict=True)]
    pq.write_table(pa.table(arrays, names=HEADER), folder / "values.parquet")
    return run_cases(folder, CASES)


@pytest.mark.parametrize("name", [name for name, (_, row) in EXPECTED.items() if row is not None])
def test_values_have_the_types_that_the_page_says(outcomes, name):
    outcome = outcomes[name]

    assert outcome.status == "SUCCESS", outcome.reason
    (row,) = outcome.cells("A10:G10")
    assert [(type(value), value) for value in row] == [(type(value), value) for value in EXPECTED[name][1]]


def test_a_number_with_too_many_digits_is_rounded_only_where_that_is_asked_for(outcomes):
    assert outcomes["as_number"].sheet()["B10"].value == pytest.approx(12345678901234567890)
    assert outcomes["as_number"].sheet()["B10"].data_type == "n"


def test_values_that_stand_in_the_flow_keep_their_kinds(outcomes):
    assert outcomes["small"].cells("A10:G10") == [[True, "12345678901234567890", 1.5, "2026-03-01", None, "x\ty", None]]


@pytest.mark.parametrize("name", REFUSED)
def test_a_declaration_that_can_not_be_kept_is_told(outcomes, name):
    _, code, message = REFUSED[name]

    outcome = outcomes[name]

    assert (outcome.status, outcome.error_code) == ("FAILED", code)
    assert message in outcome.reason
    assert not outcome.workbook.exists()
