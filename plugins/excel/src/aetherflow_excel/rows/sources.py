"""Where rows come from, and what types their columns get.

With `none`, columns keep the types they have: CSV fields are text. `basic` looks at every value of each text column and
gives it the type that all of them have; see `guesses`. `schema` turns columns into the types that the flow declares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Literal, Protocol

import pyarrow as pa

from aetherflow.kernel.api import StepError

from .column_types import word_from_type
from .guesses import Guesses
from .text_values import Misfit, convert, is_text

TypeCast = Literal["none", "basic", "schema"]


class Table(Protocol):
    """Rows that come in batches, as often as they are asked for."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""

    @property
    def schema(self) -> pa.Schema:
        """The columns and their types."""

    def count_rows(self) -> int:
        """Exactly how many rows there are; cheaper than reading them where it can be."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows."""


def with_types(table: Table, type_cast: TypeCast, dtypes: Mapping[str, pa.DataType] | None = None) -> Table:
    """The table with the types that a flow asks for.

    Raises:
        StepError: a declared column is not there.
    """
    if type_cast == "schema":
        return _Declared(table, dtypes or {})
    return _Guessed(table) if type_cast == "basic" else table


class _Typed:
    """A table some of whose columns get other types."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @property
    def columns(self) -> tuple[str, ...]:
        return self._table.columns

    @property
    def schema(self) -> pa.Schema:
        wanted = self._wanted
        return pa.schema([(field.name, wanted.get(field.name, field.type)) for field in self._table.schema])

    def count_rows(self) -> int:
        return self._table.count_rows()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows.

        Raises:
            StepError: a value is none of its column's type.
        """
        wanted, schema, first_row = self._wanted, self.schema, 1
        for batch in self._table.batches():
            arrays = [
                _converted(array, wanted[name], name, first_row) if name in wanted else array
                for name, array in zip(batch.schema.names, batch.columns, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
            first_row += batch.num_rows

    @property
    def _wanted(self) -> Mapping[str, pa.DataType]:
        raise NotImplementedError


class _Declared(_Typed):
    """A table whose columns have the types that a flow declares."""

    def __init__(self, table: Table, dtypes: Mapping[str, pa.DataType]) -> None:
        super().__init__(table)
        self._dtypes = dtypes

    @cached_property
    def _wanted(self) -> Mapping[str, pa.DataType]:
        for column in self._dtypes:
            if column not in self.columns:
                raise StepError(
                    f"dtypes names a column {column!r}, which the rows don't have",
                    code="AF-EXCEL-COLUMNS",
                    help=f"they have: {', '.join(self.columns)}",
                )
        return self._dtypes


class _Guessed(_Typed):
    """A table whose columns of text have the types that all of their values have."""

    @cached_property
    def _guesses(self) -> Guesses:
        guesses = Guesses(field.name for field in self._table.schema if is_text(field.type))
        for batch in self._table.batches():
            guesses.look_at(batch)
        return guesses

    @cached_property
    def _wanted(self) -> Mapping[str, pa.DataType]:
        return self._guesses.types()

    def count_rows(self) -> int:
        return self._guesses.row_count


def _converted(array: pa.Array, wanted: pa.DataType, column: str, first_row: int) -> pa.Array:
    try:
        return convert(array, wanted)
    except Misfit as misfit:
        raise StepError(
            f"column {column!r}, row {first_row + misfit.index} of the rows: the value is no {word_from_type(wanted)}",
            code="AF-EXCEL-VALUE",
            help="mend the value, or declare another type for the column: string takes everything",
        ) from misfit


class CountedTable:
    """A table whose number of rows is known before: that many must come."""

    def __init__(self, table: Table, row_count: int | None = None) -> None:
        self._table = table
        self._given = row_count

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self._table.columns

    @property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        return self._table.schema

    @cached_property
    def _row_count(self) -> int:
        return self._table.count_rows() if self._given is None else self._given

    def count_rows(self) -> int:
        """How many rows there are."""
        return self._row_count

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows.

        Raises:
            StepError: they are not as many as they should be.
        """
        seen = 0
        for batch in self._table.batches():
            seen += batch.num_rows
            if seen > self._row_count:
                raise self._differs(f"more than {self._row_count}")
            yield batch
        if seen < self._row_count:
            raise self._differs(f"{seen} instead of {self._row_count}")

    def _differs(self, found: str) -> StepError:
        if self._given is None:
            return StepError(
                f"the source changed while it was read: it has {found} rows now",
                code="AF-EXCEL-SOURCE",
                help="run the step again when nobody writes the file",
            )
        return StepError(
            f"there are {found} rows, against row_count",
            code="AF-EXCEL-ROW-COUNT",
            help="mend row_count or leave it out",
        )
