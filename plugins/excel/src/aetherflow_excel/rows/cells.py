"""Rows of a table as the cells of a worksheet's XML, by the column: as fast as Arrow joins texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from aetherflow.kernel.api import StepError

from ..grid.cells import cell_name, column_letters
from .cell_values import CellValues, cell_values
from .refused import Refused
from .rules import ValueRules
from .xml_text import content_of, escaped, has_space_at_an_end, is_formula_like, refuse_broken, refuse_long

#: As many cells, and bytes of values, are turned into XML at once.
_SLICE_CELLS = 32_768
_SLICE_BYTES = 1024 * 1024
#: Fewer rows at once would cost more time than they save memory.
_FEWEST_ROWS = 32


@dataclass(frozen=True, slots=True)
class ColumnStyle:
    """The style of a column's cells; `quoted` makes the one for texts that begin as a formula would."""

    style: int | None = None
    quoted: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True)
class CellPlan:
    """How rows become cells: the style of each column, the rules for values, the prefix of the main namespace."""

    styles: Sequence[ColumnStyle]
    rules: ValueRules = field(default_factory=ValueRules)
    prefix: str = ""


def row_slices(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The rows of a batch in pieces that are small enough to turn into XML at once."""
    at_once = max(1, _SLICE_CELLS // max(1, batch.num_columns))
    for first in range(0, batch.num_rows, at_once):
        yield from _halved(batch.slice(first, at_once))


def _halved(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if batch.num_rows > _FEWEST_ROWS and batch.nbytes > _SLICE_BYTES:
        half = batch.num_rows // 2
        yield from _halved(batch.slice(0, half))
        yield from _halved(batch.slice(half))
    else:
        yield batch


def render_cells(batch: pa.RecordBatch, first_row: int, first_column: int, plan: CellPlan) -> pa.Array:
    """The `<c>` elements of each row, as one text a row; the first row of the batch has the number `first_row`.

    Raises:
        StepError: a value can't stand in a cell.
    """
    numbers = _row_numbers(first_row, batch.num_rows)
    cells = []
    for place, column in enumerate(batch.columns):
        painter = _Painter(plan, plan.styles[place], column_letters(first_column + place), numbers)
        try:
            cells.append(painter.column(column))
        except Refused as problem:
            raise _refusal(problem, batch.schema.names[place], first_row, first_column + place) from problem
    return _joined(*cells)


def render_rows(cells: pa.Array, first_row: int, *, attributes: str = "", prefix: str = "") -> memoryview:
    """The cells within their `<row>` elements, which all have the same other attributes: the bytes of all of them."""
    numbers = _row_numbers(first_row, len(cells))
    attributes = f" {attributes}" if attributes else ""
    return content_of(_joined(f'<{prefix}row r="', numbers, f'"{attributes}>', cells, f"</{prefix}row>"))


def _row_numbers(first: int, count: int) -> pa.Array:
    return pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), count), start=first - 1).cast(pa.string())


def _joined(*texts: pa.Array | str) -> pa.Array:
    """Texts side by side; null where one of them is."""
    return pc.binary_join_element_wise(*texts, "")


def _refusal(problem: Refused, name: str, first_row: int, column: int) -> StepError:
    if problem.index is None:
        return StepError(
            f"column {name!r} can't be written: {problem.reason}",
            code="AF-EXCEL-TYPE",
            help="leave the column out, or turn it into text before",
        )
    cell = cell_name(first_row + problem.index, column)
    return StepError(f"column {name!r}, cell {cell}: {problem.reason}", code="AF-EXCEL-VALUE", help="mend the value")


@dataclass(frozen=True, slots=True)
class _Painter:
    """Puts the elements of one column's cells around its values."""

    plan: CellPlan
    style: ColumnStyle
    letters: str
    numbers: pa.Array

    def column(self, column: pa.Array) -> pa.Array:
        painted = [cells for values in cell_values(column, self.plan.rules) for cells in self._painted(values)]
        if any(cells.null_count for cells in painted) or len(painted) > 1:
            return pc.coalesce(*painted, self._empty())
        return painted[0]

    def _painted(self, values: CellValues) -> Iterator[pa.Array]:
        if values.kind == "text":
            yield self._texts(values.values)
        else:
            kind = ' t="b"' if values.kind == "truth" else ""
            prefix = self.plan.prefix
            yield self._cell(f"{self._styled(self.style.style)}{kind}><{prefix}v>", values.values, f"</{prefix}v>")
        if values.texts is not None:
            yield self._texts(values.texts)

    def _texts(self, text: pa.Array) -> pa.Array:
        refuse_broken(text)
        refuse_long(text)
        plain = self._text_cells(text, self.style.style)
        formula_like = None if self.style.quoted is None else is_formula_like(text)
        if formula_like is None or self.style.quoted is None:
            return plain
        return pc.if_else(formula_like, self._text_cells(text, self.style.quoted()), plain)

    def _text_cells(self, text: pa.Array, style: int | None) -> pa.Array:
        prefix = self.plan.prefix
        space = ' xml:space="preserve"' if has_space_at_an_end(text) else ""
        return self._cell(
            f'{self._styled(style)} t="inlineStr"><{prefix}is><{prefix}t{space}>',
            escaped(text),
            f"</{prefix}t></{prefix}is>",
        )

    def _cell(self, before: str, values: pa.Array, after: str) -> pa.Array:
        prefix = self.plan.prefix
        return _joined(f'<{prefix}c r="{self.letters}', self.numbers, f'"{before}', values, f"{after}</{prefix}c>")

    def _empty(self) -> pa.Array | pa.Scalar:
        if self.style.style is None:
            return pa.scalar("")
        prefix = self.plan.prefix
        return _joined(f'<{prefix}c r="{self.letters}', self.numbers, f'"{self._styled(self.style.style)}/>')

    def _styled(self, style: int | None) -> str:
        return "" if style is None else f' s="{style}"'
