"""A table from a workbook to a file: found, looked at, given types, written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from itertools import islice
from typing import TYPE_CHECKING

from aetherflow.kernel.api import StepContext, StepError

from ..digests import digest_of
from ..grid.cells import CellRange, cell_name
from ..package.package import Package
from ..progress import stopped
from ..read_inputs import ExcelReadInputs, ExcelReadOutputs
from ..workbook.book import Workbook
from .areas import Area, find_area
from .calamine import SheetRows, open_sheet
from .files import open_table
from .headers import Header, read_header
from .values import CellValue, ColumnKinds, Value, converter

if TYPE_CHECKING:
    from collections.abc import Callable

#: Rows that are worked on at once.
_BATCH_ROWS = 8192


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the result."""

    name: str
    word: str
    number: int
    #: Whether the flow says what its type is; else all of its values have been seen.
    is_declared: bool


def read_table(context: StepContext, inputs: ExcelReadInputs) -> ExcelReadOutputs:
    """Write a table of a workbook to a file; one with fewer rows than `min_rows` is not written.

    Raises:
        StepError: the workbook can't be read, does not have the table, or holds what the inputs don't allow.
    """
    if inputs.table_format is None:
        raise StepError(
            f"the suffix of {inputs.output.name} does not say what the file is to be",
            code="AF-EXCEL-FORMAT",
            help="add `format: csv`, tsv, parquet or jsonl",
        )
    with Package(inputs.source) as package:
        book = Workbook(package)
        area = find_area(book, inputs)
        with open_sheet(book, area.sheet, context) as sheet:
            return _Reading(context, inputs, area, sheet).run()


class _Reading:
    """One table on its way."""

    def __init__(self, context: StepContext, inputs: ExcelReadInputs, area: Area, sheet: SheetRows) -> None:
        self._context = context
        self._inputs = inputs
        self._sheet = sheet
        self._area = area

    def run(self) -> ExcelReadOutputs:
        """Look at all rows, decide on the types, and write."""
        whole = self._area.within(self._sheet.used)
        header = read_header(self._sheet, self._area, whole, self._inputs)
        self._check_errors(header)
        self._warn_of_formulas(header)
        kinds, row_count = self._look(header)
        columns = self._columns(header, kinds)
        self._check_count(row_count)
        self._check_times(header, kinds)
        enough = row_count >= self._inputs.min_rows
        return ExcelReadOutputs(
            output=str(self._inputs.output),
            sheet=self._area.sheet.name,
            range=str(whole) if whole else None,
            columns=[column.name for column in columns],
            types={column.name: column.word for column in columns},
            row_count=row_count,
            sha256=self._write(header, columns, row_count) if enough else None,
        )

    # What is there

    def _check_errors(self, header: Header) -> None:
        if self._inputs.errors != "fail" or header.rows is None:
            return
        found = self._sheet.scan.errors_in(header.rows)
        if found:
            row, column, text = found[0]
            raise StepError(
                f"the cell {self._place(row, column)} holds the error {text}, as do {len(found) - 1} more"
                if len(found) > 1
                else f"the cell {self._place(row, column)} holds the error {text}",
                code="AF-EXCEL-ERROR-CELL",
                help="mend the workbook, or say what becomes of them: `errors: null` or `errors: text`",
            )

    def _warn_of_formulas(self, header: Header) -> None:
        place = self._sheet.scan.first_unvalued
        if place is not None and header.rows is not None:
            self._context.log.warning(
                "formulas without a stored value are read as empty cells; open and save the workbook once",
                count=self._sheet.scan.unvalued,
                first=self._place(*place),
            )

    def _look(self, header: Header) -> tuple[list[ColumnKinds], int]:
        """What the values of each column are, and how many rows there are."""
        kinds = [ColumnKinds() for _ in header.names]
        row_count = 0
        for numbers, columns in self._batches(header):
            row_count += len(numbers)
            for kind, values in zip(kinds, columns, strict=True):
                kind.add(values)
        return kinds, row_count

    def _check_count(self, row_count: int) -> None:
        if row_count > self._inputs.max_rows:
            raise StepError(
                f"there are {row_count} rows on the sheet {self._area.sheet.name!r}, and max_rows is "
                f"{self._inputs.max_rows}",
                code="AF-EXCEL-TOO-MANY-ROWS",
                help="raise max_rows, or read a range",
            )

    def _check_times(self, header: Header, kinds: list[ColumnKinds]) -> None:
        """Refuse dates and times before the first day there is, which are read as some time."""
        numbers = [number for number, kind in enumerate(kinds) if kind.has_times]
        if not numbers:
            return
        negative = self._sheet.before_all_days(frozenset(header.first_column + number for number in numbers))
        for place in self._times(header, numbers) if negative else ():
            if place in negative:
                raise StepError(
                    f"the cell {self._place(*place)} holds a negative date or time",
                    code="AF-EXCEL-VALUE",
                    help="mend it, or give it the format of a number",
                )

    def _times(self, header: Header, numbers: list[int]) -> Iterator[tuple[int, int]]:
        """The rows and columns of times of day in some columns."""
        for rows, columns in self._batches(header):
            for number in numbers:
                for row, value in zip(rows, columns[number], strict=True):
                    if isinstance(value, time):
                        yield row, header.first_column + number

    def _columns(self, header: Header, kinds: list[ColumnKinds]) -> list[Column]:
        """The columns that have a name; one without a name must be empty."""
        columns = []
        for number, (name, kind) in enumerate(zip(header.names, kinds, strict=True)):
            if name is None and not kind.is_empty:
                raise header.nameless(self._area.sheet.name, number)
            if name is not None:
                declared = self._inputs.types.get(name)
                columns.append(Column(name, declared or kind.word(), number, declared is not None))
        if unknown := sorted(set(self._inputs.types) - {column.name for column in columns}):
            raise StepError(
                f"types names the column {unknown[0]!r}, which the sheet {self._area.sheet.name!r} does not have",
                code="AF-EXCEL-COLUMNS",
                help=f"there is: {', '.join(column.name for column in columns)}",
            )
        return columns

    # Rows

    def _batches(self, header: Header) -> Iterator[tuple[Sequence[int], list[tuple[CellValue, ...]]]]:
        """The rows that count: their numbers on the sheet, and their values, column by column."""
        if header.rows is None:
            return
        numbered = self._rows(header.rows)
        while batch := list(islice(numbered, _BATCH_ROWS)):
            if self._context.cancelled.is_set():
                raise stopped()
            yield [number for number, _ in batch], list(zip(*(row for _, row in batch), strict=True))

    def _rows(self, cells: CellRange) -> Iterator[tuple[int, list[CellValue]]]:
        errors = self._sheet.scan.errors if self._inputs.errors == "text" else {}
        for number, row in enumerate(self._sheet.rows(cells), start=cells.first_row):
            if number in errors:
                for column, text in errors[number].items():
                    if cells.first_column <= column <= cells.last_column:
                        row[column - cells.first_column] = text
            if not self._inputs.skip_empty_rows or any(value != "" for value in row):
                yield number, row

    # The file

    def _write(self, header: Header, columns: list[Column], row_count: int) -> str:
        path = self._inputs.output
        table_format = self._inputs.table_format or "csv"
        with self._context.publish(path) as temporary:
            with open_table(temporary, table_format, {column.name: column.word for column in columns}) as file:
                done = 0
                for numbers, values in self._batches(header):
                    file.write([self._converted(column, values[column.number], numbers, header) for column in columns])
                    done += len(numbers)
                    self._context.progress(done, row_count)
            return digest_of(temporary)[0]

    def _converted(
        self, column: Column, values: Sequence[CellValue], numbers: Sequence[int], header: Header
    ) -> list[Value]:
        convert = converter(column.word)
        try:
            return [None if value == "" else convert(value) for value in values]
        except ValueError:
            number = _first_misfit(convert, values)
        declared = f", as types says that the column {column.name!r} holds" if column.is_declared else ""
        raise StepError(
            f"the value of {self._place(numbers[number], header.first_column + column.number)} is no {column.word}"
            f"{declared}",
            code="AF-EXCEL-VALUE",
            help="mend the workbook, or change types",
        )

    def _place(self, row: int, column: int) -> str:
        return f"{self._area.sheet.name}!{cell_name(row, column)}"


def _first_misfit(convert: Callable[[CellValue], Value], values: Sequence[CellValue]) -> int:
    for number, value in enumerate(values):
        try:
            convert(value)
        except ValueError:
            if value != "":
                return number
    return 0
