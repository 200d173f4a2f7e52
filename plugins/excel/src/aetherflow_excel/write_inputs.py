"""What the step that writes a new workbook takes and gives."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from aetherflow.kernel.api import ArtifactPath, OutputPath, StepInputs, StepOutputs

from .conditions import all_of, excludes, given, missing, when
from .text_style import Mark, TextEncoding, marks_differ, refuse_same_marks
from .type_words import WrittenTypeWord

_SOURCE_MEND = "write `source:` with the file of a single sheet, or `sheets:` with a list of them"
_COLUMNS_MEND = "say it in the sheet that it is about"
_ONCE_MEND = "with `sheets`, each of them has its own"

_OF_COLUMNS = {"columns", "dtypes", "column_widths", "column_formats", "hyperlinks"}

SheetName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=31,
        json_schema_extra={
            "pattern": r"^[^\[\]:*?/\\'\x00-\x1f]([^\[\]:*?/\\\x00-\x1f]*[^\[\]:*?/\\'\x00-\x1f])?$",
            "x-aetherflow": {
                "mend": "1 to 31 characters, none of [ ] : * ? / \\, and no apostrophe at the ends",
            },
        },
    ),
]
TableName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        json_schema_extra={
            "pattern": r"^[A-Za-z_\\][A-Za-z0-9_.\\]*$",
            "x-aetherflow": {"mend": "a letter or an underscore, then letters, digits, dots and underscores"},
        },
    ),
]
FormatCode = Annotated[str, Field(min_length=1, max_length=255)]
FormattedKind = Literal["int", "float", "decimal", "date", "time", "datetime", "duration"]
Width = Annotated[float, Field(gt=0, le=255)]


class SheetOptions(StepInputs):
    """How the file of a sheet is read, and how the sheet looks."""

    source_format: Literal["csv", "tsv", "parquet"] | None = Field(
        default=None, description="What the file is; its suffix says so otherwise."
    )
    read_header: bool = Field(default=True, description="Whether the first line of a csv or tsv file is its header.")
    columns: list[str] = Field(
        default=[],
        description="The names of a csv or tsv file without a header; or which columns of a Parquet file.",
        json_schema_extra={"uniqueItems": True},
    )
    delimiter: Mark | None = Field(default=None, description="Between fields; a comma, in tsv a tab.")
    quotechar: Mark = Field(default='"', description="Around fields that hold a delimiter.")
    encoding: TextEncoding = Field(default="utf-8", description="Of a csv or tsv file.")
    null_values: list[str] = Field(default=[""], description="Unquoted fields of a csv or tsv file that are nulls.")
    type_cast: Literal["none", "basic", "schema"] | None = Field(
        default=None,
        description="basic gives columns of text the type that all of their values have; none keeps them as they are; "
        "schema goes by dtypes. By default schema where there are dtypes, else basic.",
    )
    dtypes: dict[str, WrittenTypeWord] = Field(
        default={}, description="Types of columns, as db_fetch_small gives them."
    )
    header: bool = Field(default=True, description="Whether the first row of the sheet has the columns' names.")
    header_bold: bool = Field(default=True, description="Whether the header is bold.")
    freeze_panes: bool = Field(default=True, description="Whether the header stays in sight.")
    autofilter: bool = Field(default=True, description="Whether the sheet can be filtered by its header.")
    table: TableName | None = Field(default=None, description="The name of a table that the rows are made.")
    table_style: str | None = Field(
        default="Table Style Medium 9",
        pattern=r"^Table Style (Light|Medium|Dark) [1-9][0-9]?$",
        description="How the table looks, as spreadsheet programs call it; null: plain.",
    )
    column_widths: dict[str, Width] = Field(
        default={}, description="Widths of columns, in characters; others are as wide as their first rows need."
    )
    number_formats: dict[FormattedKind, FormatCode] = Field(
        default={}, description="Number formats by the type of a column: {date: dd.mm.yyyy, float: '#,##0.00'}."
    )
    column_formats: dict[str, FormatCode] = Field(
        default={}, description="Number formats of columns; they come before those of types."
    )
    hyperlinks: list[str] = Field(
        default=[], description="Columns whose texts become hyperlinks, where they are http, https or mailto."
    )
    exact: Literal["text", "number"] = Field(
        default="text",
        description="Numbers that a spreadsheet can't hold, with more than 15 digits, are written as text, or rounded.",
    )
    not_finite: Literal["error", "empty"] = Field(
        default="error", description="What becomes of numbers that are infinite or none: an error, an empty cell."
    )
    far_dates: Literal["text", "error"] = Field(
        default="text", description="What becomes of dates before 1900 and after 9999: ISO text, an error."
    )

    @model_validator(mode="after")
    def _types_where_they_are_used(self) -> Self:
        if self.dtypes and self.type_cast in ("none", "basic"):
            raise ValueError(f"dtypes are for type_cast: schema, not {self.type_cast}")
        return self

    @property
    def type_cast_in_force(self) -> Literal["none", "basic", "schema"]:
        """How types are found."""
        return self.type_cast or ("schema" if self.dtypes else "basic")


class SheetInputs(SheetOptions):
    """One sheet of several."""

    name: SheetName = Field(description="The sheet.")
    source: ArtifactPath = Field(description="The file with its rows.")


class ExcelWriteInputs(SheetOptions):
    """Which files become the sheets of a new workbook, and how they look."""

    model_config = ConfigDict(
        json_schema_extra=all_of(
            when(
                missing("sheets"), {"required": ["source"], "properties": {"source": {"type": "string"}}}, _SOURCE_MEND
            ),
            excludes(given("sheets"), "source", _ONCE_MEND),
            excludes(given("sheets"), "sheet", _ONCE_MEND),
            excludes(given("sheets"), "table", _ONCE_MEND),
            *(
                when(given("sheets"), {"properties": {name: {"enum": [[], {}]}}}, _COLUMNS_MEND)
                for name in sorted(_OF_COLUMNS)
            ),
            marks_differ(missing("sheets")),
        )
    )

    output: OutputPath = Field(description="The workbook: .xlsx.")
    source: ArtifactPath | None = Field(default=None, description="The file with the rows of a single sheet.")
    sheet: SheetName | None = Field(default=None, description="The name of a single sheet; Sheet1.")
    sheets: list[SheetInputs] | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="The sheets, in their order. What is said beside them holds for all that don't say otherwise.",
    )
    created: str | None = Field(
        default=None,
        description="The date, as 2024-02-29, that the workbook says it was made at; 1980-01-01.",
        json_schema_extra={
            "pattern": r"^\d{4}-\d{2}-\d{2}$",
            "x-aetherflow": {"mend": "write a date as 2024-02-29, or `{{run.date}}`"},
        },
    )

    @model_validator(mode="after")
    def _sheets_once(self) -> Self:
        if (self.source is None) == (self.sheets is None):
            raise ValueError("give source, or sheets, and not both")
        if self.sheets is not None and (self.sheet is not None or self.table is not None):
            raise ValueError("with sheets, each of them has its own name and table")
        return self

    @model_validator(mode="after")
    def _each_sheet_in_itself(self) -> Self:
        if self.sheets is not None and (said := _OF_COLUMNS & self.model_fields_set):
            raise ValueError(f"{min(said)} is about the columns of one sheet: say it in that sheet")
        for sheet in self.all_sheets():
            refuse_same_marks(sheet.delimiter, sheet.quotechar)
            if sheet.dtypes and sheet.type_cast_in_force != "schema":
                raise ValueError(f"dtypes are for type_cast: schema, not {sheet.type_cast}")
        return self

    def all_sheets(self) -> list[SheetInputs]:
        """The sheets, each with what it says itself and what is said for all."""
        if self.sheets is None:
            return [_sheet_of(self, {"name": self.sheet or "Sheet1"})]
        return [_sheet_of(self, _said(sheet)) for sheet in self.sheets]


def _sheet_of(common: SheetOptions, own: dict[str, Any]) -> SheetInputs:
    """A sheet; everything has been validated before."""
    return SheetInputs.model_construct(**{**_said(common), **own})


def _said(options: SheetOptions) -> dict[str, Any]:
    """What a flow says, and not by default."""
    return {name: getattr(options, name) for name in options.model_fields_set if name in SheetInputs.model_fields}


class WrittenSheet(StepOutputs):
    """What became of one sheet."""

    name: str = Field(description="The sheet.")
    rows: int = Field(description="Its rows, without the header.")
    columns: int = Field(description="Its columns.")


class ExcelWriteOutputs(StepOutputs):
    """What was written."""

    output: str = Field(description="The workbook.")
    sheets: list[WrittenSheet] = Field(description="Its sheets, in order.")
    sha256: str = Field(description="The digest of its bytes, in hexadecimal digits.")
    size: int = Field(description="Its bytes.")
