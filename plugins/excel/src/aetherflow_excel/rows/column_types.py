"""The types that a column may be declared to have, as flows write them and as Arrow has them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pyarrow as pa

from aetherflow.kernel.api import StepError

_BY_WORD = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "string": pa.string(),
    "bytes": pa.binary(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "datetime": pa.timestamp("us"),
    "datetime_tz": pa.timestamp("us", "UTC"),
}
#: As many digits as a decimal may have.
_MOST_DIGITS = 38
_DECIMAL = re.compile(r"decimal\(\s*(\d{1,9})\s*(?:,\s*(\d{1,9})\s*)?\)")


def type_from_word(word: str, column: str) -> pa.DataType:
    """The Arrow type that a flow's word names.

    Raises:
        StepError: there is no such type.
    """
    if (found := _BY_WORD.get(word)) is not None:
        return found
    if (decimal := _DECIMAL.fullmatch(word)) is not None:
        digits, places = int(decimal[1]), int(decimal[2] or 0)
        if 1 <= digits <= _MOST_DIGITS and places <= digits:
            return pa.decimal128(digits, places)
    raise StepError(
        f"column {column!r} can't have the type {word!r}",
        code="AF-EXCEL-TYPE",
        help=f"there is: {', '.join(_BY_WORD)}, decimal(digits,places) with at most {_MOST_DIGITS} digits",
    )


def word_from_type(arrow_type: pa.DataType) -> str:
    """The word for a type, or the type's own name where there is none."""
    if pa.types.is_decimal(arrow_type):
        return f"decimal({arrow_type.precision},{arrow_type.scale})"
    return next((word for word, known in _BY_WORD.items() if known == arrow_type), str(arrow_type))


def read_types(dtypes: Mapping[str, str] | str) -> dict[str, pa.DataType]:
    """The types that a flow declares, given as a mapping or as its JSON text.

    Raises:
        StepError: it is no such mapping, or there is no such type.
    """
    if isinstance(dtypes, str):
        dtypes = _mapping_from_json(dtypes)
    return {column: type_from_word(word, column) for column, word in dtypes.items()}


def _mapping_from_json(text: str) -> dict[str, str]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict) or not all(isinstance(word, str) for word in read.values()):
        raise StepError(
            "dtypes_json is no JSON object of columns and types",
            code="AF-EXCEL-TYPE",
            help="""write it like '{"id": "int", "day": "date"}'""",
        )
    return read
