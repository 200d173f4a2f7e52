"""Columns of one type as columns of another, where no value changes by it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from .text_values import CALENDARS, Misfit, first_misfit, from_text, is_in_calendar, to_text


def to_plain(column: pa.Array, plain: pa.DataType) -> pa.Array:
    """The column as the plain type that stands for its own.

    Raises:
        Misfit: a value is too large or too fine for it, or in no year of the calendar.
    """
    try:
        values = column if column.type == plain else column.cast(plain)
    except pa.ArrowInvalid as error:
        raise Misfit(first_misfit(column, lambda single: single.cast(plain))) from error
    if plain in CALENDARS:
        outside = pc.index(is_in_calendar(values), False).as_py()
        if outside >= 0:
            raise Misfit(outside)
    return values


def convert(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    """The column, of one plain type, as another.

    Raises:
        Misfit: a value would change, or the two types have nothing to do with each other.
    """
    if column.type == wanted:
        return column
    if pa.types.is_string(column.type):
        return from_text(column, wanted)
    if pa.types.is_string(wanted):
        return to_text(column)
    if pa.types.is_decimal(wanted) or pa.types.is_boolean(wanted):
        # By number, a float would be rounded; its shortest text says which decimal was meant.
        return from_text(to_text(column), wanted)
    return _cast_there_and_back(column, wanted)


def _cast_there_and_back(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    try:
        there = column.cast(wanted)
        back = from_text(to_text(there), column.type) if pa.types.is_decimal(column.type) else there.cast(column.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise Misfit(first_misfit(column, lambda single: single.cast(wanted))) from error
    changed = pc.index(pc.equal(back, column), False).as_py()
    if changed >= 0:
        raise Misfit(changed)
    return there
