"""A context that records, and databases in a folder of the test's own."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from aetherflow.kernel.api import ConnectorContext, publish
from aetherflow_sql.execute_inputs import DatabaseExecuteInputs
from aetherflow_sql.execute_step import DatabaseExecute
from aetherflow_sql.extract_inputs import DatabaseExtractStreamInputs
from aetherflow_sql.extract_step import DatabaseExtractStream
from aetherflow_sql.fetch_inputs import DatabaseFetchSmallInputs
from aetherflow_sql.fetch_step import DatabaseFetchSmall
from aetherflow_sql.load_inputs import DatabaseLoadInputs
from aetherflow_sql.load_step import DatabaseLoad
from aetherflow_sql.plain_extract_step import DatabaseExtract, DatabaseExtractInputs
from aetherflow_sql.sqlite import Sqlite, SqliteConfig, SqliteOptions

# Its assertions are to be told as those of a test module are.
pytest.register_assert_rewrite(f"{__name__.rpartition('.')[0]}.database_conformance")


class Log:
    """Keeps what is said."""

    def __init__(self):
        self.lines = []

    def warning(self, message, **fields):
        self.lines.append((message, fields))


class Context:
    """What a step gets, its work recorded."""

    def __init__(self, database, log, key):
        self.log = log
        self.idempotency_key = key
        self.cancelled = threading.Event()
        self.done = []
        self.connectors = SimpleNamespace(get=lambda _resource, _protocol: database)

    def progress(self, done, total=None, unit="rows"):
        self.done.append(done)

    def publish(self, path):
        return publish(path)


class Workplace:
    """One database and the steps that work on it."""

    def __init__(self, folder):
        self.folder = folder
        self.log = Log()
        self.contexts = []
        self.database = self.open_database()

    def open_database(self, *, busy_timeout_seconds=10.0, **config):
        context = ConnectorContext(resource="store", log=self.log, file_path=lambda path, _use: Path(path))
        connector = Sqlite(
            context,
            SqliteConfig(path=str(self.folder / "store.db"), **config),
            SqliteOptions(busy_timeout_seconds=busy_timeout_seconds),
        )
        connector.open()
        return connector

    def load(self, source, *, idempotency_key=None, **inputs):
        """Load a file, or text as a CSV file; a key of its own for each call unless one is given."""
        if not isinstance(source, Path):
            content = source.encode() if isinstance(source, str) else source
            source = self.folder / "source.csv"
            source.write_bytes(content)
        context = self._context(idempotency_key or f"key {len(self.contexts)}")
        given = {"resource": "store", "table": "things", "source": str(source), **inputs}
        return DatabaseLoad().run(context, DatabaseLoadInputs(**given))

    def load_table(self, name, table):
        self.database.load(name, table, mode="create")

    def extract(self, sql, name="out.csv", **inputs):
        context = self._context("extract")
        suffix = Path(name).suffix.removeprefix(".")
        given = {"resource": "store", "sql": sql, "output": str(self.folder / name), "format": suffix, **inputs}
        return DatabaseExtractStream().run(context, DatabaseExtractStreamInputs(**given))

    def extract_plain(self, sql, name="out.tsv", **inputs):
        given = {"resource": "store", "sql": sql, "output": str(self.folder / name), **inputs}
        return DatabaseExtract().run(self._context("extract"), DatabaseExtractInputs(**given))

    def fetch(self, sql, **inputs):
        return DatabaseFetchSmall().run(
            self._context("fetch"), DatabaseFetchSmallInputs(resource="store", sql=sql, **inputs)
        )

    def execute(self, sql=None, script=None, *, idempotency_key=None, **inputs):
        """Run a statement, or a script that is a file or its content."""
        if script is not None and not isinstance(script, Path):
            content = script.encode() if isinstance(script, str) else script
            script = self.folder / "script.sql"
            script.write_bytes(content)
        given = {"sql": sql} if script is None else {"script": str(script)}
        context = self._context(idempotency_key or f"key {len(self.contexts)}")
        return DatabaseExecute().run(context, DatabaseExecuteInputs(resource="store", **given, **inputs))

    def text(self, sql, name="out.csv", **inputs):
        """What an extract writes."""
        return Path(self.extract(sql, name, **inputs).artifact_path).read_bytes().decode()

    def rows(self, sql, **parameters):
        import pyarrow as pa

        with self.database.read(sql, parameters, batch_rows=1000) as rows:
            return [tuple(row.values()) for row in pa.table(rows).to_pylist()]

    def run(self, *statements):
        for statement in statements:
            self.database.execute(statement, {})

    def _context(self, key):
        self.contexts.append(Context(self.database, self.log, key))
        return self.contexts[-1]


@pytest.fixture
def workplace(tmp_path):
    return Workplace(tmp_path)
