"""What the step that reads a workbook takes and gives."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from aetherflow.kernel.api import ArtifactPath, OutputPath, StepInputs, StepOutputs

from .conditions import JsonSchema, all_of, excludes, given, missing, when
from .type_words import ReadTypeWord

TableFormat = Literal["csv", "tsv", "parquet", "jsonl"]

_FORMATS: dict[str, TableFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_FORMAT_MEND = "add `format: csv`, tsv, parquet or jsonl: the output's suffix does not say which it is to be"
_ONE_AREA_MEND = "say once where the table is: by `range`, by `name` or by `table`"
_TABLE_MEND = "leave it out: a table knows its sheet and its header"
_COLUMNS_MEND = "leave `columns` out, or say `header: false`: the header has the names"
_Number = Annotated[int, Field(ge=1)]


def _other_suffix() -> JsonSchema:
    """Whether the output has a suffix that is none of a table's."""
    either_case = "|".join("".join(f"[{letter}{letter.upper()}]" for letter in name[1:]) for name in _FORMATS)
    is_table = {"pattern": rf"\.({either_case})$"}
    return {"required": ["output"], "properties": {"output": {"pattern": r"[^/]\.[A-Za-z0-9]+$", "not": is_table}}}


_CONDITIONS = all_of(
    excludes(given("range"), "name", _ONE_AREA_MEND),
    excludes(given("range"), "table", _ONE_AREA_MEND),
    excludes(given("name"), "table", _ONE_AREA_MEND),
    excludes(given("table"), "sheet", _TABLE_MEND),
    when(given("table"), {"properties": {"header": {"const": True}}}, _TABLE_MEND),
    when(
        {"not": {"required": ["header"], "properties": {"header": {"const": False}}}},
        {"properties": {"columns": {"const": []}}},
        _COLUMNS_MEND,
    ),
    when(
        all_of(missing("format"), _other_suffix()),
        {"required": ["format"], "properties": {"format": {"type": "string"}}},
        _FORMAT_MEND,
    ),
)


class ExcelReadInputs(StepInputs):
    """Which cells become which table, and how."""

    model_config = ConfigDict(json_schema_extra=_CONDITIONS)

    source: ArtifactPath = Field(description="The workbook: .xlsx, .xlsm, .xltx or .xltm.")
    output: OutputPath = Field(description="The file.")
    format: TableFormat | None = Field(default=None, description="What the file is; its suffix says so otherwise.")
    sheet: _Number | Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="The sheet, by its name, or by its number from 1; the first one."
    )
    range: str | None = Field(
        default=None, min_length=1, description="The cells: B4:F90; B4:F and B:F go down to the last row that is used."
    )
    name: str | None = Field(default=None, min_length=1, description="A defined name that stands for the cells.")
    table: str | None = Field(default=None, min_length=1, description="A table of the workbook, by its name.")
    header: bool | _Number = Field(
        default=True,
        description="Whether the first row has the columns' names; or the number of the row that has them, as the "
        "sheet counts. Without a header the columns are called by their letters.",
    )
    columns: list[Annotated[str, Field(min_length=1)]] = Field(
        default=[], description="The columns' names, where there is no header.", json_schema_extra={"uniqueItems": True}
    )
    duplicate_columns: Literal["refuse", "number"] = Field(
        default="refuse", description="What happens to a name that stands twice in the header: total, total_2."
    )
    types: dict[str, ReadTypeWord] = Field(
        default={},
        description="Types of columns: bool, int, float, decimal(digits,places), string, date, time, datetime. Other "
        "columns have the type that all of their values have, and string where they differ.",
    )
    skip_empty_rows: bool = Field(default=True, description="Whether rows without any value are left out.")
    errors: Literal["fail", "null", "text"] = Field(
        default="fail", description="What becomes of error cells such as #N/A: the step fails, nulls, their texts."
    )
    min_rows: int = Field(default=0, ge=0, description="With fewer rows the step is skipped, and nothing is written.")
    max_rows: int = Field(default=1_048_576, ge=1, le=1_048_576, description="With more rows the step fails.")

    @model_validator(mode="after")
    def _one_area(self) -> Self:
        areas = [word for word in ("range", "name", "table") if getattr(self, word) is not None]
        if len(areas) > 1:
            raise ValueError(f"{' and '.join(areas)} both say where the table is: give one of them")
        if self.table is not None and (self.sheet is not None or self.header is not True):
            raise ValueError("a table knows its sheet and its header: leave sheet and header out")
        return self

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        if self.columns and self.header is not False:
            raise ValueError("columns are named where there is no header: say header: false")
        return self

    @property
    def table_format(self) -> TableFormat | None:
        """What the file is to be, null where neither the flow nor the suffix says."""
        return self.format or _FORMATS.get(self.output.suffix.lower())


class ExcelReadOutputs(StepOutputs):
    """What was read."""

    output: str = Field(description="The file.")
    sheet: str = Field(description="The sheet that was read.")
    range: str | None = Field(description="Its cells that were read, with the header; null where it is empty.")
    columns: list[str] = Field(description="The columns, in order.")
    types: dict[str, str] = Field(description="The type of each column, as the input types takes it.")
    row_count: int = Field(description="Rows, without the header.")
    sha256: str | None = Field(
        default=None, description="The digest of the file's bytes, in hexadecimal digits; null where skipped."
    )
