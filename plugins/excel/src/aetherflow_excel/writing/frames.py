"""A workbook as XlsxWriter makes it, with everything but the rows."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from aetherflow.kernel.api import StepError

from ..package.elements import read_elements
from ..write_inputs import SheetInputs

if TYPE_CHECKING:
    from xlsxwriter import Workbook

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_STYLES = "xl/styles.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class FramedSheet:
    """What a sheet has around its rows; rows and columns count from 0, as XlsxWriter has them."""

    inputs: SheetInputs
    columns: tuple[str, ...]
    widths: Sequence[float]
    row_count: int
    #: Cells that are links, by their names, and the addresses.
    links: Sequence[tuple[str, str]] = ()

    @property
    def last_row(self) -> int:
        """The last row with data; where there is none, the first row that could have some."""
        return self.inputs.header + max(self.row_count, 1) - 1


@dataclass(frozen=True, slots=True)
class BaseStyles:
    """A styles part to add to, and the style in it that a link has."""

    xml: bytes
    link: int


@cache
def base_styles() -> BaseStyles:
    """The styles that XlsxWriter gives to a workbook with a link in it."""
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _OPTIONS) as book:
        book.add_worksheet().write_url(0, 0, "https://example.com/")
    with zipfile.ZipFile(content) as made:
        cells = read_elements([made.read("xl/worksheets/sheet1.xml")])
        link = next(attributes["s"] for tag, attributes, _ in cells if tag == "main:c")
        return BaseStyles(made.read(_STYLES), int(link))


def make_frame(sheets: Sequence[FramedSheet], created: datetime) -> zipfile.ZipFile:
    """The workbook without rows, as an archive in memory.

    Raises:
        StepError: XlsxWriter does not take what it is asked for.
    """
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _OPTIONS) as book:
        book.set_properties({"created": created})
        for sheet in sheets:
            _add(book, sheet)
    return zipfile.ZipFile(content)


def _add(book: Workbook, sheet: FramedSheet) -> None:
    inputs, last_column = sheet.inputs, max(len(sheet.columns), 1) - 1
    made = book.add_worksheet(inputs.name)
    for column, width in enumerate(sheet.widths):
        made.set_column(column, column, width)
    if inputs.header and sheet.columns:
        if inputs.freeze_panes:
            made.freeze_panes(1, 0)
        if inputs.autofilter and inputs.table is None:
            made.autofilter(0, 0, sheet.last_row, last_column)
    if inputs.table is not None:
        # XlsxWriter remembers every cell of a table: it gets a small one, and the part is edited.
        _require(made.add_table(0, 0, 1, last_column, _table(sheet)), f"the table {inputs.table!r}")
    for cell, address in sheet.links:
        _require(made.write_url(cell, address, None, "link"), f"a link of the sheet {inputs.name!r}")


def _table(sheet: FramedSheet) -> dict[str, Any]:
    inputs = sheet.inputs
    return {
        "name": inputs.table,
        "style": inputs.table_style,
        "header_row": inputs.header,
        "autofilter": inputs.autofilter and inputs.header,
        "columns": [{"header": name} for name in sheet.columns],
    }


def _require(result: int, what: str) -> None:
    if result != 0:
        raise StepError(f"{what} can't be written", code="AF-EXCEL-LIMIT", help="leave it out")
