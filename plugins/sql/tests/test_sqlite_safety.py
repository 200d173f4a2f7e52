from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import apsw
import pyarrow as pa
import pytest
from pydantic import ValidationError

from aetherflow.kernel.api import ConnectorError
from aetherflow_sql.sqlite import SqliteConfig

from .conftest import Workplace

pytestmark = pytest.mark.integration

PAYLOADS = [
    "'; DROP TABLE things; --",
    "1 OR 1=1",
    '" OR ""="',
    "$(touch X)",
    "`touch X`",
    "; rm -rf",
    "line\nbreak",
    "--output=X",
    "~",
    "*",
    "\x00",
    "%n",
    "{{env.SECRET}}",
    ":name",
    "?",
    "@name",
    "\\",
    "',')",
    "/*",
    "NULL",
    "\u202e",
    "🌧",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_as_a_value_comes_back_unchanged(workplace, payload):
    """S19."""
    workplace.database.load("things", pa.table({"name": [payload, "other"]}), mode="create")

    assert workplace.rows("SELECT name, :name AS bound FROM things WHERE name = :name", name=payload) == [
        (payload, payload)
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH DATABASE '{other}' AS other",
        "VACUUM INTO '{other}'",
        "DETACH DATABASE main",
    ],
)
def test_no_statement_reaches_another_file(workplace, sql):
    other = workplace.folder / "other.db"
    statement = sql.format(other=other)

    with pytest.raises(ConnectorError):
        workplace.rows(statement)
    with pytest.raises(ConnectorError):
        workplace.run("CREATE TABLE IF NOT EXISTS t (x)", statement)

    assert not other.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "PRAGMA journal_mode = WAL",
        "PRAGMA user_version = 3",
        "PRAGMA query_only = OFF",
        "PRAGMA locking_mode = EXCLUSIVE",
        "INSERT INTO t VALUES (1) RETURNING x",
        "SELECT load_extension('x')",
    ],
)
def test_a_query_has_no_side_effects(workplace, sql):
    workplace.run("CREATE TABLE t (x)")

    with pytest.raises(ConnectorError):
        workplace.rows(sql)

    assert workplace.rows("SELECT x FROM t") == []


@pytest.mark.parametrize(
    "value", [2**63, -(2**63) - 1, [1], {"a": 1}, object()], ids=["large", "small", "list", "mapping", "object"]
)
def test_a_parameter_that_sqlite_cant_take_is_refused(workplace, value):
    workplace.run("CREATE TABLE t (x)")

    with pytest.raises(ConnectorError, match="that SQLite can't take"):
        workplace.rows("SELECT :value AS v", value=value)


def test_a_misspelt_column_in_double_quotes_is_no_text(workplace):
    workplace.run("CREATE TABLE things (name TEXT)", "INSERT INTO things VALUES ('Ada')")

    with pytest.raises(ConnectorError, match="no such column"):
        workplace.rows('SELECT "nosuch" FROM things')
    assert workplace.rows('SELECT "name" FROM things') == [("Ada",)]


def test_two_resources_keep_their_databases_apart(tmp_path, workplace):
    """D12."""
    (tmp_path / "second").mkdir()
    second = Workplace(tmp_path / "second")
    workplace.run("CREATE TABLE t AS SELECT 'a' AS x")
    second.run("CREATE TABLE t AS SELECT 'b' AS x")

    assert workplace.rows("SELECT x FROM t") == [("a",)]
    assert second.rows("SELECT x FROM t") == [("b",)]


def test_one_connector_serves_many_queries_one_after_another_and_at_once(workplace):
    """D7."""
    workplace.run("CREATE TABLE t AS SELECT 1 AS x UNION ALL SELECT 2")

    with workplace.database.read("SELECT x FROM t", {}, batch_rows=1) as first:
        reader = pa.RecordBatchReader.from_stream(first)
        reader.read_next_batch()
        assert workplace.rows("SELECT count(*) AS n FROM t") == [(2,)]
        assert reader.read_next_batch().to_pylist() == [{"x": 2}]


def test_a_read_only_resource_is_read_and_not_written(workplace):
    workplace.run("CREATE TABLE t AS SELECT 1 AS x")
    workplace.database = workplace.open_database(read_only=True)

    assert workplace.rows("SELECT x FROM t") == [(1,)]
    with pytest.raises(ConnectorError, match="read_only"):
        workplace.run("DELETE FROM t")
    with pytest.raises(ConnectorError, match="read_only"):
        workplace.load("x\n1\n", table="t", mode="append")


def test_what_a_killed_writer_left_is_told_of_where_it_can_only_be_read(workplace):
    """The message blamed the query, which only read."""
    workplace.run(
        "CREATE TABLE t AS WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n"
    )
    path = workplace.database.context.file_path(workplace.database.config.file, "read")
    writer = (
        "import apsw, os, signal, sys; c = apsw.Connection(sys.argv[1]); c.execute('PRAGMA cache_size = 5');"
        "c.execute('BEGIN'); c.execute('UPDATE t SET i = i + 1'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", writer, path], check=False)
    assert killed.returncode == -signal.SIGKILL
    can_write, workplace.database = workplace.database, workplace.open_database(read_only=True)

    with pytest.raises(ConnectorError) as caught:
        workplace.rows("SELECT min(i) AS least FROM t")

    assert "what a killed writer left" in caught.value.problem.help
    workplace.database = can_write
    assert workplace.rows("SELECT min(i) AS least FROM t") == [(1,)]


def test_a_query_on_a_file_that_is_not_there_makes_none(workplace):
    with pytest.raises(ConnectorError, match="there is no database file"):
        workplace.rows("SELECT 1")

    assert list(workplace.folder.iterdir()) == []


def test_a_database_that_can_have_no_folder_is_told_of(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "rows.csv").write_text("x\n1\n")
    workplace = Workplace(tmp_path / "file")

    for work in (lambda: workplace.run("CREATE TABLE t (x)"), lambda: workplace.load(tmp_path / "rows.csv")):
        with pytest.raises(ConnectorError, match="no folder for") as caught:
            work()
        assert caught.value.problem.code == "AF-SQL-NO-DATABASE"


def test_a_file_that_is_no_database_is_told_as_such(workplace):
    (workplace.folder / "store.db").write_bytes(b"no database, but some text that is long enough" * 100)

    with pytest.raises(ConnectorError) as caught:
        workplace.rows("SELECT * FROM sqlite_master")

    assert caught.value.problem.help == "the file is no SQLite database"


def test_another_writer_is_waited_for_and_then_told_of(workplace):
    workplace.run("CREATE TABLE t (x)")
    other = apsw.Connection(str(workplace.folder / "store.db"))
    other.execute("BEGIN IMMEDIATE")

    workplace.database = workplace.open_database(busy_timeout_seconds=0.2)
    started = time.monotonic()
    with pytest.raises(ConnectorError, match="locked") as caught:
        workplace.run("INSERT INTO t VALUES (1)")
    other.close()

    assert time.monotonic() - started >= 0.15
    assert "another process writes" in caught.value.problem.help


@pytest.mark.timeout(30)
def test_cancel_ends_a_query_and_the_connector_serves_the_next_one(workplace):
    workplace.run("CREATE TABLE t (x)")
    endless = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS i FROM n"

    def cancel_when_under_way():
        while not workplace.database._under_way:
            time.sleep(0.005)
        workplace.database.cancel()

    canceller = threading.Thread(target=cancel_when_under_way)
    canceller.start()
    with pytest.raises(ConnectorError, match="stopped"):
        workplace.rows(endless)
    canceller.join()

    assert workplace.rows("SELECT 1 AS x") == [(1,)]


@pytest.mark.parametrize(
    "config", [{}, {"path": "a", "url": "sqlite:///a"}, {"path": ":memory:"}, {"url": "mysql://a"}]
)
def test_a_config_that_names_no_one_file_is_refused(config):
    with pytest.raises(ValidationError):
        SqliteConfig(**config)


def test_a_url_names_the_file_after_its_three_slashes():
    assert SqliteConfig(url="sqlite:///data/store.db").file == "data/store.db"
    assert SqliteConfig(url="sqlite:////data/store.db").file == "/data/store.db"


KILLED_LOAD = """
import os, sys
from pathlib import Path
import pyarrow as pa
from aetherflow.kernel.api import ConnectorContext
from aetherflow_sql.sqlite import Sqlite, SqliteConfig, SqliteOptions

def rows():
    for start in range(0, 40_000, 1000):
        yield pa.record_batch({"x": pa.array(range(start, start + 1000), pa.int64())})

connector = Sqlite(
    ConnectorContext(resource="store", log=None, file_path=lambda path, use: Path(path)),
    SqliteConfig(path=sys.argv[1]),
    SqliteOptions(),
)
connector.open()
from aetherflow_sql.sqlite_memory import Memory
finish = Memory.keep

def stop_before_the_end(self, *done):
    finish(self, *done)
    self._connection.cache_flush()
    print("swapped", flush=True)
    sys.stdin.read()

Memory.keep = stop_before_the_end
reader = pa.RecordBatchReader.from_batches(pa.schema({"x": pa.int64()}), rows())
connector.load("things", reader, mode="replace", idempotency_key="k")
"""


def test_a_load_killed_just_before_its_end_leaves_the_old_table_and_is_done_when_made_again(workplace):
    workplace.load("x\n-1\n-2\n")
    command = [sys.executable, "-c", KILLED_LOAD, str(workplace.folder / "store.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as loading:
        assert loading.stdout.readline() == b"swapped\n"
        loading.send_signal(signal.SIGKILL)

    assert workplace.rows("SELECT x FROM things ORDER BY x") == [(-2,), (-1,)]

    counts = workplace.database.load("things", pa.table({"x": [7]}), mode="replace", idempotency_key="k")
    assert counts.inserted == 1
    assert workplace.rows("SELECT x FROM things") == [(7,)]
