"""What every driver that implements `Database` must do; a driver inherits the class and gives `database`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from aetherflow.kernel.api import ConnectorError, StatementResult

pytestmark = pytest.mark.contract

#: No zone: the column has none.
MOMENTS = [dt.datetime(2012, 1, 1), None, dt.datetime(2012, 1, 1, 1, 2, 3, 4)]  # noqa: DTZ001 - as said
VALUES = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int64()),
        "flag": pa.array([True, None, False]),
        "ratio": pa.array([0.1, None, -1e300]),
        "price": pa.array([Decimal("1.10"), None, Decimal("-99999999.99")], pa.decimal128(10, 2)),
        "exact": pa.array([Decimal("12345678901234567890.123456789"), None, Decimal(0)], pa.decimal128(38, 9)),
        "name": pa.array(["", None, "quote ' \" ; -- ümläut 🌧\n\t"]),
        "raw": pa.array([b"", None, b"\x00\xff"]),
        "day": pa.array([dt.date(1, 1, 1), None, dt.date(9999, 12, 31)]),
        "at": pa.array([dt.time(0, 0), None, dt.time(23, 59, 59, 999999)]),
        "moment": pa.array(MOMENTS, pa.timestamp("us")),
        "instant": pa.array([0, None, -1], pa.timestamp("us", "UTC")),
    }
)


class DatabaseConformance:
    """Inherit it, and give a fixture `database`: an open connector to an empty database."""

    def read(self, database, sql, parameters=None, batch_rows=1000):
        with database.read(sql, parameters or {}, batch_rows=batch_rows) as rows:
            return pa.table(rows)

    def names(self, database):
        return self.read(database, "SELECT name FROM things ORDER BY id")["name"].to_pylist()

    def things(self, *names, first=1):
        ids = pa.array(range(first, first + len(names)), pa.int64())
        return pa.table({"id": ids, "name": pa.array(names, pa.string())})

    def test_every_type_comes_back_as_it_went(self, database):
        counts = database.load("things", VALUES, mode="create")

        assert (counts.rows, counts.inserted) == (3, 3)
        assert self.read(database, "SELECT * FROM things ORDER BY id").equals(VALUES)

    def test_the_schema_is_that_of_the_rows(self, database):
        database.load("things", VALUES, mode="create")

        assert pa.schema(database.schema("things")) == VALUES.schema

    def test_a_table_that_is_not_there_has_no_schema(self, database):
        database.load("things", self.things("a"), mode="create")

        assert database.schema("others") is None

    def test_an_empty_result_has_its_types(self, database):
        database.load("things", VALUES, mode="create")

        nothing = self.read(database, "SELECT * FROM things WHERE id < 0")

        assert nothing.num_rows == 0
        assert nothing.schema == VALUES.schema

    def test_rows_come_in_batches(self, database):
        database.load("things", self.things(*"abcde"), mode="create")

        with database.read("SELECT * FROM things", {}, batch_rows=2) as rows:
            sizes = [batch.num_rows for batch in pa.RecordBatchReader.from_stream(rows)]

        assert sizes == [2, 2, 1]

    def test_create_refuses_a_table_that_is_there_and_leaves_it_alone(self, database):
        database.load("things", self.things("a"), mode="create")

        with pytest.raises(ConnectorError):
            database.load("things", self.things("b"), mode="create")

        assert self.names(database) == ["a"]

    def test_append_adds_and_makes_the_table_where_it_is_missing(self, database):
        database.load("things", self.things("a"), mode="append")
        database.load("things", self.things("b", first=2), mode="append")

        assert self.names(database) == ["a", "b"]

    def test_replace_swaps_all_rows(self, database):
        database.load("things", self.things("a", "b"), mode="replace")
        database.load("things", self.things("c"), mode="replace")

        assert self.names(database) == ["c"]

    def test_upsert_tells_new_changed_and_same_rows_apart(self, database):
        database.load("things", self.things("a", "b", None), mode="upsert", key=["id"])

        counts = database.load("things", self.things("a", "B", None, "d"), mode="upsert", key=["id"])

        assert (counts.rows, counts.inserted, counts.updated, counts.unchanged) == (4, 1, 1, 2)
        assert self.names(database) == ["a", "B", None, "d"]

    @pytest.mark.parametrize("ids", [[1, 1], [1, None]])
    @pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
    def test_keys_that_say_nothing_are_refused(self, database, ids, mode):
        database.load("things", self.things("a"), mode="create")
        rows = pa.table({"id": pa.array(ids, pa.int64()), "name": ["b", "c"]})

        with pytest.raises(ConnectorError):
            database.load("things", rows, mode=mode, key=["id"])

        assert self.names(database) == ["a"]

    @pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
    def test_a_stream_that_breaks_leaves_the_table_as_it_was(self, database, mode):
        database.load("things", self.things("a"), mode="create")

        def breaking():
            yield from self.things("b", first=2).to_batches()
            raise LookupError

        rows = pa.RecordBatchReader.from_batches(self.things().schema, breaking())
        with pytest.raises(LookupError):
            database.load("things", rows, mode=mode, key=["id"])

        assert self.names(database) == ["a"]

    @pytest.mark.parametrize("mode", ["create", "append", "replace", "upsert"])
    def test_a_load_whose_key_is_there_already_is_not_done_again(self, database, mode):
        first = database.load("things", self.things("a"), mode=mode, key=["id"], idempotency_key="k")

        again = database.load("things", self.things("z"), mode=mode, key=["id"], idempotency_key="k")

        assert again == first
        assert self.names(database) == ["a"]

    def test_a_load_whose_table_is_gone_since_is_done_again(self, database):
        database.load("things", self.things("a"), mode="append", idempotency_key="k")
        database.execute("DROP TABLE things", {})

        counts = database.load("things", self.things("a", "b"), mode="append", idempotency_key="k")

        assert counts.inserted == 2
        assert database.load("things", self.things("z"), mode="append", idempotency_key="k") == counts

    def test_a_load_that_failed_is_done_under_the_same_key(self, database):
        database.load("things", self.things("a"), mode="upsert", key=["id"])
        twice = pa.table({"id": pa.array([2, 2], pa.int64()), "name": ["b", "c"]})
        with pytest.raises(ConnectorError):
            database.load("things", twice, mode="upsert", key=["id"], idempotency_key="k")

        counts = database.load("things", self.things("b", first=2), mode="upsert", key=["id"], idempotency_key="k")

        assert counts.inserted == 1

    def test_a_column_that_the_table_does_not_have_is_refused(self, database):
        database.load("things", self.things("a"), mode="create")

        with pytest.raises(ConnectorError):
            database.load("things", pa.table({"nmae": ["b"]}), mode="append")

    def test_values_go_as_parameters(self, database):
        database.load("things", self.things("a", "'; DROP TABLE things; --"), mode="create")

        found = self.read(database, "SELECT id FROM things WHERE name = :name", {"name": "'; DROP TABLE things; --"})

        assert found["id"].to_pylist() == [2]

    @pytest.mark.parametrize("parameters", [{}, {"id": 1, "other": 2}])
    def test_parameters_that_miss_or_are_too_many_are_refused(self, database, parameters):
        database.load("things", self.things("a"), mode="create")

        with pytest.raises(ConnectorError):
            self.read(database, "SELECT * FROM things WHERE id = :id", parameters)

    @pytest.mark.parametrize("sql", ["DELETE FROM things", "DROP TABLE things", "CREATE TABLE others (id INTEGER)"])
    def test_a_read_changes_nothing(self, database, sql):
        database.load("things", self.things("a"), mode="create")

        with pytest.raises(ConnectorError):
            self.read(database, sql)

        assert self.names(database) == ["a"]

    @pytest.mark.parametrize("second", ["SELECT 2", "DELETE FROM things", "DROP TABLE things;"])
    def test_there_is_one_statement_in_a_read_and_in_an_execute(self, database, second):
        database.load("things", self.things("a"), mode="create")

        with pytest.raises(ConnectorError):
            self.read(database, f"SELECT 1; {second}")
        with pytest.raises(ConnectorError):
            database.execute(f"UPDATE things SET name = 'b'; {second}", {})  # noqa: S608 - the parts are the test's own

        assert self.names(database) == ["a"]

    def test_execute_answers_how_many_rows_it_changed(self, database):
        database.load("things", self.things("a", "b", "c"), mode="create")

        assert database.execute("UPDATE things SET name = :name WHERE id > :id", {"name": "x", "id": 1}) == (
            StatementResult(row_count=2),
        )
        assert self.names(database) == ["a", "x", "x"]

    @pytest.mark.parametrize(
        "name", ['quo"te', "semi; DROP TABLE things; --", "select", "späce d", "[x]", "`x`", "x'y"]
    )
    def test_hostile_names_are_names(self, database, name):
        rows = pa.table({"id": pa.array([1], pa.int64()), name: ["a"]})

        database.load(name, rows, mode="upsert", key=["id"])
        counts = database.load(name, pa.table({"id": [1], name: ["b"]}), mode="upsert", key=["id"])

        assert counts.updated == 1
        assert pa.schema(database.schema(name)).names == ["id", name]

    @pytest.mark.parametrize("name", ["", "a\0b"])
    def test_what_can_be_no_table_is_refused(self, database, name):
        with pytest.raises(ConnectorError):
            database.load(name, self.things("a"), mode="create")

    @pytest.mark.parametrize("names", [["id", ""], ["id", "ID"]])
    def test_what_can_be_no_column_is_refused(self, database, names):
        with pytest.raises(ConnectorError):
            database.load("things", pa.table([[1], [2]], names=names), mode="create")

        assert database.schema("things") is None


class TestSqlite(DatabaseConformance):
    @pytest.fixture
    def database(self, workplace):
        return workplace.database
