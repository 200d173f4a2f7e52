"""Files that Arrow batches are written to."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Protocol, Self

import pyarrow as pa

from .csv_text import CsvStyle, LineEncoder
from .digests import DigestedFile, sha256_of

#: A row group of a Parquet file, in bytes of memory: large enough to be read well, small enough for any machine.
_ROW_GROUP_BYTES = 16 * 1024 * 1024


class TableFile(Protocol):
    """A file that is being written."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Add some rows."""

    def sha256(self) -> str:
        """The digest of the file's bytes, in hexadecimal digits, when it is written."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *problem: object) -> None: ...


class CsvTable:
    """Separated values."""

    def __init__(self, path: Path, schema: pa.Schema, style: CsvStyle) -> None:
        self._path = path
        self._schema = schema
        self._style = style
        self._encoder = LineEncoder(style.encoding)
        self._file: DigestedFile

    def __enter__(self) -> Self:
        header = self._encoder.encoded(self._style.header(self._schema.names))
        self._file = DigestedFile(self._path)
        self._file.write(header)
        return self

    def __exit__(self, *problem: object) -> None:
        with closing(self._file):
            if problem[0] is None:
                self._file.write(self._encoder.encoded(b"", is_last=True))

    def sha256(self) -> str:
        """The digest of the file's bytes."""
        return self._file.sha256()

    def write(self, batch: pa.RecordBatch) -> None:
        """Add some rows."""
        self._file.write(self._encoder.encoded(self._style.lines(batch)))


class ParquetTable:
    """Parquet, a row group at a time."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._bytes = 0

    def __enter__(self) -> Self:
        from pyarrow.parquet import ParquetWriter

        self._writer = ParquetWriter(self._path, self._schema)
        return self

    def __exit__(self, *problem: object) -> None:
        if problem[0] is None:
            self._write_group()
        self._writer.close()

    def sha256(self) -> str:
        """The digest of the file's bytes."""
        return sha256_of(self._path)

    def write(self, batch: pa.RecordBatch) -> None:
        """Add some rows."""
        self._waiting.append(batch)
        self._bytes += batch.nbytes
        if self._bytes >= _ROW_GROUP_BYTES:
            self._write_group()

    def _write_group(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting), row_group_size=2**31)
        self._waiting.clear()
        self._bytes = 0
