"""What the step that keeps the rows of a small query takes and gives."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from aetherflow.kernel.api import Database, ResourceUse, StepInputs, StepOutputs

from .sql_text import SqlText


class DatabaseFetchSmallInputs(StepInputs):
    """Which rows are kept."""

    resource: Annotated[str, ResourceUse(Database)] = Field(description="The database.")
    sql: SqlText = Field(description="One query; values stand in it as :name.")
    params: dict[str, Any] = Field(default={}, description="The values of the query's parameters, by name.")
    max_rows: int = Field(default=50_000, ge=0, description="With more rows the step fails, and keeps none.")
    fetch_size: int = Field(default=5000, ge=1, le=1_000_000, description="How many rows are fetched at once.")


class DatabaseFetchSmallOutputs(StepOutputs):
    """The rows, as values and as JSON text."""

    columns: list[str] = Field(description="The columns, in order.")
    rows: list[list[Any]] = Field(description="The rows, each a list of values in the order of the columns.")
    row_count: int = Field(description="How many rows there are.")
    columns_json: str = Field(description="The columns as JSON text.")
    rows_json: str = Field(description="The rows as JSON text.")
    dtypes: dict[str, str] = Field(description="The type of each column, as db_load takes it under types.")
    dtypes_json: str = Field(description="The same as JSON text.")
