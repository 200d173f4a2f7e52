"""What the step that changes a database by SQL takes and gives."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from aetherflow.kernel.api import ArtifactPath, Database, ResourceUse, StepInputs, StepOutputs

from .conditions import all_of, excludes, given, missing, needs
from .sql_text import SqlText

_ONE_OF_BOTH = all_of(
    needs(
        missing("script"), "sql", "write `sql: …` with one statement, or `script: …` with a file of them", type="string"
    ),
    excludes(given("script"), "sql", "give `sql` or `script`, and not both"),
)


class DatabaseExecuteInputs(StepInputs):
    """Which statements run where."""

    model_config = ConfigDict(json_schema_extra=_ONE_OF_BOTH)

    resource: Annotated[str, ResourceUse(Database)] = Field(description="The database.")
    sql: SqlText | None = Field(default=None, description="One statement; values stand in it as :name.")
    script: ArtifactPath | None = Field(
        default=None, description="A file of statements, in UTF-8; values stand in them as :name."
    )
    params: dict[str, Any] = Field(default={}, description="The values of the parameters, by name.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.sql is None) == (self.script is None):
            raise ValueError("give sql or script, and not both")
        return self


class StatementCounts(StepOutputs):
    """What one statement did."""

    row_count: int = Field(description="Rows that it changed, -1 where the database does not say.")
    returned: int = Field(description="Rows that it gave, which are not kept.")


class DatabaseExecuteOutputs(StepOutputs):
    """What was done."""

    row_count: int = Field(
        description="Rows changed by all statements together, -1 where the database does not say of one."
    )
    statements: list[StatementCounts] = Field(description="What each statement did, in order.")
