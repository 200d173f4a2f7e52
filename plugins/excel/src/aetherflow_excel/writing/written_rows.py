"""The rows of one sheet as XML in a file, and what is learnt while they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import pyarrow as pa

from ..rows.cells import CellPlan, render_cells, render_rows, row_slices
from ..rows.links import Links
from .frames import FramedSheet
from .looks import looks_of, widths_of

if TYPE_CHECKING:
    from ..progress import Progress
    from ..rows.sources import Table
    from ..rows.styles import StyleSheet
    from ..write_inputs import SheetInputs

#: What may be a link: XlsxWriter would write other characters in another way.
_ADDRESS = r"^(?i:https?://|mailto:)[^\s\pZ\x00-\x20\"<>\\^`{|}\x7f-\x{a0}\x{fffe}\x{ffff}]+$"
#: Rows that decide how wide a column is.
_SAMPLE_ROWS = 1000


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
    links = Links(sheet.hyperlinks, 1, _ADDRESS)
    done = 0
    for batch in table.batches():
        if sample is None:
            sample = batch.slice(0, _SAMPLE_ROWS)
        for rows in row_slices(batch):
            first_row = 1 + sheet.header + done
            _write(file, rows, first_row, looks.rows)
            links.look_at(rows, first_row)
            done += rows.num_rows
            progress.add(rows.num_rows)
    framed = FramedSheet(
        inputs=sheet,
        columns=tuple(schema.names),
        widths=widths_of(sheet, schema, sample),
        row_count=done,
        links=links.targets,
    )
    return RowsFile(framed, file)


def _header(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([name]) for name in schema.names], names=schema.names)


def _write(file: IO[bytes], rows: pa.RecordBatch, first_row: int, plan: CellPlan) -> None:
    file.write(render_rows(render_cells(rows, first_row, 1, plan), first_row))
