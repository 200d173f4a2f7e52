"""The step that loads a file into a table."""

from __future__ import annotations

from aetherflow.kernel.api import Effect, Rerun, Skip, Step, StepContext

from .load_inputs import DatabaseLoadInputs, DatabaseLoadOutputs
from .system_errors import while_reading


class DatabaseLoad(Step[DatabaseLoadInputs, DatabaseLoadOutputs]):
    """Load a CSV, TSV, Parquet or JSON lines file into a table, all of its rows or none.

    The database remembers the step's idempotency key and the file's content in the transaction that loads the
    rows (in its table `aetherflow_done`), so that an attempt whose outcome is unknown is safely made again: what
    is done is not done twice while the table is there, and the outputs are those of the first time.
    """

    name = "db_load"
    effects = frozenset({Effect.DATABASE, Effect.READ_FILES})
    rerun = Rerun.KEYED

    def run(self, context: StepContext, inputs: DatabaseLoadInputs) -> DatabaseLoadOutputs | Skip[DatabaseLoadOutputs]:
        """Load the file; an empty one, or one that brings nothing new to upsert, is a skip."""
        from .loading import load_file

        with while_reading(inputs.source):
            outputs = load_file(context, inputs)
        if outputs.row_count == 0 and inputs.mode != "replace":
            return Skip(f"{inputs.source.name} has no rows", outputs)
        if inputs.mode == "upsert" and outputs.unchanged == outputs.row_count:
            return Skip(f"nothing new: all {outputs.row_count} rows are in {inputs.table} already", outputs)
        return outputs
