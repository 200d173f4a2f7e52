"""How SQLite's declared types and Arrow's meet.

SQLite has numbers, text and bytes; anything else is a declaration that we keep our word about.
A declaration that is not in the table decides nothing: the values do.
"""

from __future__ import annotations

import re

import pyarrow as pa

from .column_types import MOST_DIGITS, TIME, TIMESTAMP, UTC_TIMESTAMP

#: As many digits of a decimal as SQLite's numbers hold exactly; with more, it is kept as text.
#: The names say to SQLite which: what holds REAL is divided as a fraction, what holds TEXT is no number at all.
EXACT_DIGITS = 15

_BY_NAME = {
    "BOOL": pa.bool_(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIME": TIME,
    "TIME WITHOUT TIME ZONE": TIME,
    "DATETIME": TIMESTAMP,
    "TIMESTAMP": TIMESTAMP,
    "TIMESTAMP WITHOUT TIME ZONE": TIMESTAMP,
    "TIMESTAMPTZ": UTC_TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": UTC_TIMESTAMP,
    "DATETIME WITH TIME ZONE": UTC_TIMESTAMP,
}
#: SQLite's own rule, in its order: the first part that the name holds decides.
_BY_PART = (
    ("POINT", None),
    ("INT", pa.int64()),
    ("CHAR", pa.string()),
    ("CLOB", pa.string()),
    ("TEXT", pa.string()),
    ("BLOB", pa.binary()),
    ("BINARY", pa.binary()),
    ("REAL", pa.float64()),
    ("FLOA", pa.float64()),
    ("DOUB", pa.float64()),
)
_DECIMALS = frozenset({"DECIMAL", "NUMERIC", "DECIMAL_REAL", "DECIMAL_TEXT"})
_DECLARATION = re.compile(r"([^(]*)(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?([^()]*)")


def arrow_type(declared: str | None) -> pa.DataType | None:
    """The type that a declaration promises, null where it promises none."""
    match = _DECLARATION.fullmatch((declared or "").upper())
    if match is None:
        return None
    name = " ".join(f"{match[1]} {match[4]}".split())
    if name in _DECIMALS:
        return _decimal(match[2], match[3])
    return _BY_NAME.get(name) or next((found for part, found in _BY_PART if part in name), None)


def _decimal(digits: str | None, places: str | None) -> pa.DataType | None:
    if digits is None or not 1 <= int(digits) <= MOST_DIGITS or int(places or 0) > int(digits):
        return None
    return pa.decimal128(int(digits), int(places or 0))


def declaration(column_type: pa.DataType) -> str:
    """How a new column of one of the plain types is declared."""
    if not pa.types.is_decimal(column_type):
        return _DECLARATIONS[column_type]
    return f"{_decimal_name(column_type)}({column_type.precision},{column_type.scale})"


def _decimal_name(column_type: pa.Decimal128Type) -> str:
    if column_type.precision > EXACT_DIGITS:
        return "DECIMAL_TEXT"
    return "DECIMAL_REAL" if column_type.scale else "DECIMAL"


_DECLARATIONS = {
    pa.bool_(): "BOOLEAN",
    pa.int64(): "INTEGER",
    pa.float64(): "REAL",
    pa.string(): "TEXT",
    pa.binary(): "BLOB",
    pa.date32(): "DATE",
    TIME: "TIME",
    TIMESTAMP: "TIMESTAMP",
    UTC_TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
}


def quoted(name: str) -> str:
    """An identifier as it stands in a statement."""
    return '"' + name.replace('"', '""') + '"'
