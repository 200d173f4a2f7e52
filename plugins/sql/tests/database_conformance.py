"""What every driver that implements `Database` must do.

A driver's tests inherit `DatabaseConformance` and give a fixture `database`: an open connector to an empty database.
Where its SQL differs, they override the class's attributes. This module needs pytest, pyarrow and the kernel's `api`.
"""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from aetherflow.kernel.api import ConnectorError, StatementResult

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


#: Values that are code, elsewhere (RELIABILITY S4, S19).
PAYLOADS = (
    "",
    "'; DROP TABLE things; --",
    "1 OR 1=1",
    "' OR ''='",
    '" OR ""="',
    "$(touch X)",
    "`touch X`",
    "; rm -rf",
    "line\nbreak\r\n",
    "--output=X",
    "~",
    "*",
    "%n%s%",
    "_",
    "{{env.SECRET}}",
    "${SECRET}",
    ":name",
    "?",
    "$1",
    "@name",
    "\\",
    "\\'",
    "',')",
    "/*",
    "NULL",
    "null",
    "\\N",
    "0x27",
    "\u02bc or \u2019",
    "\u202e",
    "\ufeff",
    "🌧",
    " ",
    "\t",
)


class Stream:
    """Rows of no library that a driver may know: only the capsule."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


class DatabaseConformance:
    """Inherit it, and give a fixture `database`: an open connector to an empty database."""

    #: A query that does not end by itself.
    endless_query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS i FROM n"
    #: As many columns as a table may have anywhere, nearly.
    many_columns = 1000
    #: A table's name with the schema that it is in unasked.
    qualified = "main.{}"
    #: Whether a table that was made is undone with its transaction.
    undoes_tables = True

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

    # Values

    @pytest.mark.parametrize("payload", PAYLOADS)
    def test_a_payload_is_a_value_wherever_it_goes(self, database, payload):
        database.load("things", self.things(payload, "other"), mode="create")
        database.execute("UPDATE things SET name = :name WHERE name = :name", {"name": payload})
        database.execute("INSERT INTO things VALUES (3, :name)", {"name": payload}, is_script=True)

        found = self.read(
            database, "SELECT id, name FROM things WHERE name = :name ORDER BY id", {"name": payload}
        ).to_pylist()

        assert found == [{"id": 1, "name": payload}, {"id": 3, "name": payload}]

    @pytest.mark.parametrize(
        ("column", "value", "expected"),
        [
            ("id", 2, [2]),
            ("name", "", [1]),
            ("name", None, []),
            ("flag", True, [1]),
            ("ratio", 0.1, [1]),
            ("day", dt.date(9999, 12, 31), [3]),
            ("day", "0001-01-01", [1]),
            ("at", dt.time(23, 59, 59, 999999), [3]),
            ("moment", MOMENTS[0], [1]),
        ],
    )
    def test_a_parameter_is_compared_by_its_value(self, database, column, value, expected):
        database.load("things", VALUES, mode="create")

        found = self.read(database, f"SELECT id FROM things WHERE {column} = :value", {"value": value})  # noqa: S608 - the test's own names

        assert found["id"].to_pylist() == expected

    @pytest.mark.parametrize("value", [[1], {"a": 1}, object()], ids=["list", "mapping", "object"])
    def test_a_parameter_that_is_no_value_is_refused(self, database, value):
        database.load("things", self.things("a"), mode="create")

        with pytest.raises(ConnectorError):
            self.read(database, "SELECT id FROM things WHERE name = :name", {"name": value})
        with pytest.raises(ConnectorError):
            database.execute("UPDATE things SET name = :name", {"name": value})

        assert self.names(database) == ["a"]

    def test_long_values_come_back_whole(self, database):
        text, raw = "ä🌧" * 1_000_000, bytes(range(256)) * 20_000
        rows = pa.table({"id": pa.array([1], pa.int64()), "text": [text], "raw": [raw]})

        database.load("things", rows, mode="create")

        assert self.read(database, "SELECT * FROM things").equals(rows)

    def test_wide_tables_are_loaded_and_read(self, database):
        names = ["id", *(f"column_{number}" for number in range(self.many_columns - 1))]
        rows = pa.table([pa.array([1, 2], pa.int64())] * len(names), names=names)

        database.load("things", rows, mode="create")

        assert self.read(database, "SELECT * FROM things ORDER BY id").equals(rows)
        assert pa.schema(database.schema("things")) == rows.schema

    @pytest.mark.parametrize("batch_rows", [1, 7, 100_000])
    def test_batches_of_any_size_are_the_same_rows(self, database, batch_rows):
        database.load("things", self.things(*map(str, range(1000))), mode="create")

        found = self.read(database, "SELECT * FROM things ORDER BY id", batch_rows=batch_rows)

        assert found.equals(self.things(*map(str, range(1000))))

    def test_a_value_late_in_a_column_without_a_type_comes_out_as_well(self, database):
        database.load("things", self.things(*[None] * 500, "late"), mode="create")

        found = self.read(database, "SELECT id, coalesce(name, NULL) AS v FROM things ORDER BY id", batch_rows=100)

        assert found["v"].to_pylist() == [None] * 500 + ["late"]

    # Tables

    def test_a_name_may_have_its_schema_in_front(self, database):
        name = self.qualified.format("things")
        database.load(name, self.things("a"), mode="create")
        database.load("things", self.things("b", first=2), mode="append")

        assert self.names(database) == ["a", "b"]
        assert pa.schema(database.schema(name)) == pa.schema(database.schema("things")) == self.things().schema

    def test_rows_of_some_columns_leave_the_others_alone(self, database):
        database.load("things", self.things("a", "b"), mode="create", key=["id"])

        database.load("things", pa.table({"id": pa.array([3], pa.int64())}), mode="append")
        database.load("things", pa.table({"name": ["B"], "id": pa.array([2], pa.int64())}), mode="upsert", key=["id"])
        database.load("things", pa.table({"id": pa.array([1, 4], pa.int64())}), mode="upsert", key=["id"])

        assert self.names(database) == ["a", "B", None, None]

    def test_a_key_may_have_several_columns(self, database):
        rows = pa.table({"id": pa.array([1, 1, 2], pa.int64()), "part": ["a", "b", "a"], "name": ["x", "y", "z"]})
        database.load("things", rows, mode="upsert", key=["id", "part"])

        changed = pa.table({"id": pa.array([1, 2], pa.int64()), "part": ["b", "b"], "name": ["Y", "new"]})
        counts = database.load("things", changed, mode="upsert", key=["id", "part"])

        assert (counts.inserted, counts.updated, counts.unchanged) == (1, 1, 0)
        found = self.read(database, "SELECT name FROM things ORDER BY id, part")["name"].to_pylist()
        assert found == ["x", "Y", "z", "new"]

    @pytest.mark.parametrize("mode", ["create", "append", "replace", "upsert"])
    def test_no_rows_make_the_table_all_the_same(self, database, mode):
        counts = database.load("things", self.things(), mode=mode, key=["id"])

        assert (counts.rows, counts.inserted) == (0, 0)
        assert pa.schema(database.schema("things")) == self.things().schema

    def test_rows_come_as_whatever_speaks_the_capsule(self, database):
        database.load("things", Stream(self.things("a", "b")), mode="create")

        with database.read("SELECT * FROM things ORDER BY id", {}, batch_rows=10) as rows:
            assert hasattr(rows, "__arrow_c_stream__")
            assert pa.table(rows).equals(self.things("a", "b"))

    @pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
    def test_others_see_the_old_rows_until_all_are_in_place(self, database, mode):
        database.load("things", self.things("a"), mode="create")
        seen = []

        def looking():
            for batch in self.things("b", "c", first=2).to_batches(max_chunksize=1):
                yield batch
                seen.append(self.names(database))

        rows = pa.RecordBatchReader.from_batches(self.things().schema, looking())
        database.load("things", rows, mode=mode, key=["id"])

        assert seen == [["a"], ["a"]]
        assert len(self.names(database)) == (2 if mode == "replace" else 3)

    # Statements

    def test_a_script_is_run_in_order_and_told_statement_by_statement(self, database):
        script = """
            -- a comment; with a semicolon
            CREATE TABLE things (id INTEGER, name VARCHAR(20));
            INSERT INTO things VALUES (1, 'a;b'), (2, :name);
            UPDATE things SET name = 'c' WHERE id = :id;
            CREATE TABLE others (id INTEGER);
        """

        results = database.execute(script, {"name": "b", "id": 2}, is_script=True)

        assert [result.row_count for result in results] in ([0, 2, 1, 0], [-1, 2, 1, -1])
        assert self.names(database) == ["a;b", "c"]

    @pytest.mark.parametrize("script", ["", "  \n", "-- nothing"])
    def test_a_script_of_nothing_does_nothing(self, database, script):
        assert database.execute(script, {}, is_script=True) == ()

    def test_a_script_that_fails_is_undone_and_says_which_statement_it_was(self, database):
        database.load("things", self.things("a"), mode="create")
        script = "UPDATE things SET name = 'b';\nDELETE FROM things;\nDELETE FROM nowhere;"

        with pytest.raises(ConnectorError, match=r"statement 3 \(line 3\)"):
            database.execute(script, {}, is_script=True, idempotency_key="k")

        assert self.names(database) == ["a"]
        assert len(database.execute("DELETE FROM things", {}, is_script=True, idempotency_key="k")) == 1

    def test_a_table_that_a_failing_script_made_is_not_there(self, database):
        database.load("others", self.things("a"), mode="create")
        with pytest.raises(ConnectorError):
            database.execute("CREATE TABLE things (id INTEGER); DELETE FROM nowhere;", {}, is_script=True)

        assert (database.schema("things") is None) == self.undoes_tables

    @pytest.mark.parametrize("is_script", [False, True])
    def test_what_was_executed_under_a_key_is_not_executed_again(self, database, is_script):
        database.load("things", self.things("a"), mode="create")
        sql = "INSERT INTO things VALUES (2, 'b')"

        first = database.execute(sql, {}, is_script=is_script, idempotency_key="k")
        again = database.execute(sql, {}, is_script=is_script, idempotency_key="k")

        assert first == again == (StatementResult(row_count=1),)
        assert self.names(database) == ["a", "b"]
        database.execute(sql, {}, is_script=is_script, idempotency_key="other")
        assert self.names(database) == ["a", "b", "b"]

    def test_a_parameter_that_no_statement_of_a_script_names_is_refused(self, database):
        database.load("things", self.things("a"), mode="create")
        script = "UPDATE things SET name = :name; DELETE FROM things WHERE id = :id;"

        for parameters in ({"name": "b", "id": 9, "other": 1}, {"name": "b"}):
            with pytest.raises(ConnectorError):
                database.execute(script, parameters, is_script=True)

        assert self.names(database) == ["a"]

    @pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK"])
    def test_a_script_has_no_transactions_of_its_own(self, database, statement):
        database.load("things", self.things("a"), mode="create")

        with pytest.raises(ConnectorError):
            database.execute(f"DELETE FROM things; {statement}; DELETE FROM things;", {}, is_script=True)  # noqa: S608 - the parts are the test's own

        assert self.names(database) == ["a"]

    @pytest.mark.parametrize("sql", ["SELEC 1", "SELECT * FROM nowhere", "", "-- nothing", "SELECT"])
    def test_what_is_no_statement_is_a_connector_error(self, database, sql):
        database.load("things", self.things("a"), mode="create")

        with pytest.raises(ConnectorError):
            self.read(database, sql)
        with pytest.raises(ConnectorError):
            database.execute(sql, {})

    # Stopping and closing

    @pytest.mark.timeout(60)
    def test_cancel_ends_what_is_under_way_and_the_connector_serves_on(self, database):
        database.load("things", self.things("a"), mode="create")

        def endless_rows():
            while True:
                yield self.things(*"bcdef").to_batches()[0]

        rows = pa.RecordBatchReader.from_batches(self.things().schema, endless_rows())
        works = (
            lambda: self.read(database, self.endless_query),
            lambda: database.execute(f"INSERT INTO things {self.endless_query.replace('AS i', 'AS i, NULL')}", {}),
            lambda: database.load("things", rows, mode="append"),
        )
        for work in works:
            assert isinstance(self._cancelled(database, work), ConnectorError)
            assert self.names(database) == ["a"]

    def _cancelled(self, database, work):
        """What the work raises when it is cancelled; again and again, as nobody knows when it is under way."""
        raised = []

        def run():
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - the test looks at it
                raised.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        while thread.is_alive():
            database.cancel()
            thread.join(0.02)
        return raised[0] if raised else None

    def handles(self, database):
        """How many handles the process holds; a driver with a pool counts its connections in use."""
        return len(list(Path("/proc/self/fd").iterdir()))

    def test_nothing_stays_open_on_any_path(self, database):
        database.load("things", self.things(*map(str, range(100))), mode="create")
        self._walk_all_paths(database)
        before = self.handles(database)

        for _ in range(5):
            self._walk_all_paths(database)

        assert self.handles(database) <= before

    def _walk_all_paths(self, database):
        self.names(database)
        with database.read("SELECT * FROM things", {}, batch_rows=1) as rows:
            pa.RecordBatchReader.from_stream(rows).read_next_batch()
        with pytest.raises(LookupError), database.read("SELECT * FROM things", {}, batch_rows=1):
            raise LookupError
        for refused in ("SELECT nothing FROM nowhere", "DELETE FROM things"):
            with pytest.raises(ConnectorError):
                self.read(database, refused)
        database.execute("UPDATE things SET name = 'x'", {})
        for refused in ("DELETE FROM nowhere", "SELECT 1; SELECT 2"):
            with pytest.raises(ConnectorError):
                database.execute(refused, {})
        database.load("others", self.things("a"), mode="replace")
        with pytest.raises(ConnectorError):
            database.load("others", self.things("a"), mode="create")

    def test_many_threads_write_and_none_is_lost(self, database):
        database.load("things", self.things("a"), mode="create")
        threads = [
            threading.Thread(
                target=lambda number=number: (
                    database.load("things", self.things("b", first=number), mode="append"),
                    database.execute("INSERT INTO things VALUES (:id, 'c')", {"id": number + 1}),
                )
            )
            for number in range(10, 30, 2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        found = self.read(database, "SELECT id FROM things ORDER BY id")["id"].to_pylist()
        assert found == [1, *range(10, 30)]
