"""Arrow batches as lines of separated values, put together column by column.

A null is an empty field, an empty text an empty field in quotes.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from aetherflow.kernel.api import StepError

from .text_style import is_utf8
from .text_values import to_text

Quoting = Literal["minimal", "all", "none", "nonnumeric"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvStyle:
    """How fields and lines are written."""

    delimiter: str = ","
    quote: str = '"'
    escape: str | None = None
    doubles_quotes: bool = True
    quoting: Quoting = "minimal"
    line_end: str = "\n"
    encoding: str = "utf-8"
    has_header: bool = True

    def header(self, names: list[str]) -> memoryview:
        """The first line, in UTF-8."""
        fields = [self._field(pa.array([name])) for name in names]
        return _content(self._joined(fields)) if self.has_header else memoryview(b"")

    def lines(self, batch: pa.RecordBatch) -> memoryview:
        """The batch's rows, in UTF-8.

        Raises:
            StepError: a value can't be written in this style.
        """
        return _content(self._joined([self._field(column) for column in batch.columns]))

    def _joined(self, fields: list[pa.Array]) -> pa.Array:
        ended = _join(fields[-1], self.line_end, "")
        return _join(*fields[:-1], ended, self.delimiter) if len(fields) > 1 else ended

    # Fields

    def _field(self, column: pa.Array) -> pa.Array:
        text = to_text(column)
        may_be_empty = pa.types.is_string(column.type) or pa.types.is_binary(column.type)
        if self.quoting == "none":
            return self._escaped(text)
        if self.quoting == "all" or (self.quoting == "nonnumeric" and not _is_number(column.type)):
            return self._quoted(text)
        if may_be_empty or not self._is_usual:
            return self._quoted_where_needed(text)
        return text

    @property
    def _is_usual(self) -> bool:
        """Whether numbers and dates can't hold a character with a meaning."""
        return not any(mark.isalnum() or mark in "+-.: " for mark in self._marks)

    @property
    def _marks(self) -> str:
        return self.delimiter + self.quote + (self.escape or "")

    def _quoted_where_needed(self, text: pa.Array) -> pa.Array:
        is_empty = pc.equal(pc.binary_length(text), 0)
        if not _holds_any(text, f"{self._marks}\r\n"):
            if not pc.any(is_empty).as_py():
                return text
            return pc.if_else(is_empty, self.quote * 2, text)
        needs_quotes = pc.or_(is_empty, pc.match_substring_regex(text, f"[{re.escape(self._marks)}\r\n]"))
        needs_quotes = needs_quotes.fill_null(False)  # noqa: FBT003 - Arrow's signature
        return pc.replace_with_mask(text, needs_quotes, self._quoted(text.filter(needs_quotes)))

    def _quoted(self, text: pa.Array) -> pa.Array:
        inner = text
        if self.escape:
            inner = pc.replace_substring(inner, self.escape, self.escape * 2)
        if self.doubles_quotes or self.escape:
            inner = pc.replace_substring(
                inner, self.quote, f"{self.quote if self.doubles_quotes else self.escape}{self.quote}"
            )
        elif _holds_any(inner, self.quote):
            raise _needs_escape()
        return pc.binary_join_element_wise(self.quote, inner, self.quote, "")

    def _escaped(self, text: pa.Array) -> pa.Array:
        if not _holds_any(text, f"{self._marks}\r\n"):
            return text
        if not self.escape:
            raise _needs_escape()
        pattern = f"([{re.escape(self._marks)}\r\n])"
        return pc.replace_substring_regex(text, pattern=pattern, replacement=f"{_literal(self.escape)}\\1")


class LineEncoder:
    """Lines in the encoding of one file, piece by piece: a byte order mark stands once, at its start."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._encoder = None if is_utf8(encoding) else codecs.getincrementalencoder(encoding)()

    def encoded(self, written: bytes | memoryview, *, is_last: bool = False) -> bytes | memoryview:
        """Some more UTF-8 in the file's encoding.

        Raises:
            StepError: it holds a character that the encoding does not have.
        """
        if self._encoder is None:
            return written
        try:
            return self._encoder.encode(str(written, "utf-8"), is_last)
        except UnicodeEncodeError as error:
            raise StepError(
                f"a value holds a character that {self._encoding} does not have",
                code="AF-SQL-ENCODING",
                help="encoding: utf-8",
            ) from error


def _join(*fields_and_separator: pa.Array | str) -> pa.Array:
    """Texts side by side; what is null is empty."""
    return pc.binary_join_element_wise(*fields_and_separator, null_handling="replace", null_replacement="")


def _content(text: pa.Array) -> memoryview:
    """All texts of an array, one after the other."""
    _, offsets, content = text.buffers()
    if content is None:
        return memoryview(b"")
    places = memoryview(offsets).cast("i")
    return memoryview(content)[places[text.offset] : places[text.offset + len(text)]]


def _needs_escape() -> StepError:
    return StepError(
        "a value can't be written without an escapechar",
        code="AF-SQL-STYLE",
        help="give escapechar, or quoting: minimal",
    )


def _literal(escape: str) -> str:
    return escape.replace("\\", "\\\\")


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _holds_any(text: pa.Array, marks: str) -> bool:
    """Whether any value holds any of the characters; by bytes, which is much faster than by values."""
    held = _content(text).tobytes()
    return any(mark.encode() in held for mark in marks)
