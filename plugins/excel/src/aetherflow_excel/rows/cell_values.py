"""Columns of every type that a worksheet can hold, as the texts in its cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from .dates import days, moments, parts_of_days
from .refused import Refused, refuse_where
from .rules import ValueRules
from .text_values import is_text, plain_text, without_empty_texts

#: As many significant digits as a cell shows and keeps of a number.
_EXACT_DIGITS = 15


@dataclass(frozen=True, slots=True)
class CellValues:
    """The texts of a column's cells; one that is null in both is an empty cell.

    `values` are numbers, truths (1 and 0) or texts, as `kind` says; `texts` are those of the others that no number
    can be.
    """

    kind: Literal["number", "truth", "text"]
    values: pa.Array
    texts: pa.Array | None = None


def cell_values(column: pa.Array, rules: ValueRules) -> list[CellValues]:
    """The texts of a column's cells: one entry, or one for each type of a union.

    Raises:
        Refused: a value can't stand in a cell; or none of this type can.
    """
    kind = column.type
    if pa.types.is_union(kind):
        return [part for place in range(kind.num_fields) for part in cell_values(column.field(place), rules)]
    if pa.types.is_dictionary(kind):
        return cell_values(column.dictionary_decode(), rules)
    if pa.types.is_run_end_encoded(kind):
        return cell_values(pc.run_end_decode(column), rules)
    if is_text(kind):
        return [CellValues("text", without_empty_texts(column.cast(pa.string())))]
    for is_kind, written in _KINDS:
        if is_kind(kind):
            return [written(column, rules)]
    raise Refused(None, f"its type is {kind}, which no cell can hold")


def _nothing(column: pa.Array, rules: ValueRules) -> CellValues:
    return CellValues("text", column.cast(pa.string()))


def _truths(column: pa.Array, rules: ValueRules) -> CellValues:
    return CellValues("truth", pc.if_else(column, "1", "0"))


def _floats(column: pa.Array, rules: ValueRules) -> CellValues:
    if pa.types.is_float16(column.type):
        column = column.cast(pa.float32())
    is_finite = pc.is_finite(column)
    if not pc.all(is_finite, min_count=0).as_py():
        if rules.not_finite == "error":
            refuse_where(pc.invert(is_finite), "it is no finite number")
        column = pc.if_else(is_finite, column, pa.scalar(None, column.type))
    return CellValues("number", column.cast(pa.string()))


def _integers(column: pa.Array, rules: ValueRules) -> CellValues:
    text = column.cast(pa.string())
    extremes = pc.min_max(column)
    is_large = any(abs(extremes[end].as_py() or 0) >= 10**_EXACT_DIGITS for end in ("min", "max"))
    return _exact_numbers(text) if is_large and rules.exact == "text" else CellValues("number", text)


def _decimals(column: pa.Array, rules: ValueRules) -> CellValues:
    text = plain_text(column)
    may_be_long = column.type.precision > _EXACT_DIGITS
    return _exact_numbers(text) if may_be_long and rules.exact == "text" else CellValues("number", text)


def _exact_numbers(text: pa.Array) -> CellValues:
    """Numbers where 15 significant digits are enough, text elsewhere."""
    digits = pc.replace_substring_regex(text, pattern=r"[-.]", replacement="")
    is_exact = pc.less_equal(pc.binary_length(pc.ascii_trim(digits, characters="0")), _EXACT_DIGITS)
    nothing = pa.scalar(None, pa.string())
    return CellValues("number", pc.if_else(is_exact, text, nothing), pc.if_else(is_exact, nothing, text))


def _dates(column: pa.Array, rules: ValueRules) -> CellValues:
    return _counted(column, days(column, rules), rules)


def _moments(column: pa.Array, rules: ValueRules) -> CellValues:
    return _counted(column, moments(column, rules), rules)


def _counted(column: pa.Array, serials: pa.Array, rules: ValueRules) -> CellValues:
    """Dates by their number; where there is none, as text."""
    numbers = serials.cast(pa.string())
    if serials.null_count == column.null_count:
        return CellValues("number", numbers)
    is_far = pc.and_(pc.is_null(serials), pc.is_valid(column))
    if rules.far_dates == "error":
        refuse_where(is_far, "it is a date that the workbook does not count")
    return CellValues("number", numbers, pc.if_else(is_far, plain_text(column), pa.scalar(None, pa.string())))


def _parts_of_days(column: pa.Array, rules: ValueRules) -> CellValues:
    return CellValues("number", parts_of_days(column).cast(pa.string()))


_KINDS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array, ValueRules], CellValues]], ...] = (
    (pa.types.is_floating, _floats),
    (pa.types.is_integer, _integers),
    (pa.types.is_date, _dates),
    (pa.types.is_timestamp, _moments),
    (pa.types.is_boolean, _truths),
    (pa.types.is_decimal, _decimals),
    (pa.types.is_time, _parts_of_days),
    (pa.types.is_duration, _parts_of_days),
    (pa.types.is_null, _nothing),
)
