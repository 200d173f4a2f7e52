"""The types that columns get: as declared, or as all of their values have."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from aetherflow.kernel.api import StepError
from aetherflow_excel.rows.cells import CellPlan, ColumnStyle, render_cells
from aetherflow_excel.rows.column_types import read_types
from aetherflow_excel.rows.csv_file import CsvFile
from aetherflow_excel.rows.guesses import Guesses
from aetherflow_excel.rows.json_rows import JsonRows
from aetherflow_excel.rows.sources import with_types
from aetherflow_excel.rows.text_values import convert

pytestmark = pytest.mark.unit

UTC_MOMENT = pa.timestamp("us", "UTC")


def guessed(values):
    """The type that a column of these texts gets, and its values."""
    table = with_types(JsonRows([[value] for value in values], ["value"]), "basic")
    return table.schema.types[0], [row["value"] for batch in table.batches() for row in batch.to_pylist()]


def declared(values, word):
    table = with_types(JsonRows([[value] for value in values], ["value"]), "schema", read_types({"value": word}))
    return [row["value"] for batch in table.batches() for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["0", "1", "1", "0"], pa.int64()),
        (["1", "-20", None, ""], pa.int64()),
        (["999999999999999"], pa.int64()),
        (["1", "2.5", "-0.125"], pa.float64()),
        (["12.50", "0.10"], pa.float64()),
        (["1.5e-07", "1e+16", "1e-05"], pa.float64()),
        (["123456789012345.0"], pa.float64()),
        (["0.30000000000000004"], pa.float64()),
        (["true", "false"], pa.bool_()),
        (["TRUE", "False"], pa.bool_()),
        (["2024-02-29", None], pa.date32()),
        (["2024-01-05 10:00", "2024-01-05T10:00:00.123456"], pa.timestamp("us")),
        (["2024-01-05T10:00:00Z", "2024-01-05T10:00:00+01:00"], UTC_MOMENT),
    ],
)
def test_values_of_one_type_are_of_that_type(values, kind):
    assert guessed(values)[0] == kind


@pytest.mark.parametrize(
    "values",
    [
        ["007", "123"],
        ["12345678901234567890"],
        ["1234567890123456"],
        ["1234567890123.4567"],
        ["1", "12345678901234567890"],
        ["1.5", "12345678901234567890"],
        ["+5"],
        ["1E5", "2E5"],
        ["1e5"],
        [".5"],
        ["5."],
        ["1,5"],
        ["1 000"],
        [" 1"],
        ["0x10"],
        ["NaN"],
        ["inf"],
        ["1e+999"],
        ["1e-999"],
        ["=1+1"],
        ["yes", "no"],
        ["true", "1"],
        ["2024-02-30"],
        ["2024-1-5"],
        ["05.01.2024"],
        ["2024-01-05", "2024-01-05 10:00"],
        ["0000-01-01"],
        ["2024-01-05 24:00"],
        ["2024-01-05 10:00", "2024-01-05 10:00Z"],
        ["10:00"],
        [None, ""],
        ["1", "a"],
    ],
)
def test_values_that_are_not_surely_of_one_type_stay_text(values):
    kind, found = guessed(values)
    assert kind == pa.string()
    assert found == values


def test_one_value_late_in_the_file_decides_too(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id,note\n" + "".join(f"{number},1\n" for number in range(20_000)) + "x,2\n")
    table = with_types(CsvFile(path=path), "basic")

    assert table.schema.types == [pa.string(), pa.int64()]
    assert table.count_rows() == 20_001
    assert sum(batch.num_rows for batch in table.batches()) == 20_001


def test_types_that_are_there_stay_and_only_text_is_looked_at():
    table = with_types(JsonRows([[1, "2", True], [0, "3", False]], ["a", "b", "c"]), "basic")
    assert table.schema.types == [pa.int64(), pa.int64(), pa.bool_()]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (0, pa.timestamp("us"), "1970-01-01 00:00:00"),
        (120_000, pa.timestamp("us"), "1970-01-01 00:00:00.12"),
        (10, pa.timestamp("s"), "1970-01-01 00:00:10"),
        (1, pa.timestamp("us", "UTC"), "1970-01-01 00:00:00.000001Z"),
        (0, pa.timestamp("us", "Asia/Kolkata"), "1970-01-01 00:00:00Z"),
        (36_000_000_000, pa.time64("us"), "10:00:00"),
        (-25_567, pa.date32(), "1900-01-01"),
    ],
)
def test_dates_and_times_as_text_have_no_more_digits_than_they_need(value, kind, text):
    whole = pa.array([value], pa.int32() if kind.bit_width == 32 else pa.int64())
    assert convert(whole.cast(kind), pa.string()).to_pylist() == [text]


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view()])
def test_text_of_every_kind_is_looked_at_and_converted(kind, tmp_path):
    column = pa.array(["1", "", "20"], kind)

    guesses = Guesses(["a"])
    guesses.look_at(pa.record_batch([column], names=["a"]))

    assert guesses.types() == {"a": pa.int64()}
    assert convert(column, pa.int64()).to_pylist() == [1, None, 20]


def test_column_of_several_kinds_of_values_becomes_what_is_declared():
    assert declared([1, "2.5", None, 3.5], "float") == [1.0, 2.5, None, 3.5]
    assert declared([1, "a", True], "string") == ["1", "a", "true"]
    with pytest.raises(StepError, match="column 'value', row 3 of the rows: the value is no int"):
        declared([1, "2", "x"], "int")


def test_none_leaves_text_as_text():
    assert with_types(JsonRows([["1"]], ["a"]), "none").schema.types == [pa.string()]


@pytest.mark.parametrize(
    ("word", "values", "expected"),
    [
        ("int", ["007", "+5", "-1", None, ""], [7, 5, -1, None, None]),
        ("int", [1.0, 2.0], [1, 2]),
        ("float", ["1.5", "1e3", "+1"], [1.5, 1000.0, 1.0]),
        ("float", [1, 2], [1.0, 2.0]),
        ("decimal(5,2)", ["1.5", "100.25"], [Decimal("1.50"), Decimal("100.25")]),
        ("decimal(5,2)", [0.1, 1.25], [Decimal("0.10"), Decimal("1.25")]),
        ("bool", ["true", "FALSE", "1", "0"], [True, False, True, False]),
        ("bool", [1, 0], [True, False]),
        ("string", [1, 2], ["1", "2"]),
        ("string", [True, None], ["true", None]),
        ("date", ["2024-02-29"], [dt.date(2024, 2, 29)]),
        ("time", ["10:30", "23:59:59.5"], [dt.time(10, 30), dt.time(23, 59, 59, 500_000)]),
        ("datetime", ["2024-01-05T10:00:00"], [dt.datetime(2024, 1, 5, 10)]),  # noqa: DTZ001
        ("datetime_tz", ["2024-01-05T10:00:00+02:00"], [dt.datetime(2024, 1, 5, 8, tzinfo=dt.UTC)]),
        ("int", [None, None], [None, None]),
    ],
)
def test_declared_type_is_the_type(word, values, expected):
    assert declared(values, word) == expected


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("int", "1.5"),
        ("int", "0x10"),
        ("int", "a"),
        ("int", "99999999999999999999"),
        ("int", 1.5),
        ("float", "1,5"),
        ("bool", "yes"),
        ("bool", 2),
        ("date", "2024-02-30"),
        ("date", "0000-01-01"),
        ("date", "2024-01-05 10:00"),
        ("time", "25:00"),
        ("time", "1:00"),
        ("datetime", "2024-01-05T10:00Z"),
        ("datetime_tz", "2024-01-05T10:00"),
        ("decimal(5,2)", "1.555"),
        ("decimal(5,2)", "1000"),
        ("decimal(5,2)", 0.125),
    ],
)
def test_value_of_another_type_is_refused_with_column_and_row(word, value):
    with pytest.raises(StepError) as error:
        declared([None, None, value], word)
    assert error.value.problem.code == "AF-EXCEL-VALUE"
    assert error.value.problem.message == f"column 'value', row 3 of the rows: the value is no {word}"


def test_row_is_counted_over_all_batches(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id,note\n" + "".join(f"{number},\n" for number in range(12_344)) + "x,\n" + "1,\n" * 10)
    table = with_types(CsvFile(path=path), "schema", read_types('{"id": "int"}'))
    with pytest.raises(StepError, match="column 'id', row 12345 of the rows: the value is no int"):
        list(table.batches())


def test_declared_column_that_is_not_there_is_refused():
    table = with_types(JsonRows([[1]], ["a"]), "schema", read_types({"b": "int"}))
    with pytest.raises(StepError, match="dtypes names a column 'b', which the rows don't have"):
        list(table.batches())


@pytest.mark.parametrize("word", ["integer", "decimal", "decimal(39,2)", "decimal(2,3)", "decimal(0)", "", "INT"])
def test_type_that_does_not_exist_is_refused(word):
    with pytest.raises(StepError, match="column 'a' can't have the type") as error:
        read_types({"a": word})
    assert error.value.problem.code == "AF-EXCEL-TYPE"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}'])
def test_types_that_are_no_json_object_are_refused(text):
    with pytest.raises(StepError, match="dtypes_json is no JSON object of columns and types"):
        read_types(text)


def test_values_of_the_ancestor_that_came_out_wrong_come_out_right():
    """Formulas from CSV, 0 and 1 as truths, long ids as rounded numbers, a report lost by a control character."""
    rows = JsonRows([["=1+1", "0", "12345678901234567890", "a\x01"], ["=1+2", "1", "12345678901234567891", "b"]])
    table = with_types(rows, "basic")
    batch = next(iter(table.batches()))
    plan = CellPlan([ColumnStyle(None, lambda: 9)] * 4)

    assert render_cells(batch, 1, 1, plan).to_pylist()[0] == (
        '<c r="A1" s="9" t="inlineStr"><is><t>=1+1</t></is></c>'
        '<c r="B1"><v>0</v></c>'
        '<c r="C1" t="inlineStr"><is><t>12345678901234567890</t></is></c>'
        '<c r="D1" t="inlineStr"><is><t>a_x0001_</t></is></c>'
    )
