"""Arrow streams between steps and drivers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from aetherflow.kernel.api import RecordBatches, StepContext, StepError


def reader_of(rows: RecordBatches) -> pa.RecordBatchReader:
    """The stream as pyarrow reads it; one that is pyarrow's already keeps its feeder's errors as they are."""
    return rows if isinstance(rows, pa.RecordBatchReader) else pa.RecordBatchReader.from_stream(rows)


def stoppable(batches: Iterable[pa.RecordBatch], context: StepContext) -> Iterator[pa.RecordBatch]:
    """The batches, until the step must stop.

    Raises:
        StepError: it must.
    """
    for batch in batches:
        if context.cancelled.is_set():
            raise StepError("stopped", code="AF-SQL-STOPPED")
        yield batch
