"""One query of SQLite as an Arrow stream whose types are known before the first row is handed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import apsw
import pyarrow as pa

from aetherflow.kernel.api import ConnectorError, StepLog

from .sqlite_chunks import Chunk, Chunks, TextNotUtf8
from .sqlite_rows import STORAGE_CLASSES, Column, Gathered, schema_of, type_of_classes
from .sqlite_statements import Statement, bound_values, only_statement
from .sqlite_types import arrow_type


class Query:
    """A query under way, as long as its context; `stream` is read once, by one thread."""

    def __init__(
        self, connection: apsw.Connection, sql: str, parameters: Mapping[str, object], *, batch_rows: int
    ) -> None:
        self._connection = connection
        self._statement = only_statement(connection, sql)
        if not self._statement.columns:
            raise ConnectorError("the SQL gives no rows", code="AF-SQL-NO-ROWS", help="write a SELECT")
        self._values = bound_values(self._statement, parameters)
        self._batch_rows = batch_rows
        self._converter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="convert")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._converter.shutdown()

    def stream(self, log: StepLog) -> pa.RecordBatchReader:
        """The rows, batch by batch.

        Raises:
            ConnectorError: a column holds values that no one type holds.
            apsw.Error: SQLite refuses the query.
        """
        chunks = Chunks(self._connection.cursor().execute(self._statement.text, self._values))
        columns = self._typed_columns(chunks, log)
        return pa.RecordBatchReader.from_batches(schema_of(columns), self._batches(chunks, columns))

    def _batches(self, chunks: Chunks, columns: tuple[Column, ...]) -> Iterator[pa.RecordBatch]:
        """Each batch is converted beside the reading of the next one: Arrow converts without holding Python up."""
        converting: Future[pa.RecordBatch] | None = None
        for gathered in self._gathered(chunks, columns):
            if converting is not None:
                yield converting.result()
            converting = self._converter.submit(gathered.batch)
        if converting is not None:
            yield converting.result()

    def _gathered(self, chunks: Chunks, columns: tuple[Column, ...]) -> Iterator[Gathered]:
        gathered = self._gather(chunks, Gathered(columns, first_row=1))
        while not gathered.is_empty:
            yield gathered
            gathered = self._gather(chunks, Gathered(columns, first_row=gathered.next_row))

    def _gather(self, chunks: Chunks, gathered: Gathered) -> Gathered:
        while not gathered.is_full(self._batch_rows):
            try:
                chunk = chunks.next(self._batch_rows - gathered.row_count)
            except TextNotUtf8:
                gathered.end_with(_not_utf8(gathered.next_row))
                break
            if not chunk:
                break
            chunks.took(len(chunk[0]), gathered.add(chunk))
        return gathered

    def _typed_columns(self, chunks: Chunks, log: StepLog) -> tuple[Column, ...]:
        """Each column with its type: the declared one, else the one that all values of the whole result have."""
        declared = self._statement.columns
        open_columns = [place for place, (_, declaration) in enumerate(declared) if arrow_type(declaration) is None]
        classes = self._classes(open_columns, chunks) if open_columns else {}
        columns = []
        for place, (name, declaration) in enumerate(declared):
            found = arrow_type(declaration) or type_of_classes(classes[place])
            if found is None:
                raise _mixed(name, classes[place])
            if "text" in classes.get(place, ()) and len(classes[place]) > 1:
                log.warning("a column holds text and numbers: all of it comes out as text", column=name)
            columns.append(Column(name, declaration, found))
        return tuple(columns)

    def _classes(self, places: list[int], chunks: Chunks) -> dict[int, frozenset[str]]:
        """The storage classes in some columns of the result; a large result is looked through by SQLite itself."""
        if (all_of_it := chunks.look_ahead(self._batch_rows)) is not None:
            return {place: _classes_in(all_of_it, place) for place in places}
        found = next(iter(self._connection.execute(_classes_query(self._statement, places), self._values)))
        names = tuple(STORAGE_CLASSES.values())
        return {
            place: frozenset(
                name for name, is_there in zip(names, found[index * 4 : index * 4 + 4], strict=True) if is_there
            )
            for index, place in enumerate(places)
        }


def _classes_in(chunks: Sequence[Chunk], place: int) -> frozenset[str]:
    found = {type(value) for chunk in chunks for value in chunk[place]}
    return frozenset(STORAGE_CLASSES[kind] for kind in found - {type(None)})


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


def _not_utf8(row: int) -> ConnectorError:
    return ConnectorError(
        f"row {row}: there is a text that is not UTF-8",
        code="AF-SQL-VALUE",
        help="take it as bytes: CAST(column AS BLOB)",
    )
