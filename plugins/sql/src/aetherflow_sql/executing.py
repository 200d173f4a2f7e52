"""How statements reach the driver: read, run under a key that names their text, their results summed up."""

from __future__ import annotations

import hashlib
from pathlib import Path

from aetherflow.kernel.api import Database, StatementResult, StepContext, StepError

from .execute_inputs import DatabaseExecuteInputs, DatabaseExecuteOutputs, StatementCounts
from .system_errors import while_reading


def execute(context: StepContext, inputs: DatabaseExecuteInputs) -> DatabaseExecuteOutputs:
    """Run the statements.

    Raises:
        StepError: the script can't be read, or the database refuses a statement; nothing is changed then.
    """
    database = context.connectors.get(inputs.resource, Database)
    sql = inputs.sql if inputs.script is None else _read_script(inputs.script)
    results = database.execute(
        sql or "",
        inputs.params,
        is_script=inputs.script is not None,
        # With the content, so that another script under the same name is not taken for one that is done.
        idempotency_key=f"{context.idempotency_key} {hashlib.sha256((sql or '').encode()).hexdigest()}",
    )
    _tell_of_lost_rows(context, results)
    return _outputs(results)


def _read_script(path: Path) -> str:
    if not path.exists():
        raise StepError(f"there is no file {path.name!r}", code="AF-SQL-NO-SOURCE")
    try:
        with while_reading(path):
            return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StepError(
            f"{path.name} is no UTF-8 text", code="AF-SQL-SOURCE", help="save it with the encoding UTF-8"
        ) from error


def _tell_of_lost_rows(context: StepContext, results: tuple[StatementResult, ...]) -> None:
    for number, result in enumerate(results, start=1):
        if result.returned:
            context.log.warning(
                "a statement gave rows, which db_execute does not keep", statement=number, rows=result.returned
            )


def _outputs(results: tuple[StatementResult, ...]) -> DatabaseExecuteOutputs:
    counts = [result.row_count for result in results]
    return DatabaseExecuteOutputs(
        row_count=-1 if -1 in counts else sum(counts),
        statements=[StatementCounts(row_count=result.row_count, returned=result.returned) for result in results],
    )
