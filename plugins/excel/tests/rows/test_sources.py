"""Rows from files and flows: what comes, and what is refused."""

from __future__ import annotations

import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet
import pytest

from aetherflow.kernel.api import StepError
from aetherflow_excel.rows.csv_file import CsvFile
from aetherflow_excel.rows.json_rows import JsonRows
from aetherflow_excel.rows.parquet_file import ParquetFile
from aetherflow_excel.rows.sources import CountedTable

pytestmark = pytest.mark.unit


def rows_of(table):
    return [list(row.values()) for batch in table.batches() for row in batch.to_pylist()]


def refusal(table):
    """The code and the message of what the table is refused with, whether its rows are counted or read."""
    told = []
    for read in (table.count_rows, lambda: rows_of(table)):
        with pytest.raises(StepError) as error:
            read()
        told.append((error.value.problem.code, error.value.problem.message))
    assert told[0] == told[1]
    return told[0]


@pytest.fixture
def csv(tmp_path):
    def write(text: str | bytes, **options) -> CsvFile:
        path = tmp_path / "rows.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return CsvFile(path=path, **options)

    return write


# CSV


def test_fields_are_text_and_empty_ones_null(csv):
    table = csv('id,name\n007,"a ""b"", c"\n,\n"","x"\n')

    assert table.columns == ("id", "name")
    assert rows_of(table) == [["007", 'a "b", c'], [None, None], ["", "x"]]
    assert table.count_rows() == 3


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('a,b\n"1\n\n2",3\n4,5\n', 2),
        ('a,b\r\n1,"\r\n"\r\n', 1),
        ("a,b\n\n1,2\n\n\n3,4\n\n", 2),
        ("a\n1\n\n2\n", 3),
        ("a,b\n1,2", 1),
        ("a,b\n", 0),
        ("a,b", 0),
        ("", 0),
        ("\n\n", 0),
        ('\n\n"a\n1",b\n1,2\n', 1),
    ],
)
def test_counted_rows_are_those_that_come(csv, text, count):
    table = csv(text)

    assert table.count_rows() == count == len(rows_of(table))


def test_other_marks_encoding_and_nulls(csv):
    text = "größe;note\n'1;2';NA\n3;'NA'\n".encode("cp1252")
    table = csv(text, delimiter=";", quote="'", encoding="cp1252", null_values=("NA",))

    assert table.columns == ("größe", "note")
    assert rows_of(table) == [["1;2", None], ["3", "NA"]]


def test_utf16_and_byte_order_marks_are_read(csv):
    assert rows_of(csv("a,b\nä,1\n".encode("utf-16"), encoding="utf-16")) == [["ä", "1"]]
    marked = csv(b"\xef\xbb\xbfa,b\n1,2\n")
    assert (marked.columns, rows_of(marked)) == (("a", "b"), [["1", "2"]])


def test_without_a_header_the_first_row_is_a_row(csv):
    table = csv("1,2\n3,4\n", has_header=False)
    assert (table.columns, rows_of(table)) == (("column_1", "column_2"), [["1", "2"], ["3", "4"]])
    named = csv("1,2\n3,4\n", has_header=False, names=("x", "y"))
    assert (named.columns, named.count_rows()) == (("x", "y"), 2)


def test_selected_columns_come_in_their_order(csv):
    table = csv("a,b,c\n1,2,3\n", selected=("c", "a"))
    assert (table.columns, table.count_rows(), rows_of(table)) == (("c", "a"), 1, [["3", "1"]])
    missing = csv("a,b\n1,2\n", selected=("z",))
    with pytest.raises(StepError, match=r"rows\.csv: there is no column 'z'"):
        rows_of(missing)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n3\n", "rows.csv: row 3 of the file has 1 fields instead of 2"),
        ("a,b\n1,2,3\n", "rows.csv: row 2 of the file has 3 fields instead of 2"),
        ('a,b\n1,"2\n3,4\n', "rows.csv: a quote is never closed: the last row goes on to the end of the file"),
        (b"a,b\n1,\xff\n", "rows.csv: it holds bytes that are no text in its encoding"),
        (b"a,\xff\n1,2\n", "rows.csv: it holds bytes that are no text in its encoding"),
    ],
)
def test_broken_file_is_refused_with_its_reason(csv, text, told):
    assert refusal(csv(text)) == ("AF-EXCEL-SOURCE", told)


@pytest.mark.parametrize(("delimiter", "quote"), [(",", ","), ("€", '"'), ("ab", '"'), (",", "\n"), ("", '"')])
def test_marks_that_no_file_can_have_are_refused(csv, delimiter, quote):
    told = "rows.csv: delimiter and quotechar must be two different ASCII characters"
    assert refusal(csv("a,b\n1,2\n", delimiter=delimiter, quote=quote)) == ("AF-EXCEL-SOURCE", told)


def test_encoding_that_does_not_exist_is_refused(csv):
    assert refusal(csv("a,b\n1,2\n", encoding="utf-9")) == ("AF-EXCEL-SOURCE", "rows.csv: there is no encoding 'utf-9'")


def test_column_that_stands_twice_is_refused(csv):
    assert refusal(csv("a,b,a\n1,2,3\n")) == ("AF-EXCEL-COLUMNS", "rows.csv: two columns are called 'a'")


def test_file_that_is_not_there_is_refused(tmp_path):
    assert refusal(CsvFile(path=tmp_path / "none.csv")) == (
        "AF-EXCEL-SOURCE",
        "none.csv: it can't be read: No such file or directory",
    )


def test_rows_larger_than_a_block_come_once_and_in_order(csv):
    texts = [str(number) if number % 500 else f"{number}" + "x" * 100_000 for number in range(1, 3001)]
    texts[2500] = "y" * 2_000_000
    table = csv("a,b\n" + "".join(f"{text},1\n" for text in texts))

    assert table.count_rows() == 3000
    assert [row[0] for row in rows_of(table)] == texts


def test_quote_that_is_never_closed_in_a_large_file_is_refused(csv):
    table = csv('a,b\n1,2\n1,"2\n' + "3,4567\n" * 6_000_000)

    assert refusal(table) == ("AF-EXCEL-SOURCE", "rows.csv: a row is larger than 16 MiB, or a quote is never closed")


# Parquet


@pytest.fixture
def parquet(tmp_path):
    def write(table: pa.Table, **options) -> ParquetFile:
        path = tmp_path / "rows.parquet"
        pyarrow.parquet.write_table(table, path)
        return ParquetFile(path=path, **options)

    return write


def test_parquet_keeps_its_types_and_gives_the_chosen_columns_in_their_order(parquet):
    data = pa.table({"a": pa.array([1, 2], pa.int32()), "b": ["x", None], "c.d": [Decimal("1.5"), None]})

    whole, chosen = parquet(data), parquet(data, selected=("c.d", "a"))

    assert (whole.columns, whole.count_rows(), rows_of(whole)) == (
        ("a", "b", "c.d"),
        2,
        [[1, "x", Decimal("1.5")], [2, None, None]],
    )
    assert chosen.schema == pa.schema([("c.d", pa.decimal128(2, 1)), ("a", pa.int32())])
    assert rows_of(chosen) == [[Decimal("1.5"), 1], [None, 2]]


def test_parquet_without_rows_has_columns(parquet):
    table = parquet(pa.table({"a": pa.array([], pa.int32())}))
    assert (table.columns, table.count_rows(), rows_of(table)) == (("a",), 0, [])


def test_parquet_without_the_chosen_column_is_refused(parquet):
    with pytest.raises(StepError, match=r"rows\.parquet: there is no column 'z'") as error:
        parquet(pa.table({"a": [1]}), selected=("z",)).columns  # noqa: B018
    assert error.value.problem.code == "AF-EXCEL-COLUMNS"


def test_file_that_is_no_parquet_is_refused(tmp_path):
    path = tmp_path / "rows.parquet"
    path.write_text("id,name\n")
    assert refusal(ParquetFile(path=path)) == ("AF-EXCEL-SOURCE", "rows.parquet: it can't be read as Parquet")


def test_parquet_that_is_cut_short_is_refused(parquet):
    table = parquet(pa.table({"a": list(range(10_000))}))
    table.path.write_bytes(table.path.read_bytes()[:-20])
    assert refusal(table) == ("AF-EXCEL-SOURCE", "rows.parquet: it can't be read as Parquet")


# JSON


def test_lists_keep_the_types_of_json():
    table = JsonRows('[[1, "a", 1.5, true], [2, null, null, false]]', '["id", "name", "share", "is_open"]')

    assert table.columns == ("id", "name", "share", "is_open")
    assert table.schema.types == [pa.int64(), pa.string(), pa.float64(), pa.bool_()]
    assert rows_of(table) == [[1, "a", 1.5, True], [2, None, None, False]]
    assert table.count_rows() == 2


def test_mappings_have_the_columns_that_any_of_them_names():
    rows = [{"a": 1}, {"b": "x", "a": 2}]
    assert (JsonRows(rows).columns, rows_of(JsonRows(rows))) == (("a", "b"), [[1, None], [2, "x"]])
    assert rows_of(JsonRows(rows, ["b", "a"])) == [[None, 1], ["x", 2]]


def test_column_of_several_kinds_of_values_keeps_each():
    assert rows_of(JsonRows([[1], ["a"], [None], [2.5], [True]])) == [[1], ["a"], [None], [2.5], [True]]


def test_whole_numbers_of_any_size_keep_their_digits():
    assert rows_of(JsonRows([[1], [2**70]])) == [[Decimal(1)], [Decimal(2**70)]]
    assert rows_of(JsonRows([[10**90], [7]])) == [[str(10**90)], ["7"]]


def test_no_rows_are_no_rows():
    assert (JsonRows("[]", ["a"]).columns, JsonRows([], ["a"]).count_rows(), rows_of(JsonRows("[]", ["a"]))) == (
        ("a",),
        0,
        [],
    )
    assert JsonRows("[]").columns == ()


@pytest.mark.parametrize(
    ("rows", "columns", "code", "told"),
    [
        ([[1, 2], [3]], [], "AF-EXCEL-ROWS", "row 2 of the rows has 1 values for 2 columns"),
        ([[1, 2]], ["a"], "AF-EXCEL-ROWS", "row 1 of the rows has 2 values for 1 columns"),
        ([[1], {"a": 1}], [], "AF-EXCEL-ROWS", "row 2 of the rows is no list, as the others are"),
        ([1, 2], [], "AF-EXCEL-ROWS", "row 1 of the rows is no list"),
        ([[], []], [], "AF-EXCEL-ROWS", "row 1 of the rows has no values"),
        ([{"a": 1}], ["b"], "AF-EXCEL-COLUMNS", "no row has a column 'b'"),
        ([["\ud800"]], ["a"], "AF-EXCEL-VALUE", "column 'a' holds a value that no cell can hold"),
    ],
)
def test_odd_rows_are_refused(rows, columns, code, told):
    table = JsonRows(rows, columns)
    with pytest.raises(StepError) as error:
        rows_of(table)
    assert (error.value.problem.code, error.value.problem.message) == (code, told)


@pytest.mark.parametrize("text", ["", "{}", "[1", "null", "[" * 100_000])
def test_text_that_is_no_json_list_is_refused(text):
    with pytest.raises(StepError, match="rows_json is no JSON list"):
        JsonRows(text)


def test_column_named_twice_is_refused():
    with pytest.raises(StepError, match="two columns are called 'a'"):
        JsonRows([[1, 2]], ["a", "a"])


# The number of rows


@pytest.mark.parametrize(
    ("row_count", "told"),
    [
        (1, "there are more than 1 rows, against row_count"),
        (3, "there are 2 rows, against row_count".replace("2 rows", "2 instead of 3 rows")),
    ],
)
def test_rows_that_are_not_as_many_as_was_said_are_refused(row_count, told):
    table = CountedTable(JsonRows([[1], [2]]), row_count)
    assert table.count_rows() == row_count
    with pytest.raises(StepError) as error:
        rows_of(table)
    assert (error.value.problem.code, error.value.problem.message) == ("AF-EXCEL-ROW-COUNT", told)


def test_file_that_changes_after_it_was_counted_is_refused(csv):
    table = CountedTable(csv("a,b\n1,2\n3,4\n"))
    assert table.count_rows() == 2
    csv("a,b\n1,2\n")
    with pytest.raises(StepError, match="the source changed while it was read: it has 1 instead of 2 rows now"):
        rows_of(table)


def test_json_text_is_read_as_its_rows():
    rows = [{"a": "ä\u2028"}, {"a": None}]
    assert rows_of(JsonRows(json.dumps(rows))) == [["ä\u2028"], [None]]
