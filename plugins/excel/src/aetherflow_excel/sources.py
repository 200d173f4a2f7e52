"""The rows of a target, with their types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aetherflow.kernel.api import StepError

from .fill_inputs import FileTarget, SmallTarget, Target
from .rows.column_types import read_types
from .rows.csv_file import CsvFile
from .rows.file_kinds import DELIMITERS, kind_of
from .rows.json_rows import JsonRows
from .rows.parquet_file import ParquetFile
from .rows.sources import CountedTable, with_types

if TYPE_CHECKING:
    from .rows.sources import Table


def small_table(target: SmallTarget) -> Table:
    """The rows that stand in the flow.

    Raises:
        StepError: they are no rows, or not of the types that are declared.
    """
    return _typed(JsonRows(target.rows_json, target.columns_json or ()), target)


def file_table(target: FileTarget) -> Table:
    """The rows of a file.

    Raises:
        StepError: it is no such file, or not of the types that are declared.
    """
    kind = target.source_format or kind_of(target.source_path)
    columns = _column_names(target)
    if kind is None:
        raise StepError(
            f"target {target.name!r}: the suffix of {target.source_path.name} does not say what kind of file it is",
            code="AF-EXCEL-SOURCE",
            help="add source_format: csv, tsv or parquet",
        )
    if kind == "parquet":
        return _typed(ParquetFile(path=target.source_path, selected=columns), target)
    file = CsvFile(
        path=target.source_path,
        delimiter=target.delimiter or DELIMITERS[kind],
        quote=target.quotechar,
        encoding=target.encoding,
        has_header=target.read_header,
        names=() if target.read_header else columns,
        selected=columns if target.read_header else (),
        null_values=tuple(target.null_values),
    )
    return _typed(file, target)


def _typed(table: Table, target: Target) -> Table:
    declared = target.dtypes_json if target.dtypes_json is not None else target.dtypes
    types = read_types(declared) if target.has_dtypes else None
    return CountedTable(with_types(table, target.type_cast_in_force, types), target.row_count)


def _column_names(target: FileTarget) -> tuple[str, ...]:
    given = target.columns_json if target.columns_json is not None else target.columns
    try:
        names = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise StepError(
            f"target {target.name!r}: columns_json is no JSON list of names",
            code="AF-EXCEL-COLUMNS",
            help='write ["a", "b"]',
        )
    return tuple(names)
