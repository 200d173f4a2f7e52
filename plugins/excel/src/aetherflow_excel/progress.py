"""Telling how many rows are written, and stopping when the run must."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aetherflow.kernel.api import StepContext, StepError

if TYPE_CHECKING:
    import pyarrow as pa

    from .rows.sources import Table


class WatchedTable:
    """A table whose rows are told of as they are taken."""

    def __init__(self, table: Table, progress: Progress) -> None:
        self._table = table
        self._progress = progress

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self._table.columns

    @property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        return self._table.schema

    def count_rows(self) -> int:
        """How many rows there are."""
        return self._table.count_rows()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows.

        Raises:
            StepError: the run must stop.
        """
        for batch in self._table.batches():
            self._progress.add(batch.num_rows)
            yield batch


class Progress:
    """How many rows of a workbook are written; the total is known when all are counted."""

    def __init__(self, context: StepContext, total: int | None = None) -> None:
        self._context = context
        self._done = 0
        self.total = total

    def add(self, rows: int) -> None:
        """Some more rows are on their way.

        Raises:
            StepError: the run must stop.
        """
        if self._context.cancelled.is_set():
            raise stopped()
        self._done += rows
        self._context.progress(self._done, self.total)


def stopped() -> StepError:
    """The error of a step that must stop."""
    return StepError("stopped", code="AF-EXCEL-STOPPED", help="go on with the run")
