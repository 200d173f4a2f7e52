"""The rows of one sheet as XML in a file, and what is learnt while they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol

import pyarrow as pa

from aetherflow.kernel.api import StepError

from ..rows.cells import CellPlan, render_cells, render_rows, row_slices
from .frames import FramedSheet
from .looks import looks_of, widths_of

if TYPE_CHECKING:
    from ..rows.sources import Table
    from ..rows.styles import StyleSheet
    from ..write_inputs import SheetInputs

#: What may be a link; other addresses stay text, and longer ones are more than spreadsheets take.
_LINK = re.compile(r'(https?://|mailto:)[^\s\x00-\x20"<>\\^`{|}\x7f-\xa0\ufffe\uffff]+', re.IGNORECASE)
_LONGEST_LINK = 2079
_MOST_LINKS = 65_530
#: Rows that decide how wide a column is.
_SAMPLE_ROWS = 1000


class Progress(Protocol):
    """Whoever wants to know how many rows are done, and may end it by an error."""

    def add(self, rows: int) -> None:
        """So many more rows are done."""


@dataclass(frozen=True, slots=True)
class RowsFile:
    """A sheet, and the file with the XML of its rows."""

    sheet: FramedSheet
    file: IO[bytes]


def write_rows(sheet: SheetInputs, table: Table, styles: StyleSheet, file: IO[bytes], progress: Progress) -> RowsFile:
    """Write the header and all rows.

    Raises:
        StepError: the rows can't be read, or a value has no place in a cell.
    """
    schema = table.schema
    looks = looks_of(sheet, schema, styles)
    if sheet.header and schema.names:
        _write(file, _header(schema), 1, looks.header)
    sample: pa.RecordBatch | None = None
    links: dict[tuple[int, int], str] = {}
    done = 0
    for batch in table.batches():
        if sample is None:
            sample = batch.slice(0, _SAMPLE_ROWS)
        for rows in row_slices(batch):
            first_row = 1 + sheet.header + done
            _write(file, rows, first_row, looks.rows)
            _collect(links, sheet, rows, first_row)
            done += rows.num_rows
            progress.add(rows.num_rows)
    framed = FramedSheet(
        inputs=sheet,
        columns=tuple(schema.names),
        widths=widths_of(sheet, schema, sample),
        row_count=done,
        links=links,
    )
    return RowsFile(framed, file)


def _header(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([name]) for name in schema.names], names=schema.names)


def _write(file: IO[bytes], rows: pa.RecordBatch, first_row: int, plan: CellPlan) -> None:
    file.write(render_rows(render_cells(rows, first_row, 1, plan), first_row))


def _collect(links: dict[tuple[int, int], str], sheet: SheetInputs, rows: pa.RecordBatch, first_row: int) -> None:
    for name in sheet.hyperlinks:
        column = rows.schema.get_field_index(name)
        for place, value in enumerate(rows.column(column).to_pylist()):
            if isinstance(value, str) and len(value) <= _LONGEST_LINK and _LINK.fullmatch(value):
                links[first_row - 1 + place, column] = value
    if len(links) > _MOST_LINKS:
        raise StepError(
            f"the sheet {sheet.name!r} would have more than {_MOST_LINKS:,} links, the most that a sheet can have",
            code="AF-EXCEL-LIMIT",
            help="leave the column out of `hyperlinks`: its texts stay",
        )
