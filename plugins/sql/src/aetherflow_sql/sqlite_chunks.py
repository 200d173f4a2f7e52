"""What a cursor of SQLite gives, some hundred rows at a time."""

from __future__ import annotations

from collections import deque
from itertools import islice

import apsw

from .sqlite_columns import SqliteValue

#: Some rows, column by column.
Chunk = list[tuple[SqliteValue, ...]]

#: Few enough to stay in the processor's cache until they are Arrow's, and not to wake the garbage collector.
_MOST_ROWS = 500
_FIRST_ROWS = 16
_MOST_BYTES = 1024 * 1024
_MOST_BYTES_AHEAD = 8 * _MOST_BYTES


class TextNotUtf8(Exception):
    """The next row holds a text that Python can't read."""


class Chunks:
    """The rows of a query, a chunk at a time; how many rows a chunk has follows from how large they are."""

    def __init__(self, cursor: apsw.Cursor) -> None:
        self._cursor = cursor
        self._pace = _FIRST_ROWS
        self._ahead: deque[Chunk] = deque()
        self._is_broken = False

    def next(self, most_rows: int) -> Chunk:
        """Some more rows; none at the end.

        Raises:
            TextNotUtf8: all rows before were given already.
        """
        chunk = self._ahead.popleft() if self._ahead else self._fetch(most_rows)
        if self._is_broken and not chunk:
            raise TextNotUtf8
        return chunk

    def took(self, rows: int, size: int) -> None:
        """Say how many bytes some rows took, so that no more of the next ones are fetched at once than fit."""
        self._pace = max(1, min(_MOST_ROWS, self._pace * 2, rows * _MOST_BYTES // max(size, 1)))

    def look_ahead(self, most_rows: int) -> list[Chunk] | None:
        """All rows, which `next` will give again, if they are few; null if they are not."""
        rows = size = 0
        while rows < most_rows and size < _MOST_BYTES_AHEAD:
            chunk = self._fetch(most_rows - rows)
            if not chunk:
                return list(self._ahead)
            self._ahead.append(chunk)
            rows += len(chunk[0])
            size += (chunk_size := _size(chunk))
            self.took(len(chunk[0]), chunk_size)
        return None

    def _fetch(self, most_rows: int) -> Chunk:
        rows: list[tuple[SqliteValue, ...]] = []
        if not self._is_broken:
            try:
                rows.extend(islice(self._cursor, min(most_rows, self._pace)))
            except UnicodeDecodeError:
                self._is_broken = True
        return list(zip(*rows, strict=True))


def _size(chunk: Chunk) -> int:
    return sum(len(value) for values in chunk for value in values if isinstance(value, (str, bytes)))
