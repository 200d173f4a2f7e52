"""Values of one column of SQLite as an Arrow array of the declared type, exactly or not at all.

It happens in two steps: some hundred values are kept as SQLite stored them, as soon as they are fetched, by Python;
many thousand kept ones are turned into the declared type by Arrow, which other threads need not wait for.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from decimal import Context, Decimal

import pyarrow as pa
import pyarrow.compute as pc

from .column_types import MOST_DIGITS
from .sqlite_types import EXACT_DIGITS
from .text_values import Misfit, from_text

SqliteValue = int | float | str | bytes | None
_Values = Sequence[SqliteValue]
#: Values of one storage class as an array, null where some are of another class.
_Keep = Callable[[_Values], pa.Array | None]
_Conversion = Callable[[pa.Array, pa.DataType], pa.Array]
_ValueConversion = Callable[[SqliteValue, pa.DataType], object]

_DECIMAL = pa.decimal128(1).id
#: Room for every digit of a float beside every digit of a decimal.
_WIDE = Context(prec=400 + MOST_DIGITS)


def kept(values: _Values, wanted: pa.DataType) -> pa.Array:
    """Values as they are stored where they are of the class that is usual for the wanted type, else as that type.

    Raises:
        Misfit: a value is not of this type.
    """
    for keep in _USUAL_CLASSES.get(wanted.id, (_texts,)):
        if (found := keep(values)) is not None:
            return found
    return _one_by_one(values, wanted)


def typed(pieces: Sequence[pa.Array], wanted: pa.DataType) -> pa.Array:
    """Kept values as one array of the wanted type.

    Raises:
        Misfit: a value is not of this type.
    """
    if all(piece.type == pieces[0].type for piece in pieces):
        return _converted(pa.concat_arrays(pieces), wanted)
    done, arrays = 0, []
    for piece in pieces:
        try:
            arrays.append(_converted(piece, wanted))
        except Misfit as misfit:
            raise Misfit(done + misfit.index) from misfit
        done += len(piece)
    return pa.concat_arrays(arrays)


# Kept as stored. The types are given to Arrow: finding them takes it five times as long as using them.


def _integers(values: _Values) -> pa.Array | None:
    try:
        # Arrow would truncate a float; this refuses it, and a null.
        numbers = array("q", values)  # type: ignore[type-var]  # what else they are is what it is asked
    except TypeError:
        return pa.array(values, pa.int64()) if _are_all(int, values) else None
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(numbers)])


def _floats(values: _Values) -> pa.Array | None:
    try:
        return pa.array(values, pa.float64())  # it takes whole numbers as well, if they don't change by it
    except pa.ArrowException:
        return None


def _texts(values: _Values) -> pa.Array | None:
    try:
        # Arrow would take bytes for text; this refuses them, and a null, in a tenth of the time of looking at each.
        "".join(values)  # type: ignore[arg-type]  # as above
    except TypeError:
        if not _are_all(str, values):
            return None
    return pa.array(values, pa.string())


def _blobs(values: _Values) -> pa.Array | None:
    return pa.array(values, pa.binary()) if _are_all(bytes, values) else None


def _are_all(kind: type, values: _Values) -> bool:
    return set(map(type, values)) <= {kind, type(None)}


_USUAL_CLASSES: dict[int, tuple[_Keep, ...]] = {
    pa.int64().id: (_integers,),
    pa.bool_().id: (_integers,),
    pa.float64().id: (_floats,),
    pa.binary().id: (_blobs,),
    _DECIMAL: (_floats, _integers, _texts),
}


# From stored to declared, a column at once


def _converted(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    if column.type == wanted:
        return column
    if pa.types.is_string(column.type):
        return from_text(column, wanted)
    try:
        return _BY_COLUMN[column.type.id, wanted.id](column, wanted)
    except (ValueError, ArithmeticError):
        return _one_by_one(column.to_pylist(), wanted)


def _flags(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    if not pc.all(pc.is_in(column, pa.array([0, 1, None], column.type)), min_count=0).as_py():
        raise pa.ArrowInvalid
    return column.cast(wanted)


def _decimals_of_integers(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    return column.cast(pa.string()).cast(wanted)


def _decimals_of_floats(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    """The shortest text of a float says mostly which decimal was meant; the others are looked at one by one."""
    text = column.cast(pa.string())
    try:
        return text.cast(wanted)
    except pa.ArrowInvalid:
        is_long = pc.match_substring_regex(text, rf"e|\.[0-9]{{{wanted.scale + 1},}}").fill_null(False)  # noqa: FBT003 - Arrow's signature
    numbers = [_decimal(value, wanted) for value in column.filter(is_long).to_pylist()]
    return pc.replace_with_mask(pc.if_else(is_long, None, text).cast(wanted), is_long, pa.array(numbers, wanted))


_BY_COLUMN: dict[tuple[int, int], _Conversion] = {
    (pa.int64().id, pa.bool_().id): _flags,
    (pa.int64().id, _DECIMAL): _decimals_of_integers,
    (pa.float64().id, _DECIMAL): _decimals_of_floats,
}


# One by one: the class is unusual, or there is a misfit to be found


def _one_by_one(values: _Values, wanted: pa.DataType) -> pa.Array:
    convert: _ValueConversion = _BY_VALUE.get(wanted.id, _of_text)
    converted = []
    for index, value in enumerate(values):
        try:
            converted.append(None if value is None else convert(value, wanted))
        except (Misfit, ValueError, ArithmeticError) as error:
            raise Misfit(index) from error
    return pa.array(converted, wanted)


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


def _decimal(value: SqliteValue, wanted: pa.DataType) -> object:
    """The decimal of a number: of a float, the shortest one that reads back as it, else its sure digits."""
    if not isinstance(value, (int, float)):
        return _of_text(value, wanted)
    spellings = (repr(value), f"{value:.{EXACT_DIGITS}g}") if isinstance(value, float) else (str(value),)
    for spelling in spellings:
        number = Decimal(spelling)
        rounded = number.quantize(Decimal(1).scaleb(-wanted.scale), context=_WIDE)
        if rounded == number and number.copy_abs() < Decimal(10) ** (wanted.precision - wanted.scale):
            return rounded
    raise ValueError


def _of_text(value: SqliteValue, wanted: pa.DataType) -> object:
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
