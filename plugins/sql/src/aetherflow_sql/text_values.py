"""Typed columns as text and back, exactly: what CSV files and databases without such types hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from .column_types import TIME, TIMESTAMP, UTC_TIMESTAMP

#: The types of moments as they are where all of them are whole seconds.
_IN_SECONDS = {TIME: pa.time32("s"), TIMESTAMP: pa.timestamp("s"), UTC_TIMESTAMP: pa.timestamp("s", "UTC")}
_FIRST, _LAST = (moment.replace(tzinfo=UTC) for moment in (datetime.min, datetime.max))  # noqa: DTZ901 - one follows
#: The first and the last value of the types that have a calendar: its years are 1 to 9999, Arrow's are not.
CALENDARS = {
    pa.date32(): (pa.scalar(date.min), pa.scalar(date.max)),
    TIMESTAMP: (pa.scalar(_FIRST).cast(TIMESTAMP), pa.scalar(_LAST).cast(TIMESTAMP)),
    UTC_TIMESTAMP: (pa.scalar(_FIRST), pa.scalar(_LAST)),
}


class Misfit(Exception):
    """A value that its column's type can't hold; `index` counts from 0 in the column."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


def to_text(column: pa.Array) -> pa.Array:
    """The text of each value: ISO dates and times, plain decimals, `true` and `false`, bytes as hexadecimal digits."""
    kind = column.type
    if pa.types.is_string(kind):
        return column
    if pa.types.is_binary(kind):
        return pa.array([None if value is None else value.hex() for value in column.to_pylist()], pa.string())
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        return _of_moments(column)
    text = column.cast(pa.string())
    return _without_exponents(text, column) if pa.types.is_decimal(kind) else text


def _of_moments(column: pa.Array) -> pa.Array:
    """Parts of seconds only where there are some: mostly a column has none, and needs no work then."""
    try:
        return column.cast(_IN_SECONDS[column.type]).cast(pa.string())
    except pa.ArrowInvalid:
        return pc.replace_substring_regex(column.cast(pa.string()), pattern=r"\.?0+(Z?)$", replacement=r"\1")


def _without_exponents(text: pa.Array, column: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring(text, "E"), min_count=0).as_py():
        return text
    return pa.array([None if value is None else f"{value:f}" for value in column.to_pylist()], pa.string())


def from_text(text: pa.Array, wanted: pa.DataType) -> pa.Array:
    """The values that texts stand for; the reverse of `to_text`.

    Raises:
        Misfit: a text stands for no value of this type.
    """
    if pa.types.is_string(wanted):
        return text
    read = _READERS.get(wanted.id, _cast)
    try:
        return read(text, wanted)
    except (pa.ArrowInvalid, ValueError) as error:
        raise Misfit(first_misfit(text, lambda single: read(single, wanted))) from error


def from_pattern(text: pa.Array, wanted: pa.DataType, pattern: str) -> pa.Array:
    """The dates or times that texts stand for, written by one of `datetime.strptime`'s patterns.

    Raises:
        Misfit: a text does not follow the pattern, or stands for no date.
    """
    encoded = text.dictionary_encode()
    moments = []
    for place, value in enumerate(encoded.dictionary.to_pylist()):
        try:
            moments.append(_read_moment(value, pattern, wanted))
        except ValueError as error:
            raise Misfit(pc.index(encoded.indices, place).as_py()) from error
    return pa.array(moments, wanted).take(encoded.indices)


def _read_moment(text: str, pattern: str, wanted: pa.DataType) -> object:
    moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - whether there is a zone is the pattern's business
    if pa.types.is_date(wanted):
        return moment.date()
    if pa.types.is_time(wanted):
        return moment.time()
    if wanted.tz is None:
        if moment.tzinfo is not None:
            raise ValueError(pattern)
        return moment
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def is_in_calendar(column: pa.Array) -> pa.Array:
    """Which dates or moments are in a year that a text of four digits tells."""
    first, last = CALENDARS[column.type]
    return pc.and_(pc.greater_equal(column, first), pc.less_equal(column, last))


def first_misfit(column: pa.Array, read: Callable[[pa.Array], object]) -> int:
    """Where the first value is that can't be read."""
    for index in range(len(column)):
        try:
            read(column.slice(index, 1))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError):
            return index
    return 0


def _require(fits: pa.Array) -> None:
    """Refuse a column some of whose values don't fit; nulls do."""
    if not pc.all(fits, min_count=0).as_py():
        raise ValueError


def _cast(text: pa.Array, wanted: pa.DataType) -> pa.Array:
    return text.cast(wanted)


def _read_integers(text: pa.Array, wanted: pa.DataType) -> pa.Array:
    _require(pc.match_substring_regex(text, r"^[-+]?[0-9]+$"))
    return pc.replace_substring_regex(text, pattern=r"^\+", replacement="").cast(wanted)


def _read_floats(text: pa.Array, wanted: pa.DataType) -> pa.Array:
    values = text.cast(wanted)
    is_too_large = pc.and_not(pc.is_inf(values), pc.match_substring(text, "inf", ignore_case=True))
    _require(pc.invert(is_too_large))
    return values


def _read_days(text: pa.Array, wanted: pa.DataType) -> pa.Array:
    _require(pc.invert(pc.starts_with(text, "0000")))  # Arrow counts a year 0, calendars don't
    values = text.cast(wanted)
    # In UTC, a text of the year 9999 may be a moment of the next one.
    _require(is_in_calendar(values))
    return values


def _read_times(text: pa.Array, wanted: pa.DataType) -> pa.Array:
    _require(pc.match_substring_regex(text, r"^[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?$"))
    on_a_day = pc.binary_join_element_wise("1970-01-01", text, " ")
    return on_a_day.cast(TIMESTAMP).cast(TIME)


def _read_bytes(text: pa.Array, wanted: pa.DataType) -> pa.Array:
    return pa.array([None if value is None else bytes.fromhex(value) for value in text.to_pylist()], wanted)


_READERS: dict[int, Callable[[pa.Array, pa.DataType], pa.Array]] = {
    pa.int64().id: _read_integers,
    pa.float64().id: _read_floats,
    pa.date32().id: _read_days,
    TIMESTAMP.id: _read_days,
    TIME.id: _read_times,
    pa.binary().id: _read_bytes,
}
