"""The rows of a sheet, with their types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aetherflow.kernel.api import StepError

from ..rows.column_types import read_types
from ..rows.csv_file import CsvFile
from ..rows.file_kinds import DELIMITERS, kind_of
from ..rows.parquet_file import ParquetFile
from ..rows.sources import CountedTable, with_types

if TYPE_CHECKING:
    from ..rows.sources import Table
    from ..write_inputs import SheetInputs


def table_of(sheet: SheetInputs) -> Table:
    """The rows of a sheet's file.

    Raises:
        StepError: it is no such file, or not of the types that are declared.
    """
    kind = sheet.source_format or kind_of(sheet.source)
    if kind is None:
        raise StepError(
            f"the suffix of {sheet.source.name} does not say what kind of file it is",
            code="AF-EXCEL-FORMAT",
            help="add `source_format: csv`, tsv or parquet",
        )
    types = read_types(sheet.dtypes) if sheet.dtypes else None
    return CountedTable(with_types(_file(sheet, kind), sheet.type_cast_in_force, types))


def _file(sheet: SheetInputs, kind: str) -> Table:
    if kind == "parquet":
        return ParquetFile(path=sheet.source, selected=tuple(sheet.columns))
    if sheet.columns and sheet.read_header:
        raise StepError(
            f"sheet {sheet.name!r}: columns names those of a file without a header, and {sheet.source.name} has one",
            code="AF-EXCEL-COLUMNS",
            help="say `read_header: false`, or leave columns out",
        )
    return CsvFile(
        path=sheet.source,
        delimiter=sheet.delimiter or DELIMITERS[kind],
        quote=sheet.quotechar,
        encoding=sheet.encoding,
        has_header=sheet.read_header,
        names=tuple(sheet.columns),
        null_values=tuple(sheet.null_values),
    )
