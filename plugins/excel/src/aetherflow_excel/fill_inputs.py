"""What the steps that fill templates take and give."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from aetherflow.kernel.api import ArtifactPath, OutputPath, StepInputs, StepOutputs

from .conditions import all_of, excludes, given, is_value, missing, when
from .text_style import Mark, TextEncoding, marks_differ, refuse_same_marks
from .type_words import WrittenTypeWord

_ONE_PLACE = excludes(given("cell"), "anchor", "give `anchor` or `cell`, and not both")
_PLACE = all_of(
    when(
        missing("cell"),
        {"required": ["anchor"], "properties": {"anchor": {"type": "string"}}},
        "write `anchor:` with a defined name, a cell or a text of the template, or `cell: B4`",
    ),
    _ONE_PLACE,
)
_HAS_NO_SCHEMA = is_value("type_cast", "none", "basic")
_DTYPES = all_of(
    when(_HAS_NO_SCHEMA, {"properties": {"dtypes": {"const": {}}}}, "write `type_cast: schema`, or leave dtypes out"),
    excludes(_HAS_NO_SCHEMA, "dtypes_json", "write `type_cast: schema`, or leave it out"),
)

Positive = Annotated[int, Field(ge=1)]
Insert = Literal["replace", "below"]
HeaderMode = Literal["template", "override", "append"]
HeaderStyle = Literal["template", "style_row"]
TypeCast = Literal["none", "basic", "schema"]
StyleMode = Literal["none", "copy_row"]


class Target(StepInputs):
    """Where rows go in a template, and how."""

    name: str = Field(default="target", min_length=1, description="What to call it in outputs and messages.")
    sheet: str | None = Field(default=None, min_length=1, description="The sheet; a name or Sheet!A1 says it too.")
    anchor: str | None = Field(
        default=None,
        min_length=1,
        description="Where the region is: a defined name, else a cell such as B4 or Sheet!B4, else the text of a cell "
        "among the first 10,000 of the sheet.",
    )
    cell: str | None = Field(default=None, min_length=1, description="The same by a cell alone: B4 or Sheet!B4.")
    insert: Insert | None = Field(
        default=None,
        description="replace writes over what is there; below puts new rows in front of what is there, which moves "
        "down. By default replace; below for the region of a file.",
    )
    header_mode: HeaderMode | None = Field(
        default=None,
        description="template leaves the header as it is; override writes the columns' names over it; append writes "
        "them where the region begins. By default template; append for a data sheet.",
    )
    header_style: HeaderStyle = Field(
        default="template", description="How a written header looks: as the cells there, or as the style row."
    )
    header_clear: bool = Field(
        default=True, description="With override, whether names of the old header beyond the new one are cleared."
    )
    header_clear_width: Positive | None = Field(
        default=None, description="How many columns of the old header; by default up to its first empty cell."
    )
    anchor_is_marker: bool | None = Field(
        default=None,
        description="Whether the anchor stands in a row of its own above the region: so for a text, not for a name or "
        "a cell, unless this says otherwise.",
    )
    template_has_header: bool | None = Field(
        default=None, description="Whether the region begins with a header; by default if the anchor is a marker."
    )
    anchor_clear: bool = Field(default=False, description="Whether the anchor's cell is cleared.")
    anchor_clear_mode: Literal["cell", "row"] = Field(default="cell", description="What of it is cleared.")
    anchor_clear_width: Positive = Field(default=1, description="How many cells, from the anchor's on.")
    type_cast: TypeCast | None = Field(
        default=None,
        description="none keeps types as they come; basic gives columns of text the type that all of their values "
        "have; schema goes by dtypes. By default schema where there are dtypes, else none.",
    )
    dtypes: dict[str, WrittenTypeWord] = Field(
        default={}, description="Types of columns, as db_fetch_small gives them."
    )
    dtypes_json: str | None = Field(default=None, description="The same as JSON text.")
    style_mode: StyleMode = Field(
        default="none", description="copy_row gives all rows the formats and the height of the style row."
    )
    style_row_offset: int = Field(default=2, ge=0, description="How many rows the style row is below the anchor's row.")
    style_apply: Literal["data", "header", "both"] = Field(default="data", description="What gets its formats.")
    clear_style_row: bool = Field(
        default=False, description="Whether the style row itself is cleared where no data is written over it."
    )
    max_rows: Positive | None = Field(default=None, description="More rows are refused.")
    max_total_rows: Positive | None = Field(
        default=None, description="More rows of this target and those before it together are refused."
    )
    max_cols: Positive | None = Field(default=None, description="More columns are refused.")
    exact: Literal["text", "number"] = Field(
        default="text",
        description="Numbers that a spreadsheet can't hold, with more than 15 digits, are written as text, or rounded.",
    )
    hyperlinks: list[str] = Field(
        default=[], description="Columns whose texts become links where they are http, https, ftp or mailto addresses."
    )
    row_count: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="How many rows there are; another number is refused."
    )

    @model_validator(mode="after")
    def _types_where_they_are_used(self) -> Self:
        if self.type_cast in ("none", "basic") and (self.dtypes or self.dtypes_json is not None):
            raise ValueError(f"dtypes are for type_cast: schema, not {self.type_cast}")
        return self

    @property
    def has_dtypes(self) -> bool:
        """Whether types are declared."""
        return bool(self.dtypes) or self.dtypes_json is not None

    @property
    def type_cast_in_force(self) -> TypeCast:
        """How types are found."""
        return self.type_cast or ("schema" if self.has_dtypes else "none")

    @property
    def insert_in_force(self) -> Insert:
        """Whether rows are written over what is there, or put in front of it."""
        return self.insert or "replace"

    @property
    def header_mode_in_force(self) -> HeaderMode:
        """What becomes of the header."""
        return self.header_mode or "template"


class SmallTarget(Target):
    """Where rows that stand in the flow go."""

    model_config = ConfigDict(json_schema_extra=all_of(_PLACE, _DTYPES))

    rows_json: str | list[Any] = Field(
        description="The rows, each a list of values or a mapping of columns to values; as a list or as JSON text."
    )
    columns_json: str | list[str] | None = Field(
        default=None, description="The columns, as a list or as JSON text; by default those of the first mapping."
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.anchor is None) == (self.cell is None):
            raise ValueError("give anchor or cell, and not both")
        return self


_FILE_PLACE = {
    "if": is_value("mode", "report_region"),
    "then": _PLACE,
    "else": _ONE_PLACE,
}


class FileTarget(Target):
    """Where the rows of a file go."""

    model_config = ConfigDict(json_schema_extra=all_of(_FILE_PLACE, _DTYPES, marks_differ({})))

    source_path: ArtifactPath = Field(description="The file.")
    source_format: Literal["csv", "tsv", "parquet"] | None = Field(
        default=None, description="What the file is; its suffix says so otherwise."
    )
    mode: Literal["data_sheet", "report_region"] = Field(
        default="data_sheet",
        description="data_sheet fills a sheet of its own, which is made where it is missing; report_region fills a "
        "region of a sheet, with insert: below unless that is given.",
    )
    data_sheet_prefix: str = Field(
        default="DATA_", description="In front of the target's name, where a data sheet has no name of its own."
    )
    read_header: bool = Field(default=True, description="Whether the first line of a csv or tsv file is its header.")
    include_header: bool | None = Field(
        default=None, description="An older way to say it: true is header_mode append, false is template."
    )
    columns: list[str] = Field(default=[], description="Which columns, in which order; by default all of the file.")
    columns_json: str | list[str] | None = Field(default=None, description="The same, as a list or as JSON text.")
    delimiter: Mark | None = Field(default=None, description="Between fields; a comma, in tsv a tab.")
    quotechar: Mark = Field(default='"', description="Around fields that hold a delimiter.")
    encoding: TextEncoding = Field(default="utf-8", description="Of a csv or tsv file.")
    null_values: list[str] = Field(default=[""], description="Unquoted fields of a csv or tsv file that are nulls.")
    count_mode: Literal["fast", "csv_parse"] = Field(
        default="fast",
        description="How rows are counted beforehand; both ways give the same number, and csv_parse checks the whole "
        "file before anything is written.",
    )
    rows_threshold: Positive | None = Field(
        default=None, description="For a region, another threshold than that of the step."
    )
    fail_on_threshold: bool = Field(
        default=True, description="Whether a region with more rows is refused, or filled with a warning."
    )
    freeze_panes: bool = Field(default=True, description="Whether the header of a new data sheet stays in sight.")
    autofilter: bool = Field(default=True, description="Whether a new data sheet can be filtered by its header.")
    header_bold: bool = Field(default=True, description="Whether the header of a new data sheet is bold.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.anchor is not None and self.cell is not None:
            raise ValueError("give anchor or cell, and not both")
        if self.mode == "report_region" and self.anchor is None and self.cell is None:
            raise ValueError("give anchor or cell: where the region is")
        return self

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        refuse_same_marks(self.delimiter, self.quotechar)
        return self

    @property
    def insert_in_force(self) -> Insert:
        """Whether rows are written over what is there, or put in front of it."""
        return self.insert or ("replace" if self.mode == "data_sheet" else "below")

    @property
    def header_mode_in_force(self) -> HeaderMode:
        """What becomes of the header; what `include_header` says counts where `header_mode` says nothing."""
        has_header = self.mode == "data_sheet" if self.include_header is None else self.include_header
        return self.header_mode or ("append" if has_header else "template")


class _FillInputs(StepInputs):
    """Which template becomes which workbook."""

    template_path: ArtifactPath = Field(
        description="The template: .xlsx, .xlsm, .xltx or .xltm.", examples=["template.xlsx"]
    )
    output: OutputPath = Field(
        description="The workbook to write; where no rows are inserted it may be the template itself.",
        examples=["report.xlsx"],
    )


class FillSmallInputs(_FillInputs):
    """Which template is filled with which rows."""

    targets: list[SmallTarget] = Field(
        min_length=1,
        description="Where rows go, and which.",
        examples=[[{"anchor": "Sales", "rows_json": "{{steps.fetch.rows_json}}"}]],
    )


class FillFromFileInputs(_FillInputs):
    """Which template is filled from which files."""

    targets: list[FileTarget] = Field(
        min_length=1,
        description="Where rows go, and from which file.",
        examples=[[{"name": "sales", "source_path": "sales.csv"}]],
    )
    rows_threshold: Positive = Field(default=50_000, description="Regions with more rows are refused.")


class WrittenRegion(StepOutputs):
    """What became of one target."""

    name: str = Field(description="The target.")
    sheet: str = Field(description="The sheet.")
    rows: int = Field(description="Rows of data.")
    cols: int = Field(description="Columns.")
    insert: str = Field(description="replace or below.")
    header_mode: str = Field(description="template, override or append.")
    header_style: str = Field(description="template or style_row.")
    type_cast: str = Field(description="none, basic or schema.")
    style_mode: str = Field(description="none or copy_row.")
    start_cell: str = Field(description="The first cell that was written.")
    template_has_header: bool = Field(description="Whether the template's header was taken to be there.")


class FidelityReport(StepOutputs):
    """What became of the parts of the template."""

    kept: list[str] = Field(description="Parts that are the same bytes.")
    changed: list[str] = Field(description="Parts that were edited; all but the edits are the same bytes.")
    added: list[str] = Field(description="Parts that the template does not have.")
    dropped: list[str] = Field(description="Parts that were left out on purpose: the order of the last calculation.")
    warnings: list[str] = Field(description="What a person should look at.")


class FillOutputs(StepOutputs):
    """What was filled."""

    output: str = Field(description="The workbook.")
    written: list[WrittenRegion] = Field(description="What became of each target.")
    fidelity: FidelityReport = Field(description="What became of the parts of the template.")
    sha256: str = Field(description="Digest of the workbook.")
    size: int = Field(description="Bytes of the workbook.")
