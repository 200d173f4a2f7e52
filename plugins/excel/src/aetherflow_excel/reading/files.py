"""Files that a table is written to, batch by batch."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, Self

from .values import Value, text_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..read_inputs import TableFormat

Columns = Sequence[Sequence[Value]]

#: What some readers take for the end of a line.
_LINE_ENDS = {ord(mark): f"\\u{ord(mark):04x}" for mark in "\x7f\x85\u2028\u2029"}
#: Rows of a row group of Parquet.
_GROUP_ROWS = 128 * 1024


class TableFile(Protocol):
    """A file that is being written."""

    def write(self, columns: Columns) -> None:
        """Add some rows, column by column."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *problem: object) -> None: ...


def open_table(path: Path, table_format: TableFormat, types: dict[str, str]) -> TableFile:
    """A file of a format, for columns of these types."""
    if table_format == "parquet":
        return ParquetTable(path, types)
    if table_format == "jsonl":
        return JsonLinesTable(path, list(types))
    return SeparatedTable(path, list(types), "\t" if table_format == "tsv" else ",")


class _TextTable:
    """A file of lines, in UTF-8."""

    def __init__(self, path: Path, names: list[str]) -> None:
        self._path = path
        self._names = names
        self._file: IO[str]

    def __enter__(self) -> Self:
        self._file = self._path.open("w", encoding="utf-8", newline="")
        return self

    def __exit__(self, *problem: object) -> None:
        self._file.close()


class SeparatedTable(_TextTable):
    """Separated values: a null is an empty field."""

    def __init__(self, path: Path, names: list[str], delimiter: str) -> None:
        super().__init__(path, names)
        self._delimiter = delimiter

    def __enter__(self) -> Self:
        super().__enter__()
        if self._names:
            self._write_lines([self._names])
        return self

    def write(self, columns: Columns) -> None:
        """Add some rows, column by column."""
        texts = [[text_of(value) for value in column] for column in columns]
        self._write_lines(zip(*texts, strict=True))

    def _write_lines(self, rows: Iterable[Sequence[str]]) -> None:
        writer = csv.writer(self._file, delimiter=self._delimiter, lineterminator="\n")
        if len(self._names) > 1:
            writer.writerows(rows)
            return
        # Python puts an empty field in quotes where it is alone, and then it would be an empty text.
        for row in rows:
            if row[0]:
                writer.writerow(row)
            else:
                self._file.write("\n")


class JsonLinesTable(_TextTable):
    """JSON lines: an object a row; decimals, dates and times are texts."""

    def write(self, columns: Columns) -> None:
        """Add some rows, column by column."""
        plain = [[_plain(value) for value in column] for column in columns]
        for row in zip(*plain, strict=True):
            line = json.dumps(dict(zip(self._names, row, strict=True)), ensure_ascii=False, separators=(",", ":"))
            self._file.write(line.translate(_LINE_ENDS) + "\n")


def _plain(value: Value) -> Value:
    return text_of(value) if isinstance(value, Decimal | date | time | timedelta) else value


class ParquetTable:
    """Parquet, a row group at a time."""

    def __init__(self, path: Path, types: dict[str, str]) -> None:
        self._path = path
        self._types = types
        self._waiting: list[pa.RecordBatch] = []

    def __enter__(self) -> Self:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        self._schema = pa.schema([(name, _arrow_type(word)) for name, word in self._types.items()])
        self._writer = ParquetWriter(self._path, self._schema)
        return self

    def __exit__(self, *problem: object) -> None:
        if problem[0] is None:
            self._write_group()
        self._writer.close()

    def write(self, columns: Columns) -> None:
        """Add some rows, column by column."""
        import pyarrow as pa

        arrays = [pa.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._waiting.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        if sum(batch.num_rows for batch in self._waiting) >= _GROUP_ROWS:
            self._write_group()

    def _write_group(self) -> None:
        import pyarrow as pa

        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting))
        self._waiting.clear()


def _arrow_type(word: str) -> pa.DataType:
    import pyarrow as pa

    if word.startswith("decimal"):
        digits, _, places = word[word.index("(") + 1 : -1].partition(",")
        return pa.decimal128(int(digits), int(places or 0))
    return {
        "bool": pa.bool_(),
        "int": pa.int64(),
        "float": pa.float64(),
        "string": pa.string(),
        "date": pa.date32(),
        "time": pa.time64("us"),
        "datetime": pa.timestamp("us"),
    }[word]
