"""CSV files as Arrow streams of text, read block by block.

An empty field is a null, an empty field in quotes is an empty text.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as arrow_csv

from aetherflow.kernel.api import StepError

from .text_style import is_utf8

if TYPE_CHECKING:
    from pyarrow.csv import InvalidRow

#: No single row may be larger. Arrow reads up to 32 blocks ahead.
_BLOCK_BYTES = 1024 * 1024
_NO_TEXT = "it holds bytes that are no text in its encoding"


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFile:
    """A file of separated values; `columns` is empty where the file has a header."""

    path: Path
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()
    null_values: tuple[str, ...] = ("",)

    def stream(self) -> pa.RecordBatchReader:
        """All rows, each field as text or null; an empty file has no columns.

        Raises:
            StepError: the file is no such table.
        """
        names, header_lines = (self.columns, 0) if self.columns else self._header()
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise StepError(
                f"{self.path.name}: two columns are called {twice!r}", code="AF-SQL-COLUMNS", help="rename one of them"
            )
        schema = pa.schema([(name, pa.string()) for name in names])
        has_rows = self._has_rows(header_lines)
        return pa.RecordBatchReader.from_batches(schema, self._batches(names, header_lines) if has_rows else iter(()))

    def _header(self) -> tuple[tuple[str, ...], int]:
        """The names in the first line that is not blank, and the number of lines up to their end."""
        blank = " \t\r\n".replace(self.delimiter, "")
        with self._lines() as lines:
            for number, line in enumerate(lines):
                if line.strip(blank):
                    rows = csv.reader(
                        chain((line,), lines), delimiter=self.delimiter, quotechar=self.quote, strict=True
                    )
                    return self._first(rows), number + rows.line_num
        return (), 0

    def _first(self, rows: Iterator[list[str]]) -> tuple[str, ...]:
        try:
            return tuple(next(rows))
        except csv.Error as error:
            raise self._unreadable("the header can't be read") from error

    def _has_rows(self, header_lines: int) -> bool:
        with self._lines() as lines:
            return next(islice(lines, header_lines, None), None) is not None

    @contextmanager
    def _lines(self) -> Iterator[Iterator[str]]:
        """The lines with their ends, as Arrow counts them; without a byte order mark."""
        try:
            with self.path.open(encoding=self.encoding, newline="") as file:
                first = file.readline().removeprefix("\ufeff")
                yield chain((first,) if first else (), file)
        except UnicodeDecodeError as error:
            raise self._unreadable(_NO_TEXT) from error

    def _batches(self, names: tuple[str, ...], header_lines: int) -> Iterator[pa.RecordBatch]:
        odd_rows: list[InvalidRow] = []

        def remember(row: InvalidRow) -> str:
            odd_rows.append(row)
            return "error"

        last = None
        try:
            for batch in self._open(names, header_lines, remember):
                last = batch if batch.num_rows else last
                yield batch
            if last is not None:
                self._require_closed_quote(last.column(last.num_columns - 1)[-1].as_py())
        except UnicodeDecodeError as error:
            raise self._unreadable(_NO_TEXT) from error
        except pa.ArrowInvalid as error:
            raise self._unreadable(_reason(odd_rows, str(error))) from error

    def _require_closed_quote(self, last_field: str | None) -> None:
        """Refuse a last field over several lines whose quote the end of the file closes: Arrow takes it as it is."""
        if last_field is None or not set("\r\n") & set(last_field):
            return
        with self._lines() as lines:
            end = reduce(lambda before, line: line.rstrip("\r\n")[-1:] or before, lines, "")
        if end != self.quote:
            raise self._unreadable("a quote is never closed: the last row goes on to the end of the file")

    def _open(self, names: tuple[str, ...], header_lines: int, on_odd_row: object) -> pa.RecordBatchReader:
        return arrow_csv.open_csv(
            self.path,
            read_options=arrow_csv.ReadOptions(
                use_threads=False,  # rows are counted then
                block_size=_BLOCK_BYTES,
                encoding="utf8" if is_utf8(self.encoding) else self.encoding,
                skip_rows=header_lines,
                column_names=list(names),
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.delimiter,
                quote_char=self.quote,
                newlines_in_values=True,
                ignore_empty_lines=len(names) > 1,  # in a single column, an empty line is a null
                invalid_row_handler=on_odd_row,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=list(self.null_values),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    def _unreadable(self, reason: str) -> StepError:
        return StepError(
            f"{self.path.name}: {reason}", code="AF-SQL-SOURCE", help="check delimiter, quotechar and encoding"
        )


def _reason(odd_rows: list[InvalidRow], said: str) -> str:
    """What is wrong, without a value of the file."""
    if odd_rows:
        row = odd_rows[0]
        return f"row {row.number} of the file has {row.actual_columns} fields instead of {row.expected_columns}"
    if "UTF8" in said or "UTF-8" in said:
        return _NO_TEXT
    if "straddl" in said or "block" in said:
        return f"a row is larger than {_BLOCK_BYTES // 1024 // 1024} MiB, or a quote is never closed"
    return "it is no table of separated values"
