"""Columns as columns of another type, exactly: no value changes, none is guessed."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

_REFUSED = (pa.ArrowInvalid, pa.ArrowNotImplementedError)


class Misfit(Exception):
    """A value that the wanted type can't hold; `index` counts from 0 in the column."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


def convert(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    """The column, of any type, as another.

    Raises:
        Misfit: a value would change, or stands for none of the wanted type.
    """
    if column.type == wanted:
        return column
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), wanted)
    if pa.types.is_union(column.type):
        return pc.coalesce(*(convert(column.field(place), wanted) for place in range(column.type.num_fields)))
    try:
        return _convert(column, wanted)
    except _REFUSED as error:
        raise Misfit(_first_misfit(column, wanted)) from error


def _convert(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if is_text(column.type):
        return _from_text(without_empty_texts(column.cast(pa.string())), wanted)
    if pa.types.is_string(wanted):
        return plain_text(column)
    if pa.types.is_decimal(wanted) or pa.types.is_boolean(wanted):
        # By number, a float would be rounded; its shortest text says which decimal was meant.
        return _from_text(plain_text(column), wanted)
    return column.cast(wanted)


def is_text(kind: pa.DataType) -> bool:
    """Whether values of this type are texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def plain_text(column: pa.Array) -> pa.Array:
    """The text of each value: ISO dates and times, those with a zone in UTC, plain decimals, `true` and `false`."""
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        zoned = pa.types.is_timestamp(kind) and kind.tz is not None
        text = (column.cast(pa.timestamp(kind.unit, "UTC")) if zoned else column).cast(pa.string())
        text = pc.replace_substring_regex(text, pattern=r"\.0+(Z?)$", replacement=r"\1")
        return pc.replace_substring_regex(text, pattern=r"(\.[0-9]*[1-9])0+(Z?)$", replacement=r"\1\2")
    text = column.cast(pa.string())
    if pa.types.is_decimal(kind) and pc.any(pc.match_substring(text, "E"), min_count=0).as_py():
        return pa.array([None if value is None else f"{value:f}" for value in column.to_pylist()], pa.string())
    return text


def without_empty_texts(text: pa.Array) -> pa.Array:
    """The same column with nulls for empty texts: a worksheet makes no difference between them."""
    is_empty = pc.equal(pc.binary_length(text), 0)
    if not pc.any(is_empty, min_count=0).as_py():
        return text
    return pc.if_else(is_empty, pa.scalar(None, text.type), text)


def _first_misfit(column: pa.Array, wanted: pa.DataType) -> int:
    for index in range(len(column)):
        try:
            _convert(column.slice(index, 1), wanted)
        except _REFUSED:
            return index
    return 0


def _from_text(text: pa.Array, wanted: pa.DataType) -> pa.Array:
    read = _READERS.get(wanted.id)
    return text.cast(wanted) if read is None else read(text, wanted)


def _require(fits: pa.Array) -> None:
    if not pc.all(fits, min_count=0).as_py():
        raise pa.ArrowInvalid


def _read_integers(text: pa.Array, wanted: pa.DataType) -> pa.Array:
    try:
        values = text.cast(wanted)
    except pa.ArrowInvalid:
        values = pc.replace_substring_regex(text, pattern=r"^\+", replacement="").cast(wanted)
    # Arrow reads hexadecimal digits too.
    _require(pc.invert(pc.match_substring(text, "x", ignore_case=True)))
    return values


def _read_days(text: pa.Array, wanted: pa.DataType) -> pa.Array:
    _require(pc.invert(pc.starts_with(text, "0000")))  # Arrow counts a year 0, calendars don't
    return text.cast(wanted)


def _read_times(text: pa.Array, wanted: pa.DataType) -> pa.Array:
    _require(pc.match_substring_regex(text, r"^[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?$"))
    on_a_day = pc.binary_join_element_wise("1970-01-01", text, " ")
    return on_a_day.cast(pa.timestamp("us")).cast(wanted)


_READERS: dict[int, Callable[[pa.Array, pa.DataType], pa.Array]] = {
    pa.int64().id: _read_integers,
    pa.date32().id: _read_days,
    pa.timestamp("us").id: _read_days,
    pa.time64("us").id: _read_times,
}
