"""A table of any supported types goes into the database, to a file, and back, and is the same.

`AETHERFLOW_EXAMPLES=5000` tries so many tables for each format, instead of sixty.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from .conftest import Workplace

pytestmark = pytest.mark.integration

EXAMPLES = int(os.environ.get("AETHERFLOW_EXAMPLES", "60"))
#: Databases in memory, where there is such a folder: each of thousands of commits waits for no disk then.
FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder below it is made for each
CHARACTERS = st.characters(exclude_categories=["Cs"])
#: Texts with a meaning to somebody.
LOADED = (
    *(
        "",
        " ",
        ",",
        "\t",
        '"',
        '""',
        "'",
        "\r\n",
        "\n",
        "\r",
        "NULL",
        "null",
        "NaN",
        "0",
        "007",
        "=1+1",
        "\\N",
        "\\",
        '\\"',
    ),
    *("\ufeff", "\x00", "a\x00b", "\x85", "\u2028", "e\u0301", "\U0010ffff", "true", "2012-01-01", "{}", "#", "-- x"),
    "x" * 5000,
)
TEXT = st.text(CHARACTERS, max_size=12) | st.sampled_from(LOADED)
#: The first column of a CSV file can't begin with a byte order mark: readers take it for the file's.
NAMES = st.text(CHARACTERS.filter(lambda c: c not in "\x00\ufeff"), min_size=1, max_size=8)
DAYS = st.dates() | st.sampled_from([dt.date.min, dt.date.max, dt.date(1582, 10, 15), dt.date(1969, 12, 31)])
TIMES = st.times() | st.sampled_from([dt.time.min, dt.time.max])
FIRST, LAST = dt.datetime.min, dt.datetime.max  # noqa: DTZ901 - a column without a zone
MOMENTS = st.datetimes() | st.sampled_from([FIRST, LAST, dt.datetime(1970, 1, 1)])  # noqa: DTZ001 - as above
INSTANTS = MOMENTS.map(lambda moment: moment.replace(tzinfo=dt.UTC))
INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([-(2**63), 2**63 - 1, 2**53 + 1, 0, -1])
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([5e-324, -0.0, 1.7976931348623157e308, 0.1])


def decimals(digits, places):
    bound = 10**digits - 1
    values = st.integers(-bound, bound) | st.sampled_from([-bound, bound, 0, 1])
    return pa.decimal128(digits, places), values.map(lambda number: Decimal(f"{number}E-{places}"))


#: Types as a Parquet file may have them, and values.
KINDS = [
    (pa.bool_(), st.booleans()),
    (pa.int64(), INTEGERS),
    (pa.int8(), st.integers(-128, 127)),
    (pa.uint32(), st.integers(0, 2**32 - 1)),
    (pa.uint64(), st.integers(0, 2**63 - 1)),
    (pa.float64(), FLOATS),
    (pa.float32(), st.floats(width=32, allow_nan=False, allow_infinity=False)),
    decimals(1, 0),
    decimals(10, 2),
    decimals(15, 15),
    decimals(15, 0),
    decimals(16, 0),
    decimals(18, 2),
    decimals(38, 0),
    decimals(38, 9),
    decimals(38, 38),
    (pa.string(), TEXT),
    (pa.large_string(), TEXT),
    (pa.dictionary(pa.int32(), pa.string()), TEXT),
    (pa.binary(), st.binary(max_size=8)),
    (pa.binary(3), st.binary(min_size=3, max_size=3)),
    (pa.date32(), DAYS),
    (pa.date64(), DAYS),
    (pa.time32("s"), TIMES.map(lambda time: time.replace(microsecond=0))),
    (pa.time64("us"), TIMES),
    (pa.timestamp("us"), MOMENTS),
    (pa.timestamp("ms"), MOMENTS.map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))),
    (pa.timestamp("us", "UTC"), INSTANTS),
    (pa.timestamp("us", "Asia/Kathmandu"), INSTANTS),
    (pa.null(), st.none()),
]
#: What a table has in place of them.
PLAIN = {
    pa.int8(): pa.int64(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.int64(),
    pa.float32(): pa.float64(),
    pa.large_string(): pa.string(),
    pa.dictionary(pa.int32(), pa.string()): pa.string(),
    pa.binary(3): pa.binary(),
    pa.date64(): pa.date32(),
    pa.time32("s"): pa.time64("us"),
    pa.timestamp("ms"): pa.timestamp("us"),
    pa.timestamp("us", "Asia/Kathmandu"): pa.timestamp("us", "UTC"),
    pa.null(): pa.string(),
}


@st.composite
def tables(draw):
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6))
    names = draw(st.lists(NAMES, min_size=len(kinds), max_size=len(kinds), unique_by=str.casefold))
    size = draw(st.integers(0, 12))
    columns = [
        pa.array(draw(st.lists(st.none() | values, min_size=size, max_size=size)), arrow_type)
        for arrow_type, values in kinds
    ]
    return pa.table(columns, names=names)


def as_kept(table):
    return table.cast(pa.schema([(field.name, PLAIN.get(field.type, field.type)) for field in table.schema]))


def every_type(size):
    columns = [pa.array([None] * size, arrow_type) for arrow_type, _ in KINDS]
    return pa.table(columns, names=[f"column {number}" for number in range(len(columns))])


@pytest.mark.parametrize("file_format", ["parquet", "csv", "tsv", "jsonl"])
@given(table=tables())
@example(table=every_type(0))
@example(table=every_type(1))
@example(table=pa.table({"only": pa.array(["", None, '"', "\r"])}))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_table_survives_the_database_and_a_file(file_format, table):
    expected = as_kept(table)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        workplace = Workplace(Path(folder))
        given_file, file = workplace.folder / "given.parquet", workplace.folder / f"file.{file_format}"
        pq.write_table(table, given_file)
        workplace.load(given_file, table="first")

        written = workplace.extract("SELECT * FROM first", file.name, fetch_size=5, emit_dtypes=True)
        types = {} if file_format == "parquet" else written.dtypes
        workplace.load(file, table="made by types", types=types)
        # Without a single row, JSON lines don't name their columns.
        workplace.load(file, table="first", mode="replace", types={} if table.num_rows else types)

        for name in ("made by types", "first"):
            back = workplace.extract(f'SELECT * FROM "{name}"', "back.parquet")  # noqa: S608 - the test's own names
            assert pq.read_table(back.artifact_path).equals(expected), name


@given(table=tables())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_table_that_is_kept_as_outputs_and_loaded_again_is_the_same(table):
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        workplace = Workplace(Path(folder))
        pq.write_table(table, workplace.folder / "given.parquet")
        workplace.load(workplace.folder / "given.parquet", table="first")

        kept = workplace.fetch("SELECT * FROM first", fetch_size=5)
        outputs = type(kept).model_validate_json(kept.model_dump_json())
        rows = pa.table(
            [pa.array([row[place] for row in outputs.rows]) for place in range(len(outputs.columns))],
            names=outputs.columns,
        )
        workplace.extract_plain("SELECT * FROM first", "plain.jsonl", format="jsonl")
        workplace.load(workplace.folder / "plain.jsonl", table="second", types=outputs.dtypes)

        again = workplace.fetch("SELECT * FROM second")
        assert (again.columns, again.rows, again.dtypes) == (kept.columns, kept.rows, kept.dtypes)
        assert rows.num_rows == outputs.row_count == table.num_rows
