"""A new workbook from files: XlsxWriter makes all but the rows, which are turned into XML by the column.

Rows wait in a file of their own until all are there: only then is known how many there are, which the parts in front
of them tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from aetherflow.kernel.api import StepContext, StepError

from ..digests import digest_of
from ..grid.cells import CellRange
from ..package.patching import Edit, Patcher, patch
from ..package.writing import PackageWriter, new_member
from ..progress import Progress
from ..rows.memory import lean_memory
from ..rows.planning import require_room
from ..rows.styles import StyleSheet
from ..write_inputs import ExcelWriteInputs, ExcelWriteOutputs, SheetInputs, WrittenSheet
from .frames import FramedSheet, base_styles, make_frame
from .names import check_column_options, check_columns_of_table, check_names, check_number_formats
from .sources import table_of
from .written_rows import RowsFile, write_rows

if TYPE_CHECKING:
    import zipfile

    from ..rows.sources import Table

_EPOCH = "1980-01-01"
_STYLES = "xl/styles.xml"
_CHUNK_BYTES = 1024 * 1024


@lean_memory()
def write_workbook(context: StepContext, inputs: ExcelWriteInputs) -> ExcelWriteOutputs:
    """Write the workbook, and put it in its place when it is whole.

    Raises:
        StepError: a file can't be read, or something has no place in a workbook.
    """
    sheets = inputs.all_sheets()
    created = _moment(inputs.created or _EPOCH)
    check_names(sheets)
    _check_suffix(inputs.output)
    tables = [_checked_table(sheet) for sheet in sheets]
    progress = Progress(context, sum(table.count_rows() for table in tables))
    styles = StyleSheet(base_styles().xml)
    with ExitStack() as files:
        written = [
            write_rows(sheet, table, styles, files.enter_context(TemporaryFile(dir=context.scratch)), progress)
            for sheet, table in zip(sheets, tables, strict=True)
        ]
        with (
            make_frame([rows.sheet for rows in written], created) as frame,
            context.publish(inputs.output) as temporary,
        ):
            with temporary.open("w+b") as file:
                _assemble(frame, written, styles.patched(), PackageWriter(file, inputs.output.name))
            digest, size = digest_of(temporary)
    return ExcelWriteOutputs(
        output=str(inputs.output),
        sheets=[
            WrittenSheet(name=rows.sheet.inputs.name, rows=rows.sheet.row_count, columns=len(rows.sheet.columns))
            for rows in written
        ],
        sha256=digest,
        size=size,
    )


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise StepError(
            f"created: {text[:40]!r} is no date", code="AF-EXCEL-VALUE", help="write it as 2024-02-29"
        ) from error


def _check_suffix(output: Path) -> None:
    if output.suffix.lower() != ".xlsx":
        raise StepError(
            f"{output.name}: a new workbook is an .xlsx file",
            code="AF-EXCEL-FORMAT",
            help="give the output the suffix .xlsx",
        )


def _checked_table(sheet: SheetInputs) -> Table:
    """The rows of a sheet, which fit into it, and of whose columns nothing wrong is said."""
    table = table_of(sheet)
    if sheet.table is not None:
        check_columns_of_table(sheet, table.columns)
    check_column_options(sheet, table.columns)
    check_number_formats(sheet)
    require_room(table.count_rows() + sheet.header, len(table.columns), first_row=1, first_column=1)
    return table


# The parts


def _assemble(frame: zipfile.ZipFile, written: list[RowsFile], styles: bytes, writer: PackageWriter) -> None:
    """Write every part of the frame, with the rows in the sheets and the styles that they have."""
    patchers: dict[str, Patcher] = {}
    table_number = 0
    for number, rows in enumerate(written, start=1):
        patchers[f"xl/worksheets/sheet{number}.xml"] = _WithRows(rows)
        if rows.sheet.inputs.table is not None:
            table_number += 1
            patchers[f"xl/tables/table{table_number}.xml"] = _WholeTable(_used(rows.sheet, rows.sheet.last_row))
    for info in frame.infolist():
        xml = styles if info.filename == _STYLES else frame.read(info)
        patcher = patchers.get(info.filename)
        writer.write(new_member(info.filename), [xml] if patcher is None else patch([xml], patcher))
    writer.finish()


def _used(sheet: FramedSheet, last_row: int) -> str:
    """The cells of a sheet down to a row, which counts from 0."""
    return str(CellRange(1, 1, max(last_row, 0) + 1, max(len(sheet.columns), 1)))


class _WithRows(Patcher):
    """Puts the rows in a sheet, in the place of what XlsxWriter wrote to have links and a table."""

    def __init__(self, rows: RowsFile) -> None:
        self._rows = rows

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        """Leave out the rows that are there."""
        sheet = self._rows.sheet
        if tag == "main:dimension":
            return Edit(attributes={"ref": _used(sheet, sheet.inputs.header + sheet.row_count - 1)})
        return Edit(drop=True) if tag == "main:row" else None

    def end(self, tag: str) -> Iterator[bytes]:
        """Put in the others."""
        return _chunks(self._rows.file) if tag == "main:sheetData" else iter(())


class _WholeTable(Patcher):
    """Lets a table reach over all rows."""

    def __init__(self, cells: str) -> None:
        self._cells = cells

    def start(self, tag: str, attributes: Mapping[str, str]) -> Edit | None:
        """Mend its range and that of its filter."""
        return Edit(attributes={"ref": self._cells}) if tag in ("main:table", "main:autoFilter") else None


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
