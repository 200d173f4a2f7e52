"""What the step that writes the rows of a query to a file takes and gives."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from aetherflow.kernel.api import Database, OutputPath, ResourceUse, StepInputs, StepOutputs

from .conditions import all_of
from .sql_text import SqlText
from .text_style import DELIMITERS, MARKS_DIFFER, Mark, TextEncoding, refuse_same_marks
from .type_words import TypeWord

TableFormat = Literal["tsv", "csv", "parquet", "jsonl"]


class FileStyle(StepInputs):
    """How a csv or tsv file is written; null where the default applies."""

    include_header: bool | None = Field(
        default=None, description="Whether the first line has the columns' names; true."
    )
    encoding: TextEncoding | None = Field(default=None, description="The file's encoding; utf-8.")
    delimiter: Mark | None = Field(default=None, description="Between fields; a comma, in tsv a tab.")
    quotechar: Mark | None = Field(default=None, description='Around fields that need it; ".')
    escapechar: Mark | None = Field(default=None, description="In front of a quotechar that is not doubled; none.")
    doublequote: bool | None = Field(default=None, description="Whether a quotechar in a value is written twice; true.")
    quoting: Literal["minimal", "all", "none", "nonnumeric"] | None = Field(
        default=None, description="Which fields are quoted; minimal."
    )
    linefeed: str | None = Field(default=None, min_length=1, description="The end of a line; a line feed.")


class DatabaseExtractStreamInputs(FileStyle):
    """Which rows go into which file, and how."""

    model_config = ConfigDict(json_schema_extra=all_of(MARKS_DIFFER))

    resource: Annotated[str, ResourceUse(Database)] = Field(description="The database.")
    sql: SqlText = Field(description="One query; values stand in it as :name.")
    params: dict[str, Any] = Field(default={}, description="The values of the query's parameters, by name.")
    output: OutputPath = Field(description="The file.")
    format: TableFormat = Field(default="tsv", description="What the file is, whatever its suffix.")
    fetch_size: int = Field(
        default=20_000, ge=1, le=1_000_000, description="At most how many rows are worked on at once; fewer if large."
    )
    emit_dtypes: bool = Field(default=False, description="Whether the outputs say the columns' types.")
    dtypes: dict[str, TypeWord] | None = Field(
        default=None,
        description="Types that columns are turned into; the words are those of db_load's input types.",
    )
    dtypes_json: str | None = Field(
        default=None,
        description="The same as JSON text.",
        json_schema_extra={
            "pattern": r"^\s*\{[\s\S]*\}\s*$",
            "x-aetherflow": {"mend": """write a JSON object of columns and types: '{"id": "int"}'"""},
        },
    )
    file: FileStyle = Field(default=FileStyle(), description="The style of a csv or tsv file, in one place.")

    @model_validator(mode="after")
    def _marks_that_differ(self) -> Self:
        style = self.style()
        refuse_same_marks(
            delimiter=style["delimiter"], quotechar=style.get("quotechar", '"'), escapechar=style.get("escapechar")
        )
        return self

    def style(self) -> dict[str, Any]:
        """The style as given at the top, else under `file`, with the format's usual delimiter."""
        style: dict[str, Any] = {"delimiter": DELIMITERS.get(self.format, ",")}
        for given in (self.file, self):
            chosen = {name: getattr(given, name) for name in FileStyle.model_fields}
            style |= {name: value for name, value in chosen.items() if value is not None}
        return style


class DatabaseExtractStreamOutputs(StepOutputs):
    """What was written."""

    artifact_path: str = Field(description="The file.")
    format: TableFormat = Field(description="What it is.")
    columns: list[str] = Field(description="Its columns, in order.")
    row_count: int = Field(description="Its rows, without the header.")
    sha256: str = Field(description="The digest of its bytes, in hexadecimal digits.")
    dtypes: dict[str, str] | None = Field(
        default=None, description="The type of each column, as db_load takes it under types."
    )
    dtypes_json: str | None = Field(default=None, description="The same as JSON text.")
