"""Rows of SQLite as Arrow columns of the declared types, exactly or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

import pyarrow as pa
import pyarrow.compute as pc

from aetherflow.kernel.api import ConnectorError

from .column_types import MOST_DIGITS, TIME, TIMESTAMP, word_from_type
from .sqlite_types import EXACT_DIGITS
from .text_values import Misfit, from_text

_ColumnConversion = Callable[[pa.Array, pa.DataType], pa.Array]
SqliteValue = int | float | str | bytes | None
_ValueConversion = Callable[[SqliteValue, pa.DataType], object]

_DECIMAL = pa.decimal128(1).id
#: Room for every digit of a float beside every digit of a decimal.
_WIDE = Context(prec=400 + MOST_DIGITS)

#: SQLite's name of each kind of value.
STORAGE_CLASSES: dict[type, str] = {int: "integer", float: "real", str: "text", bytes: "blob"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result: its name, how it was declared, and the type that it comes out as."""

    name: str
    declared: str | None
    type: pa.DataType


def arrow_batch(columns: Sequence[Column], rows: Sequence[tuple[SqliteValue, ...]], first_row: int) -> pa.RecordBatch:
    """Some rows as one record batch.

    Args:
        columns: in the order of the values.
        rows: at least one.
        first_row: the number of the first of them, from 1, for messages.

    Raises:
        ConnectorError: a value does not fit its column's type.
    """
    arrays = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        try:
            arrays.append(arrow_column(values, column.type))
        except Misfit as misfit:
            raise _does_not_fit(column, values[misfit.index], first_row + misfit.index) from misfit
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(columns))


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


def arrow_column(values: Sequence[SqliteValue], wanted: pa.DataType) -> pa.Array:
    """Values of one column as an Arrow array.

    Raises:
        Misfit: a value is not of this type.
    """
    try:
        # Left to find the type by itself, Arrow does not truncate numbers.
        found = pa.array(values)
    except pa.ArrowException:
        return _one_by_one(values, wanted)
    if pa.types.is_null(found.type):
        return found.cast(wanted)
    if found.type == wanted and not pa.types.is_binary(wanted):  # it takes text for bytes
        return found
    convert: _ColumnConversion = _BY_COLUMN.get((found.type.id, wanted.id), _refuse)
    try:
        return convert(found, wanted)
    except pa.ArrowInvalid:
        return _one_by_one(values, wanted)


def _one_by_one(values: Sequence[SqliteValue], wanted: pa.DataType) -> pa.Array:
    convert: _ValueConversion = _BY_VALUE.get(wanted.id, _temporal)
    converted = []
    for index, value in enumerate(values):
        try:
            converted.append(None if value is None else convert(value, wanted))
        except (Misfit, ValueError, ArithmeticError) as error:
            raise Misfit(index) from error
    return pa.array(converted, wanted)


def _refuse(found: pa.Array, wanted: pa.DataType) -> pa.Array:
    raise pa.ArrowInvalid


def _cast(found: pa.Array, wanted: pa.DataType) -> pa.Array:
    return found.cast(wanted)


def _cast_flags(found: pa.Array, wanted: pa.DataType) -> pa.Array:
    if not pc.all(pc.is_in(found, pa.array([0, 1, None], found.type)), min_count=0).as_py():
        raise pa.ArrowInvalid
    return found.cast(wanted)


def _cast_by_text(found: pa.Array, wanted: pa.DataType) -> pa.Array:
    return found.cast(pa.string()).cast(wanted)


#: Arrow's type of the values, the wanted type → a whole column at once, or `ArrowInvalid`.
_BY_COLUMN: dict[tuple[int, int], _ColumnConversion] = {
    (pa.int64().id, pa.float64().id): _cast,
    (pa.int64().id, pa.bool_().id): _cast_flags,
    (pa.int64().id, _DECIMAL): _cast_by_text,
    (pa.float64().id, _DECIMAL): _cast_by_text,
    (pa.string().id, _DECIMAL): from_text,
    (pa.string().id, pa.date32().id): from_text,
    (pa.string().id, TIME.id): from_text,
    (pa.string().id, TIMESTAMP.id): from_text,
}


def _integer(value: SqliteValue, wanted: pa.DataType) -> int:
    if not isinstance(value, int):
        raise ValueError  # noqa: TRY004 - a misfit of data, whatever its type
    return value


def _flag(value: SqliteValue, wanted: pa.DataType) -> bool:
    if not isinstance(value, int) or value not in {0, 1}:
        raise ValueError
    return bool(value)


def _float(value: SqliteValue, wanted: pa.DataType) -> float:
    if not isinstance(value, (int, float)) or float(value) != value:
        raise ValueError
    return float(value)


def _text(value: SqliteValue, wanted: pa.DataType) -> str:
    if isinstance(value, bytes):
        raise ValueError  # noqa: TRY004 - a misfit of data, whatever its type
    return value if isinstance(value, str) else repr(value)


def _bytes(value: SqliteValue, wanted: pa.DataType) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError  # noqa: TRY004 - a misfit of data, whatever its type
    return value


def _decimal(value: SqliteValue, wanted: pa.DataType) -> Decimal:
    """The decimal of a number: of a float, the shortest one that reads back as it, else its sure digits."""
    if not isinstance(value, (int, float, str)):
        raise ValueError  # noqa: TRY004 - a misfit of data, whatever its type
    spellings = (repr(value), f"{value:.{EXACT_DIGITS}g}") if isinstance(value, float) else (str(value),)
    for spelling in spellings:
        number = Decimal(spelling)
        rounded = number.quantize(Decimal(1).scaleb(-wanted.scale), context=_WIDE)
        if rounded == number and number.copy_abs() < Decimal(10) ** (wanted.precision - wanted.scale):
            return rounded
    raise ValueError


def _temporal(value: SqliteValue, wanted: pa.DataType) -> object:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - a misfit of data, whatever its type
    return from_text(pa.array([value]), wanted)[0].as_py()


_BY_VALUE: dict[int, _ValueConversion] = {
    pa.bool_().id: _flag,
    pa.int64().id: _integer,
    pa.float64().id: _float,
    pa.string().id: _text,
    pa.binary().id: _bytes,
    _DECIMAL: _decimal,
}


def _does_not_fit(column: Column, value: SqliteValue, row: int) -> ConnectorError:
    promised = column.declared or word_from_type(column.type)
    return ConnectorError(
        f"row {row}, column {column.name!r}: a value of class {STORAGE_CLASSES[type(value)]} is no {promised}",
        code="AF-SQL-VALUE",
        help=f"mend it in the table or in the query; CAST({column.name} AS TEXT) takes any value but bytes",
    )
