"""Arrow batches as JSON lines: one object a row, put together column by column.

| type                                        | in JSON                                                   |
|---------------------------------------------|-----------------------------------------------------------|
| `bool`, a null of any type                  | `true`, `false`, `null`                                   |
| `int`                                       | a number, with all of its digits                          |
| `float`                                     | a number with a point or an exponent; never NaN, infinity |
| `string`                                    | a text                                                    |
| `decimal`, `bytes`, dates, times, moments   | the text that CSV files have: readers of numbers round    |
"""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

from aetherflow.kernel.api import StepError

from .text_values import to_text

#: What JSON text can't hold as it is, and what some readers take for the end of a line.
_NEEDS_ESCAPE = r'["\\\x00-\x1f\x7f\x{85}\x{2028}\x{2029}]'
_MORE_ESCAPES = {ord(mark): f"\\u{ord(mark):04x}" for mark in "\x7f\x85\u2028\u2029"}
_WHOLE = r"^-?[0-9]+$"


def json_lines(batch: pa.RecordBatch, done: int) -> memoryview:
    """The batch's rows in UTF-8, each with its end of line.

    Args:
        batch: columns of plain types and different names.
        done: rows before these, for messages.

    Raises:
        StepError: a number has no JSON form.
    """
    pieces: list[object] = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        pieces.append(f"{',' if pieces else '{'}{_quoted(name)}:")
        pieces.append(json_values(name, column, done))
    lines = pc.binary_join_element_wise(*pieces, "}\n", "")
    _, offsets, content = lines.buffers()
    return memoryview(content)[: memoryview(offsets).cast("i")[len(lines)]]


def json_values(name: str, column: pa.Array, done: int) -> pa.Array:
    """The JSON text of each value of a column.

    Raises:
        StepError: a number has no JSON form.
    """
    if pa.types.is_floating(column.type):
        _refuse_endless(name, column, done)
        written = _with_points(to_text(column))
    elif pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
        written = to_text(column)
    else:
        text = to_text(column)
        written = _escaped(text) if pa.types.is_string(column.type) else _in_quotes(text)
    return written.fill_null("null")


def _with_points(text: pa.Array) -> pa.Array:
    """Numbers that are seen to be no whole ones."""
    return pc.if_else(
        pc.match_substring_regex(text, _WHOLE).fill_null(False),  # noqa: FBT003 - Arrow's signature
        pc.binary_join_element_wise(text, ".0", ""),
        text,
    )


def _escaped(text: pa.Array) -> pa.Array:
    needy = pc.match_substring_regex(text, _NEEDS_ESCAPE).fill_null(False)  # noqa: FBT003 - Arrow's signature
    if not pc.any(needy).as_py():
        return _in_quotes(text)
    escaped = [_quoted(value)[1:-1] for value in text.filter(needy).to_pylist()]
    return _in_quotes(pc.replace_with_mask(text, needy, pa.array(escaped, pa.string())))


def _in_quotes(text: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise('"', text, '"', "")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).translate(_MORE_ESCAPES)


def _refuse_endless(name: str, column: pa.Array, done: int) -> None:
    place = pc.index(pc.is_finite(column), False).as_py()
    if place >= 0:
        raise StepError(
            f"row {done + place + 1}, column {name!r}: an infinite number, or none (NaN), has no JSON form",
            code="AF-SQL-VALUE",
            help="make it a null or a text in the query",
        )
