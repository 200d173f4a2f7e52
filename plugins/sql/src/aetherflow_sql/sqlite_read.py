"""One query of SQLite as an Arrow stream whose types are known before the first row is handed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

import apsw
import pyarrow as pa

from aetherflow.kernel.api import ConnectorError, StepLog

from .sqlite_rows import STORAGE_CLASSES, Column, SqliteValue, arrow_batch, schema_of, type_of_classes
from .sqlite_statements import Statement, bound_values, only_statement
from .sqlite_types import arrow_type

Rows = list[tuple[SqliteValue, ...]]


class Query:
    """A query under way; `batches` is read once."""

    def __init__(
        self, connection: apsw.Connection, sql: str, parameters: Mapping[str, object], *, batch_rows: int
    ) -> None:
        self._connection = connection
        self._statement = only_statement(connection, sql)
        if not self._statement.columns:
            raise ConnectorError("the SQL gives no rows", code="AF-SQL-NO-ROWS", help="write a SELECT")
        self._values = bound_values(self._statement, parameters)
        self._batch_rows = batch_rows

    def stream(self, log: StepLog) -> pa.RecordBatchReader:
        """The rows, batch by batch.

        Raises:
            ConnectorError: a column holds values that no one type holds.
            apsw.Error: SQLite refuses the query.
        """
        cursor = self._connection.cursor().execute(self._statement.text, self._values)
        first = self._next_rows(cursor, 0)
        columns = self._typed_columns(first, log)
        return pa.RecordBatchReader.from_batches(schema_of(columns), self._batches(cursor, first, columns))

    def _batches(self, cursor: apsw.Cursor, first: Rows, columns: tuple[Column, ...]) -> Iterator[pa.RecordBatch]:
        rows, done = first, 0
        while rows:
            yield arrow_batch(columns, rows, done + 1)
            done += len(rows)
            rows = self._next_rows(cursor, done)

    def _next_rows(self, cursor: apsw.Cursor, done: int) -> Rows:
        try:
            return list(islice(cursor, self._batch_rows))
        except UnicodeDecodeError as error:
            raise ConnectorError(
                f"after row {done} there is a text that is not UTF-8",
                code="AF-SQL-VALUE",
                help="take it as bytes: CAST(column AS BLOB)",
            ) from error

    def _typed_columns(self, first: Rows, log: StepLog) -> tuple[Column, ...]:
        """Each column with its type: the declared one, else the one that all values of the whole result have."""
        declared = self._statement.columns
        open_columns = [place for place, (_, declaration) in enumerate(declared) if arrow_type(declaration) is None]
        classes = self._classes(open_columns, first) if open_columns else {}
        columns = []
        for place, (name, declaration) in enumerate(declared):
            found = arrow_type(declaration) or type_of_classes(classes[place])
            if found is None:
                raise _mixed(name, classes[place])
            if "text" in classes.get(place, ()) and len(classes[place]) > 1:
                log.warning("a column holds text and numbers: all of it comes out as text", column=name)
            columns.append(Column(name, declaration, found))
        return tuple(columns)

    def _classes(self, places: list[int], first: Rows) -> dict[int, frozenset[str]]:
        """The storage classes in some columns of the result; a large result is looked through by SQLite itself."""
        if len(first) < self._batch_rows:
            return {
                place: frozenset(STORAGE_CLASSES[type(row[place])] for row in first if row[place] is not None)
                for place in places
            }
        found = next(iter(self._connection.execute(_classes_query(self._statement, places), self._values)))
        names = tuple(STORAGE_CLASSES.values())
        return {
            place: frozenset(
                name for name, is_there in zip(names, found[index * 4 : index * 4 + 4], strict=True) if is_there
            )
            for index, place in enumerate(places)
        }


def _classes_query(statement: Statement, places: list[int]) -> str:
    """Which of SQLite's storage classes there are in which columns of a query: four flags a column, over all rows."""
    names = ", ".join(f"c{place}" for place in range(len(statement.columns)))
    flags = ", ".join(f"max(typeof(c{place}) = '{name}')" for place in places for name in STORAGE_CLASSES.values())
    return f"WITH q({names}) AS (\n{statement.text}\n) SELECT {flags} FROM q"  # noqa: S608 - the flow's own statement


def _mixed(name: str, classes: frozenset[str]) -> ConnectorError:
    return ConnectorError(
        f"column {name!r} holds values of the classes {', '.join(sorted(classes))}, which no one type holds",
        code="AF-SQL-MIXED-COLUMN",
        help="say in the query which it is: CAST(… AS BLOB), hex(…), CASE typeof(…) …",
    )
