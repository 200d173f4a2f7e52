"""The step that writes the rows of a query to a TSV or JSON lines file, without options."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from aetherflow.kernel.api import (
    Database,
    Effect,
    OutputPath,
    Rerun,
    ResourceUse,
    Step,
    StepContext,
    StepInputs,
    StepOutputs,
)

from .sql_text import SqlText
from .system_errors import while_writing


class DatabaseExtractInputs(StepInputs):
    """Which rows go into which file."""

    resource: Annotated[str, ResourceUse(Database)] = Field(description="The database.")
    sql: SqlText = Field(description="One query; values stand in it as :name.")
    params: dict[str, Any] = Field(default={}, description="The values of the query's parameters, by name.")
    output: OutputPath = Field(description="The file.")
    format: Literal["tsv", "jsonl"] = Field(default="tsv", description="What the file is, whatever its suffix.")


class DatabaseExtractOutputs(StepOutputs):
    """What was written."""

    output: str = Field(description="The file.")
    format: Literal["tsv", "jsonl"] = Field(description="What it is.")
    rows: int = Field(description="Its rows, without the header.")


class DatabaseExtract(Step[DatabaseExtractInputs, DatabaseExtractOutputs]):
    """Write the rows of a query to a TSV or JSON lines file.

    It is db_extract_stream with that step's usual style: rows are written as they come, a value with a tab or a
    line end stands in quotes, a null is told apart from an empty text, and the file appears whole.
    """

    name = "db_extract"
    effects = frozenset({Effect.DATABASE, Effect.WRITE_FILES})
    rerun = Rerun.SAFE

    def run(self, context: StepContext, inputs: DatabaseExtractInputs) -> DatabaseExtractOutputs:
        """Write the file."""
        from .extract_inputs import DatabaseExtractStreamInputs
        from .extracting import extract

        given = {**inputs.model_dump(), "output": str(inputs.output)}
        with while_writing(inputs.output):
            written = extract(context, DatabaseExtractStreamInputs(**given))
        return DatabaseExtractOutputs(output=written.artifact_path, format=inputs.format, rows=written.row_count)
