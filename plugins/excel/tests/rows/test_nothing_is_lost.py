"""Whatever stands in a file: it comes as it is, or is refused with a reason."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, settings, strategies as st

from aetherflow.kernel.api import StepError
from aetherflow_excel.rows.cells import CellPlan, ColumnStyle, render_cells
from aetherflow_excel.rows.csv_file import CsvFile
from aetherflow_excel.rows.json_rows import JsonRows
from aetherflow_excel.rows.sources import with_types

pytestmark = pytest.mark.unit

FIELDS = st.text(st.sampled_from("ab01,;\"' \t\r\n=é😀\x00"), max_size=6)
NUMBERS = st.one_of(
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{0,20})?(e[-+][0-9]{1,4})?", fullmatch=True),
)


def csv_file(folder: str, content: bytes, **options) -> CsvFile:
    path = Path(folder) / "rows.csv"
    path.write_bytes(content)
    return CsvFile(path=path, **options)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.lists(FIELDS, min_size=3, max_size=3), max_size=8),
    # With other ends of lines, Python does not quote a carriage return: it would be read as an end itself.
    style=st.sampled_from([(csv.QUOTE_ALL, "\n"), (csv.QUOTE_NONNUMERIC, "\r\n"), (csv.QUOTE_MINIMAL, "\r\n")]),
    delimiter=st.sampled_from(",;\t"),
)
def test_rows_that_python_writes_come_as_they_are(rows, style, delimiter):
    (quoting, line_end), written = style, io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, quoting=quoting, lineterminator=line_end)
    writer.writerows([["x", "y", "z"], *rows])

    with tempfile.TemporaryDirectory() as folder:
        table = csv_file(folder, written.getvalue().encode(), delimiter=delimiter)
        found = [[value or "" for value in row.values()] for batch in table.batches() for row in batch.to_pylist()]
        assert found == rows
        assert table.count_rows() == len(rows)


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=80) | st.text(st.sampled_from('a1,"\r\n\t \x00é'), max_size=80).map(str.encode))
@example(content=b'a,b\n"')
@example(content=b'"a\n')
@example(content=b"\xef\xbb\xbf")
@example(content=b"\xff\xfea\x00")
@example(content=b"a\x00,b\n1\x00,2\n")
def test_any_bytes_are_a_table_or_refused(content):
    with tempfile.TemporaryDirectory() as folder:
        table = csv_file(folder, content)
        try:
            count = table.count_rows()
        except StepError as error:
            assert error.problem.code in {"AF-EXCEL-SOURCE", "AF-EXCEL-COLUMNS"}  # noqa: PT017 - either is right
            with pytest.raises(StepError):
                list(table.batches())
        else:
            assert sum(batch.num_rows for batch in table.batches()) == count


@settings(max_examples=500, deadline=None)
@given(texts=st.lists(NUMBERS, min_size=1, max_size=4))
@example(texts=["12345678901234567890"])
@example(texts=["0.1000000000000000055511151231257827"])
@example(texts=["1e-400"])
@example(texts=["-0.0"])
def test_number_that_is_recognised_has_the_value_of_its_text(texts):
    table = with_types(JsonRows([[text] for text in texts], ["value"]), "basic")
    (batch,) = table.batches()
    cells = render_cells(batch, 1, 1, CellPlan([ColumnStyle()])).to_pylist()

    for text, cell in zip(texts, cells, strict=True):
        if "<v>" in cell:
            assert Decimal(cell.partition("<v>")[2].partition("</v>")[0]) == Decimal(text)
        else:
            assert cell.partition("<t>")[2].partition("</t>")[0] == text


@settings(max_examples=300, deadline=None)
@given(
    values=st.lists(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(codec="utf-8", exclude_characters="\ufffe\uffff"), max_size=20),
        min_size=1,
        max_size=8,
    )
)
def test_every_cell_of_json_has_the_kind_of_its_value(values):
    (batch,) = JsonRows([[value] for value in values], ["value"]).batches()
    cells = render_cells(batch, 1, 1, CellPlan([ColumnStyle()])).to_pylist()

    for value, cell in zip(values, cells, strict=True):
        kind = re.search(r' t="(\w+)"', cell)
        if value is None or value == "":
            assert cell == ""
        elif isinstance(value, bool):
            assert kind is not None
            assert kind[1] == "b"
        elif isinstance(value, str):
            assert kind is not None
            assert kind[1] == "inlineStr"
        elif isinstance(value, float) or len(str(abs(value)).rstrip("0")) <= 15:
            assert kind is None


def test_reference_reading_of_digits_agrees_with_arrow():
    """Arrow's parsing of floats is exact: what the guesses rest on."""
    texts = ["0.1", "123456789012345", "1e22", "8.5", "2.2250738585072014e-308", "9007199254740993"]
    assert pa.array(texts).cast(pa.float64()).to_pylist() == [float(text) for text in texts]
    assert pc.cast(pa.array([0.1 + 0.2]), pa.string()).to_pylist() == ["0.30000000000000004"]
