"""Rows that a flow holds itself, as lists or as JSON text, as Arrow batches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property

import pyarrow as pa

from aetherflow.kernel.api import StepError

_BATCH_ROWS = 4096


class JsonRows:
    """A list of lists or of mappings; columns of one kind of value have its type, others one for each kind in a union.

    `columns` names the columns of lists, and chooses among those of mappings; without, lists have column_1, column_2
    and so on, and mappings all that any of them names.

    Raises:
        StepError: they are no such rows.
    """

    def __init__(self, rows: str | Sequence[object], columns: str | Sequence[str] = ()) -> None:
        self._rows = _read_list(rows, "rows_json") if isinstance(rows, str) else rows
        self._given = tuple(map(str, _read_list(columns, "columns_json") if isinstance(columns, str) else columns))
        self._mappings = [row for row in self._rows if isinstance(row, Mapping)]
        self._are_mappings = bool(self._rows) and len(self._mappings) == len(self._rows)
        if len(set(self._given)) < len(self._given):
            twice = next(name for name in self._given if self._given.count(name) > 1)
            raise StepError(f"two columns are called {twice!r}", code="AF-EXCEL-COLUMNS", help="rename one of them")

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns.

        Raises:
            StepError: the rows have none of that name, or none at all.
        """
        found = self._found()
        if self._rows and not found:
            raise _odd_row(1, "has no values")
        if self._are_mappings and (missing := [name for name in self._given if name not in found]):
            raise StepError(
                f"no row has a column {missing[0]!r}", code="AF-EXCEL-COLUMNS", help=f"they have: {', '.join(found)}"
            )
        return self._given or found

    def _found(self) -> tuple[str, ...]:
        if self._are_mappings:
            return tuple(dict.fromkeys(str(name) for row in self._mappings for name in row))
        first = self._rows[0] if self._rows else ()
        return (
            tuple(f"column_{number}" for number in range(1, len(first) + 1)) if isinstance(first, list | tuple) else ()
        )

    @property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        return self._batch.schema

    def count_rows(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows."""
        for first in range(0, len(self._rows), _BATCH_ROWS):
            yield self._batch.slice(first, _BATCH_ROWS)

    @cached_property
    def _batch(self) -> pa.RecordBatch:
        by_column = [list(values) for values in zip(*self._as_lists(), strict=True)] or [[] for _ in self.columns]
        arrays = [_array(values, column) for values, column in zip(by_column, self.columns, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, names=list(self.columns))

    def _as_lists(self) -> Iterator[Sequence[object]]:
        if self._are_mappings:
            yield from ([row.get(name) for name in self.columns] for row in self._mappings)
            return
        for number, row in enumerate(self._rows, 1):
            if not isinstance(row, list | tuple):
                raise _odd_row(number, "is no list, as the others are" if self._has_lists else "is no list")
            if len(row) != len(self.columns):
                raise _odd_row(number, f"has {len(row)} values for {len(self.columns)} columns")
            yield row

    @property
    def _has_lists(self) -> bool:
        return any(isinstance(row, list | tuple) for row in self._rows)


def _read_list(text: str, called: str) -> list[object]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, list):
        raise StepError(
            f"{called} is no JSON list", code="AF-EXCEL-ROWS", help='write it like \'[[1, "a"], [2, "b"]]\''
        )
    return read


def _odd_row(number: int, reason: str) -> StepError:
    return StepError(f"row {number} of the rows {reason}", code="AF-EXCEL-ROWS", help="give every row the same shape")


def _array(values: list[object], column: str) -> pa.Array:
    kinds = sorted({type(value) for value in values} - {type(None)}, key=lambda kind: kind.__name__)
    if len(kinds) <= 1:
        return _typed(values, column)
    places = {kind: place for place, kind in enumerate(kinds)}
    children = [_typed([value if type(value) is kind else None for value in values], column) for kind in kinds]
    return pa.UnionArray.from_sparse(pa.array([places.get(type(value), 0) for value in values], pa.int8()), children)


def _typed(values: list[object], column: str) -> pa.Array:
    """An array of values of one kind; whole numbers of more than 64 bits are decimals, still larger ones text."""
    for form in (lambda value: value, _as_decimal, str):
        try:
            return pa.array([None if value is None else form(value) for value in values])
        except (OverflowError, UnicodeEncodeError, pa.ArrowException):
            if not all(value is None or type(value) is int for value in values):
                break
    raise StepError(
        f"column {column!r} holds a value that no cell can hold",
        code="AF-EXCEL-VALUE",
        help="rows hold texts, numbers, true, false and null",
    )


def _as_decimal(value: object) -> Decimal:
    return Decimal(str(value))
