"""Dates, times and moments as worksheets count them: in days, from the first day of the workbook's date system.

The system of 1900 counts 1900-02-29, which never was: days before it have one less. What is before its day 1 or after
the year 9999 has no number.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from .rules import ValueRules

_DAY = 86_400_000_000  # microseconds
_PER_SECOND = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}
#: What to add to days since 1970-01-01, and the first and last number there is, of both date systems.
_FROM_1900 = (25_569, 1, 2_958_465)
_FROM_1904 = (24_107, 0, 2_957_003)
#: The number of 1900-02-29.
_NO_DAY = 60
#: As many seconds before or after 1970 as no date system counts.
_FAR = 3_000_000 * 86_400
_NOTHING = pa.scalar(None, pa.int64())


def days(column: pa.Array, rules: ValueRules) -> pa.Array:
    """The number of each day; null where there is none."""
    since_1970 = column.cast(pa.date32(), safe=False).cast(pa.int32()).cast(pa.int64())
    return _serials(since_1970, rules, unit=1)


def moments(column: pa.Array, rules: ValueRules) -> pa.Array:
    """The number of each moment, to the microsecond, with its time as the part of a day; null where there is none."""
    serials = _serials(_microseconds(column.cast(pa.int64()), column.type.unit), rules, unit=_DAY)
    return pc.divide(serials.cast(pa.float64(), safe=False), float(_DAY))


def parts_of_days(column: pa.Array) -> pa.Array:
    """Times and durations in days."""
    whole = column.cast(pa.int32()) if pa.types.is_time32(column.type) else column
    counted = whole.cast(pa.int64()).cast(pa.float64(), safe=False)
    return pc.divide(counted, float(86_400 * _PER_SECOND[column.type.unit]))


def _microseconds(counted: pa.Array, unit: str) -> pa.Array:
    """As microseconds; null for what is too far away to be counted."""
    if unit == "us":
        return counted
    if unit == "ns":
        whole = pc.divide(counted, 1000)
        rest = pc.subtract(counted, pc.multiply(whole, 1000))
        rounded_up = pc.if_else(pc.greater_equal(rest, 500), pc.add(whole, 1), whole)
        return pc.if_else(pc.less(rest, -500), pc.subtract(whole, 1), rounded_up)
    far = _FAR * _PER_SECOND[unit]
    is_near = pc.and_(pc.greater(counted, -far), pc.less(counted, far))
    return pc.multiply(pc.if_else(is_near, counted, _NOTHING), 1_000_000 // _PER_SECOND[unit])


def _serials(since_1970: pa.Array, rules: ValueRules, *, unit: int) -> pa.Array:
    offset, first, last = _FROM_1904 if rules.counts_from_1904 else _FROM_1900
    serials = pc.add(since_1970, offset * unit)
    extremes = pc.min_max(serials)
    least, most = extremes["min"].as_py(), extremes["max"].as_py()
    if least is None:
        return serials
    if not rules.counts_from_1904 and least < (_NO_DAY + 1) * unit:
        serials = pc.if_else(pc.less(serials, (_NO_DAY + 1) * unit), pc.subtract(serials, unit), serials)
    if least < (first + 1) * unit or most >= (last + 1) * unit:
        is_counted = pc.and_(pc.greater_equal(serials, first * unit), pc.less(serials, (last + 1) * unit))
        serials = pc.if_else(is_counted, serials, _NOTHING)
    return serials
