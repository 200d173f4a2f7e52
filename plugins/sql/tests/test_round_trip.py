"""A table of any supported types goes to a file, into the database, to a file, and back, and is the same."""

from __future__ import annotations

import datetime as dt
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from .conftest import Workplace

pytestmark = pytest.mark.integration

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", ",", '"', "\r\n", "\n", "NULL", "null", "NaN", "0", "=1+1", "\\N", "\ufeff", "\x00", "a\x00b"]
)
MOMENTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30))  # noqa: DTZ001 - bounds have no zone


def decimals(digits, places):
    bound = 10**digits - 1
    values = st.integers(-bound, bound).map(lambda number: Decimal(f"{number}E-{places}"))
    return pa.decimal128(digits, places), values


KINDS = st.sampled_from(
    [
        (pa.bool_(), st.booleans()),
        (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
        (pa.float64(), st.floats(allow_nan=False)),
        decimals(10, 2),
        decimals(15, 15),
        decimals(15, 0),
        decimals(18, 2),
        decimals(38, 9),
        (pa.string(), TEXT),
        (pa.binary(), st.binary(max_size=8)),
        (pa.date32(), st.dates()),
        (pa.time64("us"), st.times()),
        (pa.timestamp("us"), MOMENTS),
        (pa.timestamp("us", "UTC"), MOMENTS.map(lambda moment: moment.replace(tzinfo=dt.UTC))),
    ]
)


@st.composite
def tables(draw):
    kinds = draw(st.lists(KINDS, min_size=1, max_size=5))
    size = draw(st.integers(1, 12))
    columns = [
        pa.array(draw(st.lists(st.none() | values, min_size=size, max_size=size)), arrow_type)
        for arrow_type, values in kinds
    ]
    return pa.table(columns, names=[f"column {number}" for number in range(len(columns))])


@given(table=tables())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_table_survives_parquet_the_database_and_csv(table):
    with tempfile.TemporaryDirectory() as folder:
        workplace = Workplace(Path(folder))
        pq.write_table(table, workplace.folder / "given.parquet")

        workplace.load(workplace.folder / "given.parquet", table="first")
        written = workplace.extract("SELECT * FROM first", "first.parquet", fetch_size=5)
        assert pq.read_table(written.artifact_path).equals(table)

        written = workplace.extract("SELECT * FROM first", "second.csv", fetch_size=5, emit_dtypes=True)
        workplace.load(workplace.folder / "second.csv", table="second", types=written.dtypes)
        written = workplace.extract("SELECT * FROM second", "second.parquet")
        assert pq.read_table(written.artifact_path).equals(table)
