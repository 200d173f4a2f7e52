"""Parquet files as Arrow batches, a page at a time: memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from aetherflow.kernel.api import StepError

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile as Reader

_BATCH_ROWS = 4096
#: As much of a column chunk is read at once; without a size, all of it is.
_BUFFER_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class ParquetFile:
    """A Parquet file; with `selected`, only these of its columns, in this order."""

    path: Path
    selected: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns.

        Raises:
            StepError: the file can't be read, has no such column, or has one twice.
        """
        return tuple(self.schema.names)

    @property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        with self._opened() as file:
            return self._selected(file.schema_arrow)

    def count_rows(self) -> int:
        """How many rows there are, as the file itself says."""
        with self._opened() as file:
            return int(file.metadata.num_rows)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows.

        Raises:
            StepError: the file can't be read.
        """
        with self._opened() as file:
            names = self._selected(file.schema_arrow).names
            for batch in file.iter_batches(_BATCH_ROWS, columns=names, use_threads=False):
                yield batch.select(names)

    def _selected(self, schema: pa.Schema) -> pa.Schema:
        for name in self.selected or schema.names:
            if (count := len(schema.get_all_field_indices(name))) != 1:
                raise StepError(
                    f"{self.path.name}: there is no column {name!r}"
                    if count == 0
                    else f"{self.path.name}: two columns are called {name!r}",
                    code="AF-EXCEL-COLUMNS",
                    help=f"it has: {', '.join(schema.names)}",
                )
        return pa.schema([schema.field(name) for name in self.selected]) if self.selected else schema

    @contextmanager
    def _opened(self) -> Iterator[Reader]:
        from pyarrow.parquet import ParquetFile as Reader

        try:
            with Reader(self.path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
                yield file
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise StepError(
                f"{self.path.name}: it can't be read as Parquet", code="AF-EXCEL-SOURCE", help="check source_format"
            ) from error
