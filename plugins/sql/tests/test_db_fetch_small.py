from __future__ import annotations

import json

import pyarrow as pa
import pytest

from aetherflow.kernel.api import ConnectorError, StepError

pytestmark = pytest.mark.integration

NUMBERS = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :last) SELECT i FROM n"
ENDLESS = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT CAST(i AS INTEGER) AS i FROM n"


@pytest.fixture(autouse=True)
def store(workplace):
    workplace.run("CREATE TABLE odd (x)")


def test_rows_are_kept_as_values_and_as_json(workplace):
    outputs = workplace.fetch("SELECT 1 AS id, 'ä' AS name UNION ALL SELECT 2, NULL ORDER BY id")

    assert outputs.columns == ["id", "name"] == json.loads(outputs.columns_json)
    assert outputs.rows == [[1, "ä"], [2, None]] == json.loads(outputs.rows_json)
    assert outputs.row_count == 2
    assert outputs.dtypes == {"id": "int", "name": "string"} == json.loads(outputs.dtypes_json)


def test_every_type_has_a_documented_exact_form(workplace):
    """D18: a decimal became a float."""
    workplace.run(
        "CREATE TABLE typed (f BOOLEAN, i INTEGER, r REAL, p DECIMAL(10,2), e DECIMAL_TEXT(30,10), s TEXT, b BLOB,"
        " d DATE, t TIME, m TIMESTAMP, z TIMESTAMPTZ)",
        "INSERT INTO typed VALUES (1, 9007199254740993, 0.1, 1.1, '12345678901234567890.0000000001', '', x'00ff',"
        " '2012-01-01', '10:00:00', '2012-01-01 10:00:00.5', '2012-01-01T10:00:00+02:00')",
        "INSERT INTO typed (f) VALUES (NULL)",
    )

    outputs = workplace.fetch("SELECT * FROM typed")

    assert list(outputs.dtypes.values()) == [
        "bool", "int", "float", "decimal(10,2)", "decimal(30,10)", "string", "bytes", "date", "time", "datetime",
        "datetime_tz",
    ]  # fmt: skip
    assert outputs.rows == [
        [
            True, 9007199254740993, 0.1, "1.10", "12345678901234567890.0000000001", "", "00ff",
            "2012-01-01", "10:00:00", "2012-01-01 10:00:00.5", "2012-01-01 08:00:00Z",
        ],
        [None] * 11,
    ]  # fmt: skip
    assert json.loads(outputs.model_dump_json())["rows"] == outputs.rows == json.loads(outputs.rows_json)


def test_no_rows_are_an_answer_as_well(workplace):
    workplace.run("CREATE TABLE t (id INTEGER, day DATE)")

    outputs = workplace.fetch("SELECT * FROM t")

    assert (outputs.row_count, outputs.rows, outputs.rows_json) == (0, [], "[]")
    assert outputs.dtypes == {"id": "int", "day": "date"}


@pytest.mark.parametrize("fetch_size", [1, 2, 3, 5000])
def test_more_rows_than_wanted_are_an_error_and_as_many_are_none(workplace, fetch_size):
    workplace.run("CREATE TABLE t (id INTEGER)")
    inputs = {"params": {"last": 5}, "fetch_size": fetch_size}

    assert workplace.fetch(NUMBERS, max_rows=5, **inputs).row_count == 5
    with pytest.raises(StepError, match="more than 4 rows: none of them is kept") as caught:
        workplace.fetch(NUMBERS, max_rows=4, **inputs)

    assert caught.value.problem.code == "AF-SQL-TOO-MANY-ROWS"
    assert "db_extract_stream" in caught.value.problem.help


def test_none_may_be_the_most_that_is_wanted(workplace):
    workplace.run("CREATE TABLE t (id INTEGER)")

    assert workplace.fetch("SELECT id FROM t", max_rows=0).row_count == 0
    with pytest.raises(StepError, match="more than 0 rows"):
        workplace.fetch("SELECT 1 AS id", max_rows=0)


@pytest.mark.timeout(60)
def test_reading_stops_where_there_are_too_many_rows(workplace):
    """D51: all rows were fetched before they were counted."""
    workplace.run("CREATE VIEW endless AS " + ENDLESS, "CREATE TABLE declared (i INTEGER)")
    read = []
    keep_reading = workplace.database.read

    def counting(*arguments, batch_rows):
        read.append(batch_rows)
        return keep_reading(*arguments, batch_rows=batch_rows)

    workplace.database.read = counting
    with pytest.raises(StepError, match="more than 10 rows"):
        workplace.fetch("SELECT declared.i FROM endless LEFT JOIN declared ON declared.i = endless.i", max_rows=10)

    assert read == [11]


def test_two_columns_of_one_name_are_refused(workplace):
    workplace.run("CREATE TABLE t (id INTEGER)")

    with pytest.raises(StepError, match="the same name"):
        workplace.fetch("SELECT 1 AS a, 2 AS a")


def test_a_number_without_a_json_form_is_told_with_row_and_column(workplace):
    workplace.run("CREATE TABLE t AS SELECT 1.5 AS x UNION ALL SELECT 9e999")

    with pytest.raises(StepError, match="row 2, column 'x': the value has no JSON form"):
        workplace.fetch("SELECT x FROM t ORDER BY x")


@pytest.mark.parametrize(
    "sql", ["DELETE FROM t", "SELECT 1; SELECT 2", "DELETE FROM t RETURNING id", "SELECT :missing"]
)
def test_it_only_reads_one_query(workplace, sql):
    workplace.database.load("t", pa.table({"id": [1]}), mode="create")

    with pytest.raises(ConnectorError):
        workplace.fetch(sql)

    assert workplace.rows("SELECT id FROM t") == [(1,)]


def test_the_same_connector_serves_step_after_step(workplace):
    """D7: with most drivers the first or the second one failed."""
    workplace.run("CREATE TABLE t AS SELECT 1 AS x")

    for _ in range(3):
        assert workplace.fetch("SELECT x FROM t").rows == [[1]]
        assert workplace.extract("SELECT x FROM t").row_count == 1
        assert workplace.extract_plain("SELECT x FROM t").rows == 1
