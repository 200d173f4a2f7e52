"""Whatever table is written, the same table is read back."""

from __future__ import annotations

import os
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from pyarrow import parquet

from plugins.excel.tests.workplace import Workplace

pytestmark = pytest.mark.unit

EXAMPLES = int(os.environ.get("AETHERFLOW_EXAMPLES", "40"))
DAY = timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)
FIRST = datetime.fromisoformat("1900-01-01")

#: What is written as text is read back as text; nothing else is changed. calamine tells moments to the millisecond.
COLUMNS = {
    "int": (pa.int64(), st.integers(-(10**15) + 1, 10**15 - 1)),
    "float": (pa.float64(), st.floats(allow_nan=False, allow_infinity=False)),
    "bool": (pa.bool_(), st.booleans()),
    "string": (
        pa.string(),
        st.text(st.characters(codec="utf-8", exclude_characters="\ufffe\uffff"), min_size=1, max_size=60),
    ),
    "date": (pa.date32(), st.dates(date(1900, 1, 1), date(9999, 12, 31))),
    "datetime": (
        pa.timestamp("us"),
        st.integers(0, 2_958_463 * DAY // MILLISECOND).map(lambda ticks: FIRST + ticks * MILLISECOND),
    ),
    "time": (
        pa.time64("us"),
        st.integers(0, DAY // MILLISECOND - 1).map(lambda ticks: (FIRST + ticks * MILLISECOND).time()),
    ),
    "decimal(15,3)": (
        pa.decimal128(15, 3),
        st.integers(-(10**15) + 1, 10**15 - 1).map(lambda units: Decimal(units).scaleb(-3)),
    ),
}


@st.composite
def tables(draw):
    """A table whose first column numbers the rows, and the words for its types."""
    count = draw(st.integers(0, 12))
    words = draw(st.lists(st.sampled_from(sorted(COLUMNS)), max_size=6))
    arrays, names = [pa.array(range(count), pa.int64())], ["row"]
    for number, word in enumerate(words):
        kind, some = COLUMNS[word]
        arrays.append(pa.array(draw(st.lists(st.none() | some, min_size=count, max_size=count)), kind))
        names.append(f"{word} {number}")
    return pa.table(arrays, names), dict(zip(names, ["int", *words], strict=True))


@settings(max_examples=EXAMPLES, deadline=None)
@given(tables(), st.booleans())
def test_a_table_that_is_written_and_read_is_the_same(made, is_table):
    table, words = made
    with TemporaryDirectory() as folder:
        workplace = Workplace(Path(folder))
        parquet.write_table(table, Path(folder, "rows.parquet"))

        workplace.write(source="rows.parquet", exact="number", **({"table": "Rows"} if is_table else {}))
        workplace.read(output="back.parquet", types=words, **({"table": "Rows"} if is_table else {}))

        back = parquet.read_table(Path(folder, "back.parquet"))
    assert back.schema.names == table.schema.names
    assert back.to_pylist() == table.to_pylist()


def test_columns_have_the_types_that_they_were_written_with(tmp_path):
    workplace = Workplace(tmp_path)
    columns = {
        "int": [1, 2],
        "float": [1.5, 2.0],
        "bool": [True, False],
        "string": ["1", "x"],
        "date": [date(2024, 2, 29), None],
        "datetime": [datetime.fromisoformat("2024-02-29 01:02:03.004"), datetime.fromisoformat("2024-02-29")],
        "time": [time(1, 2, 3), time(0)],
    }

    workplace.write(source=workplace.write_parquet(columns))

    assert workplace.read(output="back.parquet")["types"] == {name: name for name in columns}
    assert parquet.read_table(tmp_path / "back.parquet").to_pydict() == columns
