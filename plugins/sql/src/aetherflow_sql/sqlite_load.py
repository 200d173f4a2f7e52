"""Loading rows into a table of SQLite: staged beside it, then put in place in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import apsw
import pyarrow as pa

from aetherflow.kernel.api import ConnectorError, LoadCounts, LoadMode, RecordBatches

from .sqlite_memory import Memory
from .sqlite_tables import Table, create_statement, plain_name, read_table
from .sqlite_types import quoted
from .sqlite_values import stored_values
from .streams import reader_of

#: A temporary table: of this connection only, in a temporary file.
_STAGE = "temp.aetherflow_stage"


class Load:
    """One load on one connection."""

    def __init__(
        self,
        connection: apsw.Connection,
        table: str,
        *,
        mode: LoadMode,
        key: tuple[str, ...],
    ) -> None:
        self._connection = connection
        self._name = plain_name(table)
        self._place = f"main.{quoted(self._name)}"
        self._mode = mode
        self._key = key

    def run(self, rows: RecordBatches, memory: Memory) -> LoadCounts:
        """Stage the rows while others may write, then swap them in, unless that is done already.

        Raises:
            ConnectorError: the rows don't fit; the table is as it was.
        """
        if (done_before := self._done_before(memory)) is not None:
            return done_before
        reader = reader_of(rows)
        self._check_columns(reader.schema)
        count = self._stage(reader)
        with self._transaction("IMMEDIATE"):
            if (done_before := self._done_before(memory)) is not None:
                return done_before
            counts = self._swap(reader.schema, count)
            memory.keep(self._name, json.dumps(asdict(counts)))
        return counts

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[None]:
        """A transaction that ends here when all goes well; else the connection is closed, which undoes it."""
        self._connection.execute(f"BEGIN {kind}")
        yield
        self._connection.execute("COMMIT")

    # Staging

    def _check_columns(self, schema: pa.Schema) -> None:
        names = schema.names
        if len({name.casefold() for name in names}) < len(names):
            raise ConnectorError("two columns have the same name", code="AF-SQL-COLUMNS", help="rename one of them")
        if unusable := [name for name in names if not name or "\0" in name]:
            raise ConnectorError(f"a column can't be called {unusable[0]!r}", code="AF-SQL-NAME")
        if missing := sorted(set(self._key) - set(names)):
            raise ConnectorError(
                f"the key's column {missing[0]!r} is not there", code="AF-SQL-KEY", help=f"there is: {', '.join(names)}"
            )

    def _stage(self, reader: pa.RecordBatchReader) -> int:
        schema = reader.schema
        existing = self._existing()
        with self._transaction("DEFERRED"):
            self._connection.execute(self._stage_statement(schema, existing))
            affinities = self._affinities()
            marks = ", ".join("?" * len(schema))
            insert = f"INSERT INTO {_STAGE} VALUES ({marks})"  # noqa: S608 - a name of ours
            count = 0
            for batch in reader:
                self._connection.executemany(insert, zip(*stored_values(batch, affinities, count), strict=True))
                count += batch.num_rows
        return count

    def _stage_statement(self, schema: pa.Schema, existing: Table | None) -> str:
        """As the table is declared where it is there, so that values are stored in the same way."""
        if existing is None:
            return create_statement(_STAGE, schema)
        if unknown := [
            name
            for name in schema.names
            if name.casefold() not in {known.casefold() for known in existing.column_names}
        ]:
            raise ConnectorError(
                f"table {self._name!r} has no column {unknown[0]!r}",
                code="AF-SQL-COLUMNS",
                help=f"there is: {', '.join(existing.column_names)}",
            )
        return f"CREATE TABLE {_STAGE} AS SELECT {_listed(schema.names)} FROM {self._place} LIMIT 0"  # noqa: S608 - quoted names

    def _affinities(self) -> list[str]:
        """What the stage is declared as, column by column: SQLite's affinities where the table was there before."""
        found = self._connection.execute("SELECT type FROM pragma_table_info('aetherflow_stage', 'temp')")
        return [str(declared) for (declared,) in found]

    # Putting in place

    def _swap(self, schema: pa.Schema, count: int) -> LoadCounts:
        self._make_table(schema)
        if self._key:
            self._check_keys()
        if self._mode == "upsert":
            return self._upsert(schema.names, count)
        if self._mode == "replace":
            self._connection.execute(f"DELETE FROM {self._place}")  # noqa: S608 - a quoted name
        columns = _listed(schema.names)
        self._connection.execute(f"INSERT INTO {self._place} ({columns}) SELECT {columns} FROM {_STAGE}")  # noqa: S608 - quoted names
        return LoadCounts(rows=count, inserted=count)

    def _make_table(self, schema: pa.Schema) -> None:
        if self._existing() is None:
            self._connection.execute(create_statement(self._place, schema, self._key))

    def _existing(self) -> Table | None:
        existing = read_table(self._connection, self._name)
        if existing is not None and self._mode == "create":
            raise ConnectorError(
                f"there is a table {self._name!r} already",
                code="AF-SQL-TABLE-EXISTS",
                help="mode: append, replace or upsert",
            )
        return existing

    def _upsert(self, names: list[str], count: int) -> LoadCounts:
        self._check_keys_of_table()
        same = " AND ".join(f"old.{quoted(name)} = new.{quoted(name)}" for name in self._key)
        updated = self._update(names, same)
        columns = _listed(names)
        inserted = self._changes(
            f"INSERT INTO {self._place} ({columns}) SELECT {columns} FROM {_STAGE} AS new"  # noqa: S608 - quoted names
            f" WHERE NOT EXISTS (SELECT 1 FROM {self._place} AS old WHERE {same})"
        )
        return LoadCounts(rows=count, inserted=inserted, updated=updated, unchanged=count - inserted - updated)

    def _check_keys(self) -> None:
        key = _listed(self._key)
        empty = " OR ".join(f"{quoted(name)} IS NULL" for name in self._key)
        if self._is_any(f"SELECT 1 FROM {_STAGE} WHERE {empty}"):  # noqa: S608 - quoted names
            raise ConnectorError("a row has a null in its key", code="AF-SQL-KEY", help=f"key: {key}")
        if self._is_any(f"SELECT 1 FROM {_STAGE} GROUP BY {key} HAVING count(*) > 1"):  # noqa: S608 - quoted names
            raise ConnectorError("two rows have the same key", code="AF-SQL-KEY", help=f"key: {key}")

    def _check_keys_of_table(self) -> None:
        key = _listed(self._key)
        self._connection.execute(f"CREATE INDEX temp.aetherflow_stage_key ON aetherflow_stage ({key})")
        joined = " AND ".join(f"old.{quoted(name)} = new.{quoted(name)}" for name in self._key)
        keys = ", ".join(f"new.{quoted(name)}" for name in self._key)
        many = (
            f"SELECT 1 FROM {_STAGE} AS new JOIN {self._place} AS old ON {joined} GROUP BY {keys} HAVING count(*) > 1"  # noqa: S608 - as above
        )
        if self._is_any(many):
            raise ConnectorError(
                f"table {self._name!r} has several rows of one key", code="AF-SQL-KEY", help=f"key: {key}"
            )

    def _update(self, names: list[str], same: str) -> int:
        others = [quoted(name) for name in names if name not in self._key]
        if not others:
            return 0
        values = ", ".join(f"{name} = new.{name}" for name in others)
        differs = " OR ".join(f"old.{name} IS NOT new.{name}" for name in others)
        statement = f"UPDATE {self._place} AS old SET {values} FROM {_STAGE} AS new WHERE {same} AND ({differs})"  # noqa: S608 - quoted names
        return self._changes(statement)

    def _is_any(self, query: str) -> bool:
        return self._connection.execute(f"{query} LIMIT 1").fetchone() is not None

    def _changes(self, statement: str) -> int:
        self._connection.execute(statement)
        return self._connection.changes()

    # What was done before

    def _done_before(self, memory: Memory) -> LoadCounts | None:
        """The counts of the load under this key; none where the table is gone since."""
        if read_table(self._connection, self._name) is None:
            return None
        found = memory.recall()
        return None if found is None else LoadCounts(**json.loads(found))


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(map(quoted, names))
