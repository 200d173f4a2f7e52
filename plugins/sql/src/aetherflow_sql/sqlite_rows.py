"""Rows of SQLite as Arrow batches of the declared types, exactly or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from aetherflow.kernel.api import ConnectorError

from .column_types import word_from_type
from .sqlite_columns import SqliteValue, kept, typed
from .text_values import Misfit

#: SQLite's name of each kind of value.
STORAGE_CLASSES: dict[type, str] = {int: "integer", float: "real", str: "text", bytes: "blob"}
#: Of values that are kept already: a decimal column's whole numbers are kept as floats, too.
_KEPT_CLASSES = {pa.int64(): "integer", pa.float64(): "integer or real", pa.string(): "text", pa.binary(): "blob"}
#: Where a batch ends, however few rows it has then: small enough to have several of them in memory.
_MOST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result: its name, how it was declared, and the type that it comes out as."""

    name: str
    declared: str | None
    type: pa.DataType


class Gathered:
    """The rows of one batch to be, as they are stored."""

    def __init__(self, columns: Sequence[Column], first_row: int) -> None:
        self._columns = columns
        self._first_row = first_row
        self._pieces: list[list[pa.Array]] = [[] for _ in columns]
        #: What can't be told as a batch: row, column, what is said of it. The first of them is an error.
        self._faults: list[tuple[int, int, ConnectorError]] = []
        self.row_count = 0
        self._byte_count = 0

    @property
    def next_row(self) -> int:
        """The number of the row that comes after these."""
        return self._first_row + self.row_count

    def is_full(self, most_rows: int) -> bool:
        """Whether nothing is to be added any more."""
        return self.row_count >= most_rows or self._byte_count >= _MOST_BYTES or bool(self._faults)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.row_count and not self._faults

    def add(self, values: Sequence[Sequence[SqliteValue]]) -> int:
        """Keep some more rows, given as columns; answers how many bytes they take."""
        size = 0
        for place, (column, pieces) in enumerate(zip(self._columns, self._pieces, strict=True)):
            try:
                piece = kept(values[place], column.type)
            except Misfit as misfit:
                self._fault(self.row_count + misfit.index, place, STORAGE_CLASSES[type(values[place][misfit.index])])
            else:
                pieces.append(piece)
                size += piece.nbytes
        self.row_count += len(values[0])
        self._byte_count += size
        return size

    def end_with(self, error: ConnectorError) -> None:
        """Say that the row after these can't be read."""
        self._faults.append((self.row_count, 0, error))

    def batch(self) -> pa.RecordBatch:
        """The rows.

        Raises:
            ConnectorError: a value does not fit its column's type; it is the first of them, row by row.
        """
        arrays = []
        for place, (column, pieces) in enumerate(zip(self._columns, self._pieces, strict=True)):
            if not pieces:
                continue  # there is a fault in the very first rows
            try:
                arrays.append(typed(pieces, column.type))
            except Misfit as misfit:
                self._fault(misfit.index, place, _kept_class(pieces, misfit.index))
        if self._faults:
            raise min(self._faults, key=lambda fault: fault[:2])[2]
        return pa.RecordBatch.from_arrays(arrays, schema=schema_of(self._columns))

    def _fault(self, index: int, place: int, storage_class: str) -> None:
        error = _does_not_fit(self._columns[place], storage_class, self._first_row + index)
        self._faults.append((index, place, error))


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of a result."""
    return pa.schema([(column.name, column.type) for column in columns])


def type_of_classes(classes: frozenset[str]) -> pa.DataType | None:
    """The type that holds values of all these storage classes, null where none does."""
    if not classes:
        return pa.string()
    if "blob" in classes:
        return pa.binary() if len(classes) == 1 else None
    if "text" in classes:
        return pa.string()
    return pa.float64() if "real" in classes else pa.int64()


def _kept_class(pieces: Sequence[pa.Array], index: int) -> str:
    for piece in pieces:
        if index < len(piece):
            return _KEPT_CLASSES[piece.type]
        index -= len(piece)
    raise IndexError(index)


def _does_not_fit(column: Column, storage_class: str, row: int) -> ConnectorError:
    promised = column.declared or word_from_type(column.type)
    return ConnectorError(
        f"row {row}, column {column.name!r}: a value of class {storage_class} is no {promised}",
        code="AF-SQL-VALUE",
        help=f"mend it in the table or in the query; CAST({column.name} AS TEXT) takes any value but bytes",
    )
