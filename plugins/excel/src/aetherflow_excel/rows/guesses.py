"""The types of text columns that nobody declared: those that every value of the whole column has.

A guess never loses anything: what is not exactly the usual spelling of a type stays text. 0 and 1 are numbers, and a
number with leading zeros, a plus sign or more digits than a worksheet holds is rather a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pyarrow as pa
import pyarrow.compute as pc

from .text_values import Misfit, convert, without_empty_texts

#: As many significant digits as a cell shows and keeps of a number.
_EXACT_DIGITS = 15
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"


def _is_exact(text: pa.Array) -> pa.Array:
    """Which numbers a cell holds exactly: those of 15 digits at most, and those that a program wrote from a double."""
    is_plain = pc.and_(
        pc.less_equal(pc.binary_length(text), _EXACT_DIGITS), pc.invert(pc.match_substring(text, pattern="e"))
    )
    if pc.all(is_plain, min_count=0).as_py():
        return is_plain
    is_no_whole_number = pc.match_substring_regex(text, pattern="[.e]")
    as_written = pc.equal(_digits(text.cast(pa.float64()).cast(pa.string())), _digits(text))
    return pc.or_(is_plain, pc.and_(is_no_whole_number, as_written))


def _digits(text: pa.Array) -> pa.Array:
    """The significant digits of numbers: programs differ in when they write an exponent."""
    return pc.ascii_trim(pc.replace_substring_regex(text, pattern=r"e.*$|[-.]", replacement=""), characters="0")


def _always(text: pa.Array) -> pa.Array:
    return pa.array([True])


#: In order of preference: the type, how its values are spelt, and what else must hold.
_CANDIDATES: tuple[tuple[pa.DataType, str, Callable[[pa.Array], pa.Array]], ...] = (
    (pa.int64(), r"^(0|-?[1-9][0-9]{0,14})$", _always),
    (pa.float64(), r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[-+][0-9]{1,3})?$", _is_exact),
    (pa.bool_(), r"^(true|false|True|False|TRUE|FALSE)$", _always),
    (pa.date32(), r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", _always),
    (pa.timestamp("us"), f"{_MOMENT}$", _always),
    (pa.timestamp("us", "UTC"), rf"{_MOMENT}(Z|[+-][0-9]{{2}}:?[0-9]{{2}})$", _always),
)


class Guesses:
    """What is still possible for each of some columns, as batches of texts go by; `row_count` counts them."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._left = {column: list(_CANDIDATES) for column in columns}
        self._has_values = dict.fromkeys(self._left, False)
        self.row_count = 0

    def look_at(self, batch: pa.RecordBatch) -> None:
        """Strike out what some more rows do not fit."""
        self.row_count += batch.num_rows
        for column, candidates in self._left.items():
            if candidates:
                text = without_empty_texts(batch.column(column).cast(pa.string()))
                self._has_values[column] |= text.null_count < len(text)
                candidates[:] = [candidate for candidate in candidates if _fits(text, *candidate)]

    def types(self) -> dict[str, pa.DataType]:
        """The type of each column; text where none is left or no value was there."""
        return {
            column: candidates[0][0] if candidates and self._has_values[column] else pa.string()
            for column, candidates in self._left.items()
        }


def _fits(text: pa.Array, wanted: pa.DataType, spelling: str, also: Callable[[pa.Array], pa.Array]) -> bool:
    if not pc.all(pc.match_substring_regex(text, spelling), min_count=0).as_py():
        return False
    if not pc.all(also(text), min_count=0).as_py():
        return False
    try:
        values = convert(text, wanted)
    except Misfit:
        return False
    return not pa.types.is_floating(wanted) or bool(pc.all(pc.is_finite(values), min_count=0).as_py())
