"""Arrow columns as values that SQLite stores, unchanged or not at all."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from aetherflow.kernel.api import ConnectorError

from .sqlite_types import EXACT_DIGITS
from .text_values import to_text

_STORED_AS_THEY_ARE = (pa.types.is_integer, pa.types.is_floating, pa.types.is_string, pa.types.is_binary)
_NUMERIC_AFFINITIES = frozenset({"INT", "NUM", "REAL"})
#: What SQLite takes for a number, and the spellings that it gives back as they were, but for zeros at the end.
_NUMERAL = r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"
_USUAL = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
_WHOLE = r"^-?(0|[1-9][0-9]*)$"


def stored_values(batch: pa.RecordBatch, affinities: Sequence[str], done: int) -> list[list[object]]:
    """The columns' values as SQLite takes them.

    Args:
        batch: columns of plain types.
        affinities: what SQLite turns each column's values into, where it can.
        done: rows before these, for messages.

    Raises:
        ConnectorError: a value would be stored as another one.
    """
    values = []
    for name, column, affinity in zip(batch.schema.names, batch.columns, affinities, strict=True):
        if pa.types.is_floating(column.type):
            _refuse_nan(name, column, done)
        stored = _storable(column)
        may_be_number = pa.types.is_string(column.type) or pa.types.is_decimal(column.type)
        if may_be_number and affinity in _NUMERIC_AFFINITIES:
            _refuse_changes(name, stored, done, may_be_whole=affinity != "REAL")
        values.append(stored.to_pylist())
    return values


def _storable(column: pa.Array) -> pa.Array:
    """Numbers, text and bytes as they are, flags as 0 and 1, the rest as text."""
    if pa.types.is_boolean(column.type):
        return column.cast(pa.int64())
    return column if any(is_kind(column.type) for is_kind in _STORED_AS_THEY_ARE) else to_text(column)


def _refuse_nan(name: str, column: pa.Array, done: int) -> None:
    place = pc.index(pc.is_nan(column), True).as_py()
    if place >= 0:
        raise ConnectorError(
            f"row {done + place + 1}, column {name!r}: not a number (NaN), which SQLite can't hold",
            code="AF-SQL-VALUE",
            help="make it a null in the file",
        )


def _refuse_changes(name: str, text: pa.Array, done: int, *, may_be_whole: bool) -> None:
    """Refuse what SQLite would take for a number and keep as another one, or could not spell again."""
    is_exact = pc.and_(pc.match_substring_regex(text, _USUAL), pc.less_equal(_digits(text), EXACT_DIGITS))
    changes = pc.and_not(pc.match_substring_regex(text, _NUMERAL), is_exact)
    if may_be_whole:
        changes = pc.and_not(changes, _is_whole(text))
    place = pc.index(changes, True).as_py()
    if place >= 0:
        raise ConnectorError(
            f"row {done + place + 1}, column {name!r}: the value would change,"
            f" because the table keeps it as a number with {EXACT_DIGITS} sure digits",
            code="AF-SQL-VALUE",
            help="declare the column as text: DECIMAL_TEXT(digits,places) for decimals, else TEXT",
        )


def _digits(text: pa.Array) -> pa.Array:
    """How many digits matter in each numeral."""
    digits = pc.replace_substring_regex(text, pattern="[^0-9]", replacement="")
    return pc.utf8_length(pc.replace_substring_regex(digits, pattern="^0+|0+$", replacement=""))


def _is_whole(text: pa.Array) -> pa.Array:
    """Whether each is a whole number within 64 bits."""
    is_whole = pc.match_substring_regex(text, _WHOLE)
    numbers = pc.if_else(is_whole, text, None).to_pylist()
    return pa.array([number is not None and -(2**63) <= int(number) < 2**63 for number in numbers])
