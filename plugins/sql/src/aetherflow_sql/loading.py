"""How a file becomes rows of a table: read as it is, given types, handed to the driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from aetherflow.kernel.api import Database, LoadCounts, StepContext, StepError

from .column_types import plain_type, type_from_word, word_from_type
from .conversions import convert, to_plain
from .csv_source import CsvFile
from .digests import sha256_of
from .guesses import guess_types
from .json_lines_source import JsonLinesFile
from .load_inputs import DatabaseLoadInputs, DatabaseLoadOutputs, WrittenType
from .streams import stoppable
from .text_values import Misfit, from_pattern

_BATCH_ROWS = 8192


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """How one column goes from the file to the table: read as `read_as`, stored as `stored_as`."""

    name: str
    read_as: pa.DataType
    stored_as: pa.DataType
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A file: `open` may be called more than once, and gives its rows from the start each time."""

    open: Callable[[], pa.RecordBatchReader]
    #: The types of some columns of a file whose columns are all read as text; null for one that has types itself.
    guess: Callable[[set[str]], dict[str, pa.DataType]] | None = None


def load_file(context: StepContext, inputs: DatabaseLoadInputs) -> DatabaseLoadOutputs:
    """Load the file.

    Raises:
        StepError: the file or the table can't be read, or a value does not fit.
    """
    database = context.connectors.get(inputs.resource, Database)
    source = _source(inputs)
    reader = source.open()
    if not reader.schema.names:
        return _load_nothing(inputs)
    plans = _plan_columns(reader.schema, inputs, database, source)
    rows = pa.RecordBatchReader.from_batches(
        pa.schema([(plan.name, plan.stored_as) for plan in plans]), _typed(context, reader, plans)
    )
    # With the content, so that another file under the same name is not taken for one that is loaded.
    idempotency_key = f"{context.idempotency_key} {sha256_of(inputs.source)}"
    counts = database.load(inputs.table, rows, mode=inputs.mode, key=inputs.key, idempotency_key=idempotency_key)
    return _outputs(inputs, counts, plans)


def _load_nothing(inputs: DatabaseLoadInputs) -> DatabaseLoadOutputs:
    """What a file without even a header comes to."""
    if inputs.mode in {"create", "replace"}:
        is_json = inputs.source_format == "jsonl"
        raise StepError(
            f"{inputs.source.name} is empty: it {'names no column' if is_json else 'has not even a header'}",
            code="AF-SQL-EMPTY-SOURCE",
            help=f"{'types for its columns' if is_json else 'a header alone'} would do; the table is as it was",
        )
    return _outputs(inputs, LoadCounts(rows=0, inserted=0), ())


def _outputs(inputs: DatabaseLoadInputs, counts: LoadCounts, plans: tuple[ColumnPlan, ...]) -> DatabaseLoadOutputs:
    return DatabaseLoadOutputs(
        table=inputs.table,
        row_count=counts.rows,
        inserted=counts.inserted,
        updated=counts.updated,
        unchanged=counts.unchanged,
        columns=[plan.name for plan in plans],
        types={plan.name: word_from_type(plan.stored_as) for plan in plans},
    )


# The file


def _source(inputs: DatabaseLoadInputs) -> Source:
    if not inputs.source.is_file():
        raise StepError(f"there is no file {inputs.source.name!r}", code="AF-SQL-NO-SOURCE")
    if inputs.source_format is None:
        raise StepError(
            f"{inputs.source.name!r} does not say by its suffix what it is",
            code="AF-SQL-FORMAT",
            help="add format: csv, tsv, parquet or jsonl",
        )
    if inputs.source_format == "parquet":
        return Source(lambda: _open_parquet(inputs.source))
    if inputs.source_format == "jsonl":
        return _json_source(inputs)
    file = CsvFile(
        path=inputs.source,
        delimiter=inputs.field_delimiter,
        quote=inputs.quotechar,
        encoding=inputs.encoding,
        columns=tuple(inputs.columns),
        null_values=tuple(inputs.null_values),
    )
    return Source(file.stream, lambda columns: guess_types(file.stream(), columns))


def _json_source(inputs: DatabaseLoadInputs) -> Source:
    file = JsonLinesFile(inputs.source, tuple(inputs.types))
    types = file.survey()
    return Source(lambda: file.stream(list(types)), lambda columns: {name: types[name] for name in columns})


def _open_parquet(path: Path) -> pa.RecordBatchReader:
    try:
        file = pq.ParquetFile(path, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise StepError(f"{path.name} is no Parquet file", code="AF-SQL-SOURCE") from error
    return pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(_BATCH_ROWS))


# The types


def _plan_columns(
    schema: pa.Schema,
    inputs: DatabaseLoadInputs,
    database: Database,
    source: Source,
) -> tuple[ColumnPlan, ...]:
    if unknown := sorted(set(inputs.types) - set(schema.names)):
        raise StepError(
            f"types names the column {unknown[0]!r}, which {inputs.source.name} does not have",
            code="AF-SQL-COLUMNS",
            help=f"there is: {', '.join(schema.names)}",
        )
    declared = {name: _written_type(name, given) for name, given in inputs.types.items()}
    of_table = _table_types(database, inputs.table)
    of_file = {field.name: plain_type(field.type, field.name) for field in schema}
    undeclared = {name for name in schema.names if name not in declared and name.casefold() not in of_table}
    if source.guess is not None and undeclared:
        of_file |= source.guess(undeclared)
    return tuple(_plan(name, of_file[name], declared.get(name), of_table.get(name.casefold())) for name in schema.names)


def _plan(
    name: str, of_file: pa.DataType, declared: tuple[pa.DataType, str | None] | None, of_table: pa.DataType | None
) -> ColumnPlan:
    read_as, pattern = declared or (of_file, None)
    return ColumnPlan(name, read_as, of_table or read_as, pattern)


def _written_type(column: str, given: str | WrittenType) -> tuple[pa.DataType, str | None]:
    if isinstance(given, str):
        return type_from_word(given, column), None
    found = type_from_word(given.type, column)
    if not pa.types.is_temporal(found):
        raise StepError(f"column {column!r}: only dates and times have a format", code="AF-SQL-UNKNOWN-TYPE")
    return found, given.format


def _table_types(database: Database, table: str) -> dict[str, pa.DataType]:
    """The types of the table's columns that have one, by folded name."""
    found = database.schema(table)
    fields = pa.schema(found) if found is not None else ()
    return {field.name.casefold(): field.type for field in fields if not pa.types.is_null(field.type)}


# The rows


def _typed(
    context: StepContext, reader: pa.RecordBatchReader, plans: tuple[ColumnPlan, ...]
) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([(plan.name, plan.stored_as) for plan in plans])
    done = 0
    for batch in stoppable(reader, context):
        columns = [_typed_column(column, plan, done) for column, plan in zip(batch.columns, plans, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
        done += batch.num_rows
        context.progress(done)


def _typed_column(column: pa.Array, plan: ColumnPlan, done: int) -> pa.Array:
    try:
        plain = to_plain(column, plain_type(column.type, plan.name))
        return convert(_read_column(plain, plan), plan.stored_as)
    except Misfit as misfit:
        raise StepError(
            f"row {done + misfit.index + 1}, column {plan.name!r}: the value is no {word_from_type(plan.stored_as)}",
            code="AF-SQL-VALUE",
            help="mend the file, or say under types what the column holds",
        ) from misfit


def _read_column(plain: pa.Array, plan: ColumnPlan) -> pa.Array:
    if plan.pattern is not None and pa.types.is_string(plain.type):
        return from_pattern(plain, plan.read_as, plan.pattern)
    return convert(plain, plan.read_as)
