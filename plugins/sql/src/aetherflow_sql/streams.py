"""Arrow streams between steps and drivers."""

from __future__ import annotations

import pyarrow as pa

from aetherflow.kernel.api import RecordBatches


def reader_of(rows: RecordBatches) -> pa.RecordBatchReader:
    """The stream as pyarrow reads it; one that is pyarrow's already keeps the errors of whoever feeds it as they are."""
    return rows if isinstance(rows, pa.RecordBatchReader) else pa.RecordBatchReader.from_stream(rows)
