"""The step that changes a database by SQL."""

from __future__ import annotations

from aetherflow.kernel.api import Effect, Rerun, Skip, Step, StepContext

from .execute_inputs import DatabaseExecuteInputs, DatabaseExecuteOutputs


class DatabaseExecute(Step[DatabaseExecuteInputs, DatabaseExecuteOutputs]):
    """Run one SQL statement, or a script of them, in one transaction: all or none.

    The database remembers the step's idempotency key, and the script's content, in that transaction, so that an
    attempt whose outcome is unknown is safely made again: what is done is not done twice. A script without a
    statement is a skip. Rows that a statement gives are counted and not kept.
    """

    name = "db_execute"
    effects = frozenset({Effect.DATABASE, Effect.READ_FILES})
    rerun = Rerun.KEYED

    def run(
        self, context: StepContext, inputs: DatabaseExecuteInputs
    ) -> DatabaseExecuteOutputs | Skip[DatabaseExecuteOutputs]:
        """Run the statements."""
        from .executing import execute

        outputs = execute(context, inputs)
        if inputs.script is not None and not outputs.statements:
            return Skip(f"{inputs.script.name} holds no statement", outputs)
        return outputs
