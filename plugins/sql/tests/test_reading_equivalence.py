"""What is read in large pieces is what reading value by value gives, or the same error."""

from __future__ import annotations

import tempfile
from datetime import date, datetime, time
from pathlib import Path

import apsw
import pyarrow as pa
import pytest
from hypothesis import example, given, settings, strategies as st

from aetherflow.kernel.api import ConnectorError
from aetherflow_sql.sqlite_columns import _one_by_one
from aetherflow_sql.sqlite_rows import STORAGE_CLASSES, type_of_classes
from aetherflow_sql.sqlite_types import arrow_type
from aetherflow_sql.text_values import Misfit

from .conftest import Workplace

pytestmark = pytest.mark.integration

TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["", "\0", "a\0b", "1", " 1 ", "1_0", "１", "-0.0", "1e3", "inf", "nan", "ü" * 300, '"', "a,b\r\n"]
    ),
)
WHOLE = st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1), st.sampled_from([2**53, 2**53 + 1, -(2**63)]))
REAL = st.one_of(
    st.floats(allow_nan=False),
    st.integers(-(10**7), 10**7).map(lambda cents: cents / 100),
    st.sampled_from([-0.0, 0.1 + 0.2, 1e16, 5.0, float("inf"), 123456789012345.67, 9.3e18]),
)
BYTES = st.one_of(st.binary(max_size=6), st.just(b"\0" * 3000))
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(str)  # noqa: DTZ001 - without a zone
FITTING = {
    "INTEGER": WHOLE,
    "REAL": REAL,
    "TEXT": TEXTS,
    "BLOB": BYTES,
    "BOOLEAN": st.integers(0, 1),
    "DATE": st.dates(date(1, 1, 1), date(9999, 12, 31)).map(str),
    "TIME": st.times().map(time.isoformat),
    "TIMESTAMP": MOMENTS,
    "TIMESTAMPTZ": MOMENTS.map(lambda moment: f"{moment}+02:00"),
    "DECIMAL(12,2)": REAL.filter(lambda number: abs(number) < 10**9).map(lambda number: round(number, 2)),
    "DECIMAL_REAL(12,2)": REAL.filter(lambda number: abs(number) < 10**9).map(lambda number: round(number, 2)),
    "DECIMAL_TEXT(38,9)": st.decimals(-(10**20), 10**20, places=9).map(str),
    "NUMERIC(19,0)": WHOLE,
    "": st.one_of(WHOLE, REAL),
    "ANY KIND": TEXTS,
}


class BrokenText(bytes):
    """Stored as text, although it is no UTF-8."""

    __slots__ = ()


ODD = st.one_of(WHOLE, REAL, TEXTS, BYTES, st.just(BrokenText(b"a\xff")))


@st.composite
def tables(draw):
    """Declarations, and rows of values; most columns have only values that fit."""
    declarations = draw(st.lists(st.sampled_from(sorted(FITTING)), min_size=1, max_size=4))
    count = draw(st.sampled_from([0, 1, 2, 5, 40]))
    columns = []
    for declaration in declarations:
        values = draw(st.lists(st.one_of(FITTING[declaration], st.none()), min_size=count, max_size=count))
        if count and draw(st.integers(0, 5)) == 0:
            values[draw(st.integers(0, count - 1))] = draw(ODD)
        columns.append(values)
    return declarations, list(zip(*columns, strict=True))


def fill(workplace, declarations, rows):
    connection = apsw.Connection(str(workplace.folder / "store.db"))
    connection.execute(f"CREATE TABLE t ({', '.join(f'c{i} {kind}' for i, kind in enumerate(declarations))})")
    with connection:
        for row in rows:
            places = ", ".join("CAST(? AS TEXT)" if isinstance(value, BrokenText) else "?" for value in row)
            connection.execute(f"INSERT INTO t VALUES ({places})", row)  # noqa: S608 - the parts are the test's own
    connection.close()


def read_plainly(workplace, declarations):
    """The table, or what the error says first: value by value, by the rules of one value."""
    connection = apsw.Connection(str(workplace.folder / "store.db"))
    kinds = []
    for place, declaration in enumerate(declarations):
        found = connection.execute(f"SELECT DISTINCT typeof(c{place}) FROM t WHERE c{place} IS NOT NULL").fetchall()  # noqa: S608
        kind = arrow_type(declaration) or type_of_classes(frozenset(name for (name,) in found))
        if kind is None:
            return f"column 'c{place}' holds values of the classes"
        kinds.append(kind)
    rows = []
    cursor = connection.execute("SELECT * FROM t")
    while True:
        try:
            row = next(cursor, None)
        except UnicodeDecodeError:
            return f"row {len(rows) + 1}: there is a text that is not UTF-8"
        if row is None:
            break
        for place, (value, kind) in enumerate(zip(row, kinds, strict=True)):
            try:
                _one_by_one([value], kind)
            except Misfit:
                if type(value) in (int, float):
                    return f"row {len(rows) + 1}, column 'c{place}': a value of class "
                return f"row {len(rows) + 1}, column 'c{place}': a value of class {STORAGE_CLASSES[type(value)]} is no "
        rows.append(row)
    values = list(zip(*rows, strict=True)) or [()] * len(kinds)
    schema = pa.schema([(f"c{place}", kind) for place, kind in enumerate(kinds)])
    return pa.table([_one_by_one(column, kind) for column, kind in zip(values, kinds, strict=True)], schema=schema)


def read_in_batches(workplace, batch_rows):
    try:
        with workplace.database.read("SELECT * FROM t", {}, batch_rows=batch_rows) as rows:
            table = pa.Table.from_batches(list(rows), rows.schema)
    except ConnectorError as error:
        return error.problem.message
    table.validate(full=True)
    return table


@settings(max_examples=120, deadline=None)
@given(table=tables(), batch_rows=st.sampled_from([1, 3, 20, 1000]))
@example(table=(["INTEGER", "DATE"], [(1, "2012-01-01"), (2, "x"), ("x", "2012-01-01")]), batch_rows=1000)
@example(table=(["DATE", "INTEGER"], [("x", BrokenText(b"\xff"))]), batch_rows=1000)
@example(table=(["INTEGER"], [(1,)] * 20 + [(1.5,)]), batch_rows=1000)
@example(table=(["TEXT"], [("a",)] * 20 + [(b"a",), (None,)]), batch_rows=1000)
@example(table=(["BLOB"], [(b"a",)] * 20 + [("a",), (None,)]), batch_rows=1000)
@example(table=(["DECIMAL(12,2)"], [(1,), (0.1 + 0.2,), ("x",), (1e300,)]), batch_rows=1000)
@example(table=(["DECIMAL(12,2)"], [(None,)] * 16 + [(5,), (0.1 + 0.2,), (-0.0,)]), batch_rows=1000)
@example(table=(["DECIMAL_TEXT(38,9)"], [(None,)] * 16 + [("1.5",)]), batch_rows=1000)
@example(table=(["DECIMAL_TEXT(38,9)"], [(None,)] * 16 + [("1.5",), ("x",)]), batch_rows=1000)
@example(table=(["NUMERIC(19,0)"], [(2**63 - 1,), (1,)] * 20), batch_rows=1000)
def test_any_table_is_read_as_value_by_value_or_refused_for_the_same_value(table, batch_rows):
    declarations, rows = table
    with tempfile.TemporaryDirectory() as folder:
        workplace = Workplace(Path(folder))
        fill(workplace, declarations, rows)
        expected = read_plainly(workplace, declarations)

        found = read_in_batches(workplace, batch_rows)

        if isinstance(expected, str):
            assert isinstance(found, str), f"expected: {expected}"
            assert found.startswith(expected)
            return
        assert not isinstance(found, str), found
        assert found.schema == expected.schema
        assert found.equals(expected)
        texts = {workplace.text("SELECT * FROM t", fetch_size=size) for size in (1, batch_rows)}
        assert len(texts) == 1
