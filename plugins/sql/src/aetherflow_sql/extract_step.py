"""The step that writes the rows of a query to a file."""

from __future__ import annotations

from aetherflow.kernel.api import Effect, Rerun, Step, StepContext

from .extract_inputs import DatabaseExtractStreamInputs, DatabaseExtractStreamOutputs
from .system_errors import while_writing


class DatabaseExtractStream(Step[DatabaseExtractStreamInputs, DatabaseExtractStreamOutputs]):
    """Write the rows of a query to a CSV, TSV, Parquet or JSON lines file, as they come.

    The types are the query's own. In CSV and TSV a null is an empty field, an empty text an empty field in
    quotes, bytes are hexadecimal digits. The file appears whole, under its name, when the step ends well.
    """

    name = "db_extract_stream"
    effects = frozenset({Effect.DATABASE, Effect.WRITE_FILES})
    rerun = Rerun.SAFE

    def run(self, context: StepContext, inputs: DatabaseExtractStreamInputs) -> DatabaseExtractStreamOutputs:
        """Write the file."""
        from .extracting import extract

        with while_writing(inputs.output):
            return extract(context, inputs)
