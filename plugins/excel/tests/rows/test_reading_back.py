"""Whatever a table holds, two other libraries read the same values of the same types out of the workbook."""

from __future__ import annotations

import datetime as dt
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from aetherflow_excel.rows.rules import ValueRules
from plugins.excel.tests.rows.sheets import read_with_calamine, read_with_openpyxl, write_workbook

pytestmark = pytest.mark.unit

DAY = dt.timedelta(days=1)
#: Dates that every reader counts alike: from where 1900-02-29 no longer matters.
DATES = st.dates(dt.date(1904, 1, 2), dt.date(9999, 12, 31))
MOMENTS = st.datetimes(dt.datetime(1904, 1, 2), dt.datetime(9999, 12, 31))  # noqa: DTZ001 - a worksheet has no zones
TEXTS = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_characters="\ufffe\uffff"),
        st.sampled_from("=+-@\t\r\n <>&_x0041\u0000\u0007\u001f'\"\ufeff\u2028\u0085😀"),
    ),
    max_size=30,
)
HOSTILE = st.sampled_from(
    ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "_x0041_", "_x005F_x0041_", "_x0041_x0042_", "]]>", "&amp;", " ", "007"]
)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20)
FINITE = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
COLUMNS: dict[str, tuple[pa.DataType, st.SearchStrategy[object]]] = {
    "bool": (pa.bool_(), st.booleans()),
    "int8": (pa.int8(), st.integers(-128, 127)),
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "uint64": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "float64": (pa.float64(), FINITE),
    "float32": (pa.float32(), st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False)),
    "decimal": (pa.decimal128(38, 4), DECIMALS),
    "decimal256": (pa.decimal256(50, 4), DECIMALS),
    "string": (pa.string(), TEXTS | HOSTILE),
    "large_string": (pa.large_string(), TEXTS | HOSTILE),
    "string_view": (pa.string_view(), TEXTS | HOSTILE),
    "dictionary": (pa.dictionary(pa.int32(), pa.string()), TEXTS | HOSTILE),
    "date32": (pa.date32(), DATES),
    "date64": (pa.date64(), DATES),
    "seconds": (pa.timestamp("s"), MOMENTS.map(lambda moment: moment.replace(microsecond=0))),
    "microseconds": (pa.timestamp("us"), MOMENTS),
    "zoned": (pa.timestamp("us", "Asia/Kolkata"), MOMENTS.map(lambda moment: moment.replace(tzinfo=dt.UTC))),
    "time": (pa.time64("us"), st.times()),
    "nothing": (pa.null(), st.none()),
}


@st.composite
def tables(draw):
    row_count = draw(st.integers(1, 5))
    kinds = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=6))
    values = [draw(st.lists(st.none() | COLUMNS[kind][1], min_size=row_count, max_size=row_count)) for kind in kinds]
    arrays = [_array(column, COLUMNS[kind][0]) for column, kind in zip(values, kinds, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=[f"{place}" for place in range(len(kinds))]), kinds, values


def _array(values, kind):
    return (
        pa.array(values, kind.value_type).dictionary_encode()
        if pa.types.is_dictionary(kind)
        else pa.array(values, kind)
    )


def expected(kind: str, value: object) -> object:
    """What a person would see in the cell."""
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if len(str(abs(value)).rstrip("0")) <= 15 else str(value)
    if isinstance(value, Decimal):
        digits = f"{value:.4f}".replace("-", "").replace(".", "").strip("0")
        return float(value) if len(digits) <= 15 else f"{value:.4f}"
    if kind == "float32":
        return float(str(pa.scalar(value, pa.float32()).cast(pa.string())))
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    return value


def same(found: object, wanted: object) -> bool:
    if isinstance(wanted, dt.datetime) or (isinstance(found, dt.datetime) and isinstance(wanted, dt.date)):
        wanted = wanted if isinstance(wanted, dt.datetime) else dt.datetime.combine(wanted, dt.time())
        found = found if isinstance(found, dt.datetime) else dt.datetime.combine(found, dt.time())
        return abs(found - wanted) <= dt.timedelta(milliseconds=1)
    if isinstance(wanted, dt.time):
        return _is_close_in_time(found, wanted)
    if isinstance(wanted, bool) or isinstance(found, bool) or isinstance(wanted, str):
        return type(found) is type(wanted) and found == wanted
    if isinstance(wanted, int | float):
        return isinstance(found, int | float) and found == wanted
    return found == wanted


def _is_close_in_time(found: object, wanted: dt.time) -> bool:
    """Readers round to milliseconds; the last one of a day may become the next day."""
    start = dt.datetime(1904, 1, 1)  # noqa: DTZ001 - a worksheet has no zones
    moment = found if isinstance(found, dt.datetime) else None
    if isinstance(found, dt.time):
        moment = dt.datetime.combine(start, found)
    distance = (
        abs(dt.datetime.combine(start, moment.time()) - dt.datetime.combine(start, wanted)) if moment else DAY / 2
    )
    return min(distance, DAY - distance) <= dt.timedelta(milliseconds=1)


@settings(max_examples=150, deadline=None)
@given(table=tables(), counts_from_1904=st.booleans(), first_row=st.integers(1, 120), first_column=st.integers(1, 60))
def test_random_table_is_read_back_alike_by_two_libraries(table, counts_from_1904, first_row, first_column):
    batch, kinds, values = table
    wanted = {
        (row, column): result
        for column, (kind, given_values) in enumerate(zip(kinds, values, strict=True), first_column)
        for row, value in enumerate(given_values, first_row)
        if (result := expected(kind, value)) is not None
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.xlsx"
        rules = ValueRules(counts_from_1904=counts_from_1904)
        write_workbook(path, batch, first_row=first_row, first_column=first_column, rules=rules)
        for read in (read_with_openpyxl, read_with_calamine):
            found = read(path)
            assert found.keys() == wanted.keys(), read.__name__
            for place, value in wanted.items():
                assert same(found[place], value), (read.__name__, kinds[place[1] - first_column], found[place], value)
