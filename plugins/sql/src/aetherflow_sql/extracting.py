"""How the rows of a query become a file: read, turned into the wanted types, written beside the reading."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from aetherflow.kernel.api import Database, StepContext, StepError

from .column_types import plain_type, type_from_word, word_from_type
from .conversions import convert, to_plain
from .csv_text import CsvStyle
from .extract_inputs import DatabaseExtractStreamInputs, DatabaseExtractStreamOutputs, TableFormat
from .json_lines import JsonLinesTable
from .streams import reader_of, stoppable
from .table_files import CsvTable, ParquetTable, TableFile
from .text_values import Misfit

#: How many batches may wait for the writer: a row group of Parquet is written all at once, and takes as long as many
#: batches take to be fetched.
_WAITING_BATCHES = 4


def extract(context: StepContext, inputs: DatabaseExtractStreamInputs) -> DatabaseExtractStreamOutputs:
    """Write the rows of a query to a file.

    Raises:
        StepError: the query can't be run, or a value can't be written.
    """
    database = context.connectors.get(inputs.resource, Database)
    wanted = _wanted_types(inputs)
    table_format = inputs.format
    with database.read(inputs.sql, inputs.params, batch_rows=inputs.fetch_size) as rows:
        reader = reader_of(rows)
        schema = _schema(reader.schema, wanted, table_format)
        with context.publish(inputs.output) as temporary:
            with _open(temporary, schema, inputs, table_format) as file:
                row_count = _write(_converted(reader, schema), file, context)
            digest = file.sha256()
    dtypes = {field.name: word_from_type(field.type) for field in schema} if inputs.emit_dtypes else None
    return DatabaseExtractStreamOutputs(
        artifact_path=str(inputs.output),
        format=table_format,
        columns=schema.names,
        row_count=row_count,
        sha256=digest,
        dtypes=dtypes,
        dtypes_json=json.dumps(dtypes) if inputs.emit_dtypes else None,
    )


def _wanted_types(inputs: DatabaseExtractStreamInputs) -> dict[str, pa.DataType]:
    words = dict(inputs.dtypes or {})
    if inputs.dtypes_json is not None:
        words |= _words_of_json(inputs.dtypes_json)
    return {name: type_from_word(word, name) for name, word in words.items()}


def _words_of_json(text: str) -> dict[str, str]:
    try:
        words = json.loads(text)
    except ValueError:
        words = None
    if not isinstance(words, dict) or not all(isinstance(word, str) for word in words.values()):
        raise StepError("dtypes_json is no JSON object of column names and types", code="AF-SQL-UNKNOWN-TYPE")
    return words


def _schema(schema: pa.Schema, wanted: dict[str, pa.DataType], table_format: TableFormat) -> pa.Schema:
    if unknown := sorted(set(wanted) - set(schema.names)):
        raise StepError(
            f"dtypes names the column {unknown[0]!r}, which the query does not give",
            code="AF-SQL-COLUMNS",
            help=f"there is: {', '.join(schema.names)}",
        )
    if table_format in {"parquet", "jsonl"} and len(set(schema.names)) < len(schema.names):
        raise StepError(
            "two columns of the query have the same name", code="AF-SQL-COLUMNS", help="name one of them with AS"
        )
    return pa.schema([(field.name, wanted.get(field.name) or plain_type(field.type, field.name)) for field in schema])


def _converted(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    if reader.schema == schema:
        yield from reader
        return
    done = 0
    for batch in reader:
        columns = [_converted_column(column, field, done) for column, field in zip(batch.columns, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
        done += batch.num_rows


def _converted_column(column: pa.Array, field: pa.Field, done: int) -> pa.Array:
    try:
        return convert(to_plain(column, plain_type(column.type, field.name)), field.type)
    except Misfit as misfit:
        raise StepError(
            f"row {done + misfit.index + 1}, column {field.name!r}: the value is no {word_from_type(field.type)}",
            code="AF-SQL-VALUE",
            help="change dtypes, or the query",
        ) from misfit


def _open(path: Path, schema: pa.Schema, inputs: DatabaseExtractStreamInputs, table_format: TableFormat) -> TableFile:
    if table_format == "parquet":
        return ParquetTable(path, schema)
    if table_format == "jsonl":
        return JsonLinesTable(path)
    return CsvTable(path, schema, _style(inputs))


def _style(inputs: DatabaseExtractStreamInputs) -> CsvStyle:
    return CsvStyle(**{_STYLE_WORDS[name]: value for name, value in inputs.style().items()})


_STYLE_WORDS = {
    "include_header": "has_header",
    "encoding": "encoding",
    "delimiter": "delimiter",
    "quotechar": "quote",
    "escapechar": "escape",
    "doublequote": "doubles_quotes",
    "quoting": "quoting",
    "linefeed": "line_end",
}


def _write(batches: Iterator[pa.RecordBatch], file: TableFile, context: StepContext) -> int:
    """Write some batches while the next ones are fetched: Arrow writes without holding Python up."""
    done = 0
    writing: deque[Future[None]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="write") as writer:
        for batch in stoppable(batches, context):
            if len(writing) >= _WAITING_BATCHES:
                writing.popleft().result()
            writing.append(writer.submit(file.write, batch))
            done += batch.num_rows
            context.progress(done)
        for written in writing:
            written.result()
    return done
