"""JSON lines that Arrow batches are written to: UTF-8, one object a line."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import pyarrow as pa

from .digests import DigestedFile
from .json_text import json_lines


class JsonLinesTable:
    """A file of JSON lines that is being written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done = 0
        self._file: DigestedFile

    def __enter__(self) -> Self:
        self._file = DigestedFile(self._path)
        return self

    def __exit__(self, *problem: object) -> None:
        self._file.close()

    def sha256(self) -> str:
        """The digest of the file's bytes."""
        return self._file.sha256()

    def write(self, batch: pa.RecordBatch) -> None:
        """Add some rows."""
        self._file.write(json_lines(batch, self._done))
        self._done += batch.num_rows
