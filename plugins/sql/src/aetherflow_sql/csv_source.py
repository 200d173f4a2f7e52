"""CSV files as Arrow streams of text, read block by block.

An empty field is a null, an empty field in quotes is an empty text.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as arrow_csv

from aetherflow.kernel.api import StepError

if TYPE_CHECKING:
    from pyarrow.csv import InvalidRow

#: No single row may be larger. Arrow reads up to 32 blocks ahead.
_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFile:
    """A file of separated values; `columns` is empty where the file has a header."""

    path: Path
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()
    null_values: tuple[str, ...] = ("",)

    def names(self) -> tuple[str, ...]:
        """The columns' names; none in an empty file.

        Raises:
            StepError: the header can't be read, or has a name twice.
        """
        names = self.columns or self._header()
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise StepError(
                f"{self.path.name}: two columns are called {twice!r}", code="AF-SQL-COLUMNS", help="rename one of them"
            )
        return names

    def stream(self) -> pa.RecordBatchReader:
        """All rows, each field as text or null.

        Raises:
            StepError: the file is no such table.
        """
        names = self.names()
        schema = pa.schema([(name, pa.string()) for name in names])
        return pa.RecordBatchReader.from_batches(schema, self._batches(names) if self._has_rows() else iter(()))

    def _header(self) -> tuple[str, ...]:
        try:
            with self.path.open(encoding=self._python_encoding, newline="", errors="replace") as file:
                return tuple(next(self._rows_of(file), ()))
        except csv.Error as error:
            raise self._unreadable("the header can't be read") from error

    def _has_rows(self) -> bool:
        with self.path.open(encoding=self._python_encoding, newline="", errors="replace") as file:
            if not self.columns:
                next(self._rows_of(file), None)
            return next(file, None) is not None

    def _rows_of(self, lines: Iterator[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote, strict=True)

    @property
    def _python_encoding(self) -> str:
        return "utf-8-sig" if self.encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else self.encoding

    def _batches(self, names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        odd_rows: list[InvalidRow] = []

        def remember(row: InvalidRow) -> str:
            odd_rows.append(row)
            return "error"

        try:
            yield from self._open(names, remember)
        except pa.ArrowInvalid as error:
            raise self._unreadable(_reason(odd_rows, str(error))) from error

    def _open(self, names: tuple[str, ...], on_odd_row: object) -> pa.RecordBatchReader:
        return arrow_csv.open_csv(
            self.path,
            read_options=arrow_csv.ReadOptions(
                use_threads=False,  # rows are counted then
                block_size=_BLOCK_BYTES,
                encoding=self.encoding,
                column_names=list(self.columns) or None,
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
        return "it holds bytes that are no text in its encoding"
    if "straddl" in said or "block" in said:
        return f"a row is larger than {_BLOCK_BYTES // 1024 // 1024} MiB, or a quote is never closed"
    return "it is no table of separated values"
