"""What the step that loads a file into a table takes and gives."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from aetherflow.kernel.api import ArtifactPath, Database, LoadMode, ResourceUse, StepInputs, StepOutputs

from .conditions import JsonSchema, all_of, holds, is_one_of, missing, needs
from .text_style import DELIMITERS, MARKS_DIFFER, NO_QUOTE_AS_DELIMITER, Mark, TextEncoding, refuse_same_marks
from .type_words import TemporalWord, TypeWord

SourceFormat = Literal["csv", "tsv", "parquet", "jsonl"]

_FORMATS: dict[str, SourceFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_KEY_MEND = "upsert needs a key: name the columns that say which row is which, as `key: [id]`"
_COLUMNS_MEND = "leave `columns` out: only a csv or tsv file without a header needs it"
_FORMAT_MEND = "add `format: csv`, tsv, parquet or jsonl: the file's suffix does not say which it is"

#: Suffixes of other files; one that is in no list may be the name of a link to a file that says more.
_OTHER_FILES = (".txt", ".dat", ".log", ".json", ".xml", ".xls", ".xlsx", ".gz", ".zip")


def _has_suffix(*suffixes: str) -> JsonSchema:
    """Whether the source is a file with one of these suffixes, in letters of either case."""
    either_case = "|".join("".join(f"[{letter}{letter.upper()}]" for letter in name[1:]) for name in suffixes)
    return {"required": ["source"], "properties": {"source": {"pattern": rf"[^/]\.({either_case})/*$"}}}


_CONDITIONS = all_of(
    needs(is_one_of("mode", "upsert"), "key", _KEY_MEND, minItems=1),
    holds(is_one_of("format", "parquet", "jsonl"), "columns", _COLUMNS_MEND, const=[]),
    holds(
        all_of(missing("format"), _has_suffix(*(name for name, found in _FORMATS.items() if found not in DELIMITERS))),
        "columns",
        _COLUMNS_MEND,
        const=[],
    ),
    MARKS_DIFFER,
    NO_QUOTE_AS_DELIMITER,
    needs(_has_suffix(*_OTHER_FILES), "format", _FORMAT_MEND, type="string"),
)


class WrittenType(StepInputs):
    """A column's type, and how its values are written."""

    type: TemporalWord = Field(description="As under types.")
    format: str = Field(
        min_length=1, description="How dates or times are written, as Python's strptime has it: %Y/%m/%d."
    )


class DatabaseLoadInputs(StepInputs):
    """Which file goes into which table, and how."""

    model_config = ConfigDict(json_schema_extra=_CONDITIONS)

    resource: Annotated[str, ResourceUse(Database)] = Field(description="The database.")
    source: ArtifactPath = Field(description="The file.")
    table: str = Field(min_length=1, description="The table.")
    format: SourceFormat | None = Field(default=None, description="What the file is; its suffix says so otherwise.")
    mode: LoadMode = Field(
        default="create",
        description="create the table; append rows; replace all rows; upsert: update by key what differs, insert what "
        "is new. All but create make the table where it is missing.",
    )
    key: list[str] = Field(
        default=[],
        description="The columns that say which row is which: never null in the file, and never the same twice. upsert "
        "goes by them; a table that is made has them as its primary key.",
    )
    types: dict[str, TypeWord | WrittenType] = Field(
        default={},
        description="Types of columns: bool, int, float, decimal(digits,places), string, bytes, date, time, datetime, "
        "datetime_tz, or {type: date, format: '%Y/%m/%d'}. Other columns have the table's types, in a new table "
        "the file's.",
    )
    columns: list[str] = Field(
        default=[],
        description="The columns' names, for a csv or tsv file without a header.",
        json_schema_extra={"uniqueItems": True},
    )
    null_values: list[str] = Field(default=[""], description="Unquoted fields of a csv or tsv file that are nulls.")
    delimiter: Mark | None = Field(default=None, description="Between fields; a comma, in tsv a tab.")
    quotechar: Mark = Field(default='"', description="Around fields that hold a delimiter.")
    encoding: TextEncoding = Field(default="utf-8", description="Of a csv or tsv file.")

    @model_validator(mode="after")
    def _key_where_needed(self) -> Self:
        if (self.mode == "upsert") and not self.key:
            raise ValueError("upsert needs a key: the columns that say which row is which")
        return self

    @model_validator(mode="after")
    def _marks_that_differ(self) -> Self:
        refuse_same_marks(delimiter=self.field_delimiter, quotechar=self.quotechar)
        return self

    @model_validator(mode="after")
    def _columns_where_they_are_used(self) -> Self:
        if self.columns and self.source_format not in {*DELIMITERS, None}:
            raise ValueError(f"columns are given to a csv or tsv file: a {self.source_format} file has them itself")
        return self

    @property
    def source_format(self) -> SourceFormat | None:
        """What the file is, null where neither the flow nor the suffix says."""
        return self.format or _FORMATS.get(self.source.suffix.lower())

    @property
    def field_delimiter(self) -> str:
        """The delimiter that is given, else the format's."""
        return self.delimiter or DELIMITERS.get(self.source_format or "", ",")


class DatabaseLoadOutputs(StepOutputs):
    """What was loaded."""

    table: str = Field(description="The table.")
    row_count: int = Field(description="Rows of the file.")
    inserted: int = Field(description="Rows that are new in the table.")
    updated: int = Field(description="Rows that were there and differed.")
    unchanged: int = Field(description="Rows that were there already.")
    columns: list[str] = Field(description="The file's columns, in order.")
    types: dict[str, str] = Field(description="The type of each column, as the input types takes it.")
