"""CSV files as Arrow batches of text, read block by block: memory does not grow with the file."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as arrow_csv

from aetherflow.kernel.api import StepError

if TYPE_CHECKING:
    from pyarrow.csv import InvalidRow

#: A row must fit into a block. Arrow reads 32 blocks ahead, so larger ones come in only where a row needs them.
_BLOCK_BYTES = (64 * 1024, 1024 * 1024, 16 * 1024 * 1024)
#: Blocks are small and what is computed with them has its costs: rows go on in batches of some more.
_BATCH_ROWS = 2048
_NO_TEXT = "it holds bytes that are no text in its encoding"


class _RowIsTooLarge(Exception):
    """A row is larger than a block."""


@dataclass(frozen=True, kw_only=True)
class CsvFile:
    """A file of separated values.

    Without a header, the columns are called `names`, or column_1, column_2 and so on. With `selected`, only these
    columns come, in this order.
    """

    path: Path
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    has_header: bool = True
    names: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()
    null_values: tuple[str, ...] = ("",)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns; an empty file has none.

        Raises:
            StepError: the header can't be read, names a column twice, or a selected one not at all.
        """
        names, _ = self._head
        for name in self.selected:
            if name not in names:
                raise StepError(
                    f"{self.path.name}: there is no column {name!r}",
                    code="AF-EXCEL-COLUMNS",
                    help=f"it has: {', '.join(names)}",
                )
        return self.selected or names

    @property
    def schema(self) -> pa.Schema:
        """Every column is text."""
        return pa.schema([(name, pa.string()) for name in self.columns])

    def count_rows(self) -> int:
        """How many rows there are below the header; reads the whole file.

        Raises:
            StepError: the file is no such table.
        """
        return sum(batch.num_rows for batch in self._batches(()))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows, each field as text or null.

        Raises:
            StepError: the file is no such table.
        """
        waiting: list[pa.RecordBatch] = []
        for batch in self._batches(self.columns):
            waiting.append(batch.select(self.columns))
            if sum(part.num_rows for part in waiting) >= _BATCH_ROWS:
                yield pa.concat_batches(waiting)
                waiting = []
        if waiting:
            yield pa.concat_batches(waiting)

    @cached_property
    def _head(self) -> tuple[tuple[str, ...], int]:
        """The names, and the number of lines that are no rows."""
        self._require_marks()
        first, lines = self._first_row()
        if self.has_header:
            names = first
        else:
            names, lines = self.names or tuple(f"column_{number}" for number in range(1, len(first) + 1)), 0
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise StepError(
                f"{self.path.name}: two columns are called {twice!r}",
                code="AF-EXCEL-COLUMNS",
                help="rename one of them",
            )
        return names, lines

    def _require_marks(self) -> None:
        are_plain = all(len(mark) == 1 and mark.isascii() and mark not in "\r\n\0" for mark in self._marks)
        if not are_plain or len(set(self._marks)) < len(self._marks):
            raise StepError(
                f"{self.path.name}: delimiter and quotechar must be two different ASCII characters",
                code="AF-EXCEL-SOURCE",
                help="write them like delimiter: ';' and quotechar: '|'",
            )

    @property
    def _marks(self) -> tuple[str, str]:
        return self.delimiter, self.quote

    def _first_row(self) -> tuple[tuple[str, ...], int]:
        """The fields of the first line that is not blank, and the number of lines up to their end."""
        blank = " \t\r\n".replace(self.delimiter, "")
        with self._lines() as lines:
            for number, line in enumerate(lines):
                if line.strip(blank):
                    rows = csv.reader(
                        chain((line,), lines), delimiter=self.delimiter, quotechar=self.quote, strict=True
                    )
                    return self._fields(rows), number + rows.line_num
        return (), 0

    def _fields(self, rows: Iterator[list[str]]) -> tuple[str, ...]:
        try:
            return tuple(next(rows))
        except csv.Error as error:
            raise self._unreadable("its first row can't be read") from error

    @contextmanager
    def _lines(self) -> Iterator[Iterator[str]]:
        """The lines with their ends, as Arrow counts them; without a byte order mark."""
        try:
            with self.path.open(encoding=self.encoding, newline="") as file:
                first = file.readline().removeprefix("\ufeff")
                yield chain((first,) if first else (), file)
        except UnicodeDecodeError as error:
            raise self._unreadable(_NO_TEXT) from error
        except LookupError as error:
            raise self._unreadable(f"there is no encoding {self.encoding!r}") from error
        except OSError as error:
            raise self._unreadable(f"it can't be read: {error.strerror}") from error

    def _has_rows(self) -> bool:
        with self._lines() as lines:
            return bool(self.columns) and next(islice(lines, self._head[1], None), None) is not None

    def _batches(self, wanted: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        """The rows with some of the columns; begins anew with larger blocks where a row needs them."""
        delivered = 0
        for block_bytes in _BLOCK_BYTES if self._has_rows() else ():
            seen = 0
            try:
                for batch in self._rows(wanted, block_bytes):
                    known = min(max(delivered - seen, 0), batch.num_rows)
                    seen += batch.num_rows
                    if known < batch.num_rows:
                        delivered = seen
                        yield batch.slice(known)
            except _RowIsTooLarge:
                continue
            return
        if delivered or self._has_rows():
            raise self._unreadable("a row is larger than 16 MiB, or a quote is never closed")

    def _rows(self, wanted: tuple[str, ...], block_bytes: int) -> Iterator[pa.RecordBatch]:
        odd_rows: list[InvalidRow] = []

        def remember(row: InvalidRow) -> str:
            odd_rows.append(row)
            return "error"

        last = None
        try:
            for batch in self._open(wanted, block_bytes, remember):
                last = batch if batch.num_rows else last
                yield batch
        except UnicodeDecodeError as error:
            raise self._unreadable(_NO_TEXT) from error
        except pa.ArrowInvalid as error:
            raise self._problem(odd_rows, str(error)) from error
        if last is not None:
            self._require_closed_quote(last.column(self._head[0][-1])[-1].as_py())

    def _require_closed_quote(self, last_field: str | None) -> None:
        """Refuse a last field over several lines whose quote the end of the file closes: Arrow takes it as it is."""
        if last_field is None or not set("\r\n") & set(last_field):
            return
        with self._lines() as lines:
            end = reduce(lambda before, line: line.rstrip("\r\n")[-1:] or before, lines, "")
        if end != self.quote:
            raise self._unreadable("a quote is never closed: the last row goes on to the end of the file")

    def _problem(self, odd_rows: list[InvalidRow], said: str) -> Exception:
        """What is wrong, without a value of the file."""
        if odd_rows:
            row = odd_rows[0]
            return self._unreadable(
                f"row {row.number} of the file has {row.actual_columns} fields instead of {row.expected_columns}"
            )
        if "UTF8" in said or "UTF-8" in said:
            return self._unreadable(_NO_TEXT)
        if "straddl" in said or "block" in said:
            return _RowIsTooLarge()
        return self._unreadable("it is no table of separated values")

    def _open(self, wanted: tuple[str, ...], block_bytes: int, on_odd_row: object) -> pa.RecordBatchReader:
        names, header_lines = self._head
        return arrow_csv.open_csv(
            self.path,
            read_options=arrow_csv.ReadOptions(
                use_threads=False,  # rows are counted then
                block_size=block_bytes,
                encoding="utf8" if codecs.lookup(self.encoding).name == "utf-8" else self.encoding,
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
                include_columns=[*wanted, *({names[-1]} - set(wanted))],  # the last one for the check of its quote
                null_values=list(self.null_values),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    def _unreadable(self, reason: str) -> StepError:
        return StepError(
            f"{self.path.name}: {reason}", code="AF-EXCEL-SOURCE", help="check delimiter, quotechar and encoding"
        )
