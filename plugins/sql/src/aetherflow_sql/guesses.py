"""The types of CSV columns that nobody declared: those that every value of the whole file has.

A guess never loses anything: what is not exactly the usual spelling of a type stays text. A number is guessed only
where the text of each, as `to_text` writes it, is the one in the file.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from .column_types import TIMESTAMP
from .text_values import Misfit, from_text, to_text

#: As many digits as databases hold exactly in a number.
_DECIMAL_DIGITS = 15
#: In order of preference: the type, and how its values are spelt (leading zeros and long numbers are rather text).
_CANDIDATES = (
    (pa.bool_(), r"^(true|false)$"),
    (pa.int64(), r"^(0|-?[1-9][0-9]{0,17})$"),
    (pa.float64(), r"^(0|-?(0|[1-9][0-9]*)\.[0-9]+|-?[1-9][0-9]*)(e[-+][0-9]+)?$"),
    *(
        (pa.decimal128(_DECIMAL_DIGITS, places), rf"^-?(0|[1-9][0-9]*)\.[0-9]{{{places}}}$")
        for places in range(1, _DECIMAL_DIGITS + 1)
    ),
    (pa.date32(), r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    (TIMESTAMP, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?$"),
)


def guess_types(rows: pa.RecordBatchReader, columns: set[str]) -> dict[str, pa.DataType]:
    """The type of each of some columns; reads all rows."""
    left = {name: list(_CANDIDATES) for name in columns}
    has_values = dict.fromkeys(columns, False)
    for batch in rows:
        for name, candidates in left.items():
            text = batch.column(name)
            has_values[name] |= text.null_count < len(text)
            candidates[:] = [candidate for candidate in candidates if _fits(text, *candidate)]
    return {name: left[name][0][0] if left[name] and has_values[name] else pa.string() for name in columns}


def _fits(text: pa.Array, wanted: pa.DataType, spelling: str) -> bool:
    if not pc.all(pc.match_substring_regex(text, spelling), min_count=0).as_py():
        return False
    try:
        values = from_text(text, wanted)
    except Misfit:
        return False
    return bool(pa.types.is_temporal(wanted)) or to_text(values).equals(text)
