"""The types that a column may have, as flows write them and as Arrow has them.

| in a flow      | in Arrow                    |
|----------------|-----------------------------|
| `bool`         | `bool`                      |
| `int`          | `int64`                     |
| `float`        | `float64`                   |
| `decimal(p,s)` | `decimal128(p, s)`          |
| `string`       | `string`                    |
| `bytes`        | `binary`                    |
| `date`         | `date32`                    |
| `time`         | `time64[us]`                |
| `datetime`     | `timestamp[us]`             |
| `datetime_tz`  | `timestamp[us, UTC]`        |
"""

from __future__ import annotations

import re

import pyarrow as pa

from aetherflow.kernel.api import StepError

#: As many digits as a decimal may have.
MOST_DIGITS = 38
UTC_TIMESTAMP = pa.timestamp("us", "UTC")
TIMESTAMP = pa.timestamp("us")
TIME = pa.time64("us")

_BY_WORD = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "string": pa.string(),
    "bytes": pa.binary(),
    "date": pa.date32(),
    "time": TIME,
    "datetime": TIMESTAMP,
    "datetime_tz": UTC_TIMESTAMP,
}
_WORD_OF = {arrow_type: word for word, arrow_type in _BY_WORD.items()}
_DECIMAL = re.compile(r"decimal\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")


def type_from_word(word: str, column: str) -> pa.DataType:
    """The Arrow type that a flow's word names.

    Raises:
        StepError: there is no such type.
    """
    if (found := _BY_WORD.get(word)) is not None:
        return found
    if (decimal := _DECIMAL.fullmatch(word)) is not None:
        digits, places = int(decimal[1]), int(decimal[2] or 0)
        if 1 <= digits <= MOST_DIGITS and places <= digits:
            return pa.decimal128(digits, places)
    raise StepError(
        f"column {column!r} can't have the type {word!r}",
        code="AF-SQL-UNKNOWN-TYPE",
        help=f"there is: {', '.join(_BY_WORD)}, decimal(digits,places) with at most {MOST_DIGITS} digits",
    )


def word_from_type(arrow_type: pa.DataType) -> str:
    """The word for one of the types above."""
    if pa.types.is_decimal(arrow_type):
        return f"decimal({arrow_type.precision},{arrow_type.scale})"
    return _WORD_OF[arrow_type]


def plain_type(arrow_type: pa.DataType, column: str) -> pa.DataType:
    """The type of the table above that holds every value of any other Arrow type.

    Raises:
        StepError: none does.
    """
    if pa.types.is_dictionary(arrow_type):
        return plain_type(arrow_type.value_type, column)
    for is_kind, plain in _KINDS:
        if is_kind(arrow_type):
            return plain
    if pa.types.is_timestamp(arrow_type):
        return UTC_TIMESTAMP if arrow_type.tz else TIMESTAMP
    if pa.types.is_decimal(arrow_type) and arrow_type.precision <= MOST_DIGITS and arrow_type.scale >= 0:
        return pa.decimal128(arrow_type.precision, arrow_type.scale)
    raise StepError(
        f"column {column!r} has the type {arrow_type}, which a table can't hold",
        code="AF-SQL-UNSUPPORTED-TYPE",
        help="leave the column out, or turn it into text before",
    )


_KINDS = (
    (pa.types.is_boolean, pa.bool_()),
    (pa.types.is_integer, pa.int64()),
    (pa.types.is_floating, pa.float64()),
    (pa.types.is_string, pa.string()),
    (pa.types.is_large_string, pa.string()),
    (pa.types.is_string_view, pa.string()),
    (pa.types.is_null, pa.string()),
    (pa.types.is_binary, pa.binary()),
    (pa.types.is_large_binary, pa.binary()),
    (pa.types.is_binary_view, pa.binary()),
    (pa.types.is_fixed_size_binary, pa.binary()),
    (pa.types.is_date, pa.date32()),
    (pa.types.is_time, TIME),
)
