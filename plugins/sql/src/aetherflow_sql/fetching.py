"""How the rows of a query become outputs: batch by batch, and no more of them than are wanted."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from aetherflow.kernel.api import Database, StepContext, StepError

from .column_types import plain_type, word_from_type
from .conversions import to_plain
from .fetch_inputs import DatabaseFetchSmallInputs, DatabaseFetchSmallOutputs
from .streams import reader_of, stoppable
from .text_values import Misfit, to_text

#: Kinds whose values JSON has; all others are kept as text.
_VALUES_OF_JSON = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_string)


def fetch(context: StepContext, inputs: DatabaseFetchSmallInputs) -> DatabaseFetchSmallOutputs:
    """Fetch the rows of a query.

    Raises:
        StepError: the query can't be run, there are more rows than wanted, or a value has no JSON form.
    """
    database = context.connectors.get(inputs.resource, Database)
    batch_rows = min(inputs.fetch_size, inputs.max_rows + 1)
    with database.read(inputs.sql, inputs.params, batch_rows=batch_rows) as given:
        reader = reader_of(given)
        columns = _columns(reader.schema)
        dtypes = {field.name: word_from_type(plain_type(field.type, field.name)) for field in reader.schema}
        rows = _rows(reader, context, inputs.max_rows)
    return DatabaseFetchSmallOutputs(
        columns=columns,
        rows=rows,
        row_count=len(rows),
        columns_json=json.dumps(columns, ensure_ascii=False),
        rows_json=json.dumps(rows, ensure_ascii=False),
        dtypes=dtypes,
        dtypes_json=json.dumps(dtypes, ensure_ascii=False),
    )


def _columns(schema: pa.Schema) -> list[str]:
    names = list(schema.names)
    if len(set(names)) < len(names):
        raise StepError(
            "two columns of the query have the same name", code="AF-SQL-COLUMNS", help="name one of them with AS"
        )
    return names


def _rows(reader: pa.RecordBatchReader, context: StepContext, max_rows: int) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for batch in stoppable(reader, context):
        if len(rows) + batch.num_rows > max_rows:
            raise StepError(
                f"the query gives more than {max_rows} rows: none of them is kept",
                code="AF-SQL-TOO-MANY-ROWS",
                help="narrow the query, raise max_rows, or write a file with db_extract_stream",
            )
        columns = [
            _values(name, column, len(rows)) for name, column in zip(batch.schema.names, batch.columns, strict=True)
        ]
        rows.extend(map(list, zip(*columns, strict=True)))
        context.progress(len(rows))
    return rows


def _values(name: str, column: pa.Array, done: int) -> list[object]:
    """The values as JSON has them."""
    try:
        plain = to_plain(column, plain_type(column.type, name))
    except Misfit as misfit:
        raise _no_json(name, done + misfit.index) from misfit
    if pa.types.is_floating(plain.type):
        place = pc.index(pc.is_finite(plain), False).as_py()
        if place >= 0:
            raise _no_json(name, done + place)
    is_value = any(is_kind(plain.type) for is_kind in _VALUES_OF_JSON)
    return list((plain if is_value else to_text(plain)).to_pylist())


def _no_json(name: str, place: int) -> StepError:
    return StepError(
        f"row {place + 1}, column {name!r}: the value has no JSON form",
        code="AF-SQL-VALUE",
        help="a number that is infinite, too large, or none at all (NaN): turn it into text in the query",
    )
