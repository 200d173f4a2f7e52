"""The step that keeps the rows of a small query as its outputs."""

from __future__ import annotations

from aetherflow.kernel.api import Effect, Rerun, Step, StepContext

from .fetch_inputs import DatabaseFetchSmallInputs, DatabaseFetchSmallOutputs


class DatabaseFetchSmall(Step[DatabaseFetchSmallInputs, DatabaseFetchSmallOutputs]):
    """Keep the rows of a small query as outputs, for later steps.

    Flags, whole numbers, floats and texts are such values of JSON, exactly; decimals, bytes, dates, times and moments
    are the text that db_load reads. `dtypes` says which column is what.
    """

    name = "db_fetch_small"
    effects = frozenset({Effect.DATABASE})
    rerun = Rerun.SAFE

    def run(self, context: StepContext, inputs: DatabaseFetchSmallInputs) -> DatabaseFetchSmallOutputs:
        """Fetch the rows."""
        from .fetching import fetch

        return fetch(context, inputs)
