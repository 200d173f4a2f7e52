from __future__ import annotations

import datetime as dt
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st
from pydantic import ValidationError

from aetherflow.kernel.api import ConnectorError, Rerun, Skip, StepError
from aetherflow_sql.load_step import DatabaseLoad

from .conftest import Workplace

pytestmark = pytest.mark.integration

MIDNIGHT = dt.datetime(2012, 1, 1)  # noqa: DTZ001 - the columns have no zone
NOON = dt.datetime(2012, 1, 1, 12)  # noqa: DTZ001 - as above


def test_dates_with_slashes_are_loaded_as_dates(workplace):
    outputs = workplace.load(
        "date,rain\n2012/01/01,0.5\n2012/12/31,\n", types={"date": {"type": "date", "format": "%Y/%m/%d"}}
    )

    assert outputs.types == {"date": "date", "rain": "float"}
    assert workplace.rows("SELECT * FROM things") == [(dt.date(2012, 1, 1), 0.5), (dt.date(2012, 12, 31), None)]


@pytest.mark.parametrize("day", ["2012/02/30", "2012-01-01", "2012/01/01x", "01/02/2012"])
def test_a_date_that_does_not_follow_its_format_is_told_with_row_and_column(workplace, day):
    with pytest.raises(StepError, match="row 2, column 'date': the value is no date") as caught:
        workplace.load(f"date\n2012/01/01\n{day}\n", types={"date": {"type": "date", "format": "%Y/%m/%d"}})

    assert day not in str(caught.value)


def test_an_empty_field_is_a_null_and_empty_quotes_an_empty_text(workplace):
    workplace.load('a,b\n1,\n2,""\n')

    assert workplace.rows("SELECT b FROM things ORDER BY a") == [(None,), ("",)]


def test_other_spellings_of_null_are_taken_only_when_asked_for(workplace):
    workplace.load("a,b\nNA,1\n", table="plain")
    workplace.load('a,b\nNA,1\n"NA",2\n', table="asked", null_values=["NA"])

    assert workplace.rows("SELECT a FROM plain") == [("NA",)]
    assert workplace.rows("SELECT a FROM asked ORDER BY b") == [(None,), ("NA",)]


@pytest.mark.parametrize(
    ("values", "word"),
    [
        (["1", "-20", "0", ""], "int"),
        (["1", "2.5", "-3"], "float"),
        (["0.5", "1e+20"], "float"),
        (["1.10", "2.50"], "decimal(15,2)"),
        (["0.0", "10.9", ""], "decimal(15,1)"),
        (["1.10", "1.1"], "string"),
        (["1", "1.0"], "string"),
        (["0.5", "1e3"], "string"),
        (["0.5", "1E5"], "string"),
        (["0.5", "-0"], "string"),
        (["0.0", "-0.0"], "string"),
        (["0.5", "+0.5"], "string"),
        (["1.", "2."], "string"),
        ([".5"], "string"),
        (["00.5"], "string"),
        (['"1,000"'], "string"),
        (["1_000"], "string"),
        (["1e400"], "string"),
        (["12345678901234567.5"], "string"),
        (["true", "false"], "bool"),
        (["2012-01-01", ""], "date"),
        (["2012-01-01 10:00", "2012-01-01T10:00:00.5"], "datetime"),
        (["007", "1"], "string"),
        (["12345678901234567890"], "string"),
        (["0.12345678901234567890"], "string"),
        (["1", "x"], "string"),
        (["2012-02-30"], "string"),
        (["0x10"], "string"),
        (["+1"], "string"),
        ([" 1"], "string"),
        (["nan"], "string"),
        (["", ""], "string"),
    ],
)
def test_a_column_that_nobody_declared_has_the_type_of_all_its_values(workplace, values, word):
    content = "id,x\n" + "".join(f"{number},{value}\n" for number, value in enumerate(values))

    assert workplace.load(content).types["x"] == word


@given(values=st.lists(st.from_regex(r"-?[0-9]{1,17}(\.[0-9]{0,4})?(e[-+]?[0-9]{1,2})?", fullmatch=True), min_size=1))
@settings(max_examples=40, deadline=None)
def test_numbers_whose_types_nobody_declared_come_out_as_they_were_written(values):
    with tempfile.TemporaryDirectory() as folder:
        workplace = Workplace(Path(folder))
        content = "id,x\n" + "".join(f"{number},{value}\n" for number, value in enumerate(values))

        workplace.load(content)

        assert workplace.text("SELECT id, x FROM things ORDER BY id") == content


def test_fractions_that_nobody_declared_are_divided_as_fractions(workplace):
    workplace.load("x\n5.0\n2.5\n")

    assert workplace.rows("SELECT x / 2 AS half FROM things") == [(2.5,), (1.25,)]


def test_a_value_after_many_thousand_rows_decides_as_well(workplace):
    content = "x\n" + "1\n" * 300_000 + "A1\n"

    outputs = workplace.load(content)

    assert outputs.types == {"x": "string"}
    assert outputs.row_count == 300_001


def test_the_types_of_a_table_that_is_there_are_kept(workplace):
    workplace.run("CREATE TABLE things (code TEXT, price DECIMAL(10,2), day DATE)")

    workplace.load("code,price,day\n007,1.10,2012-01-01\n", mode="append")

    assert workplace.rows("SELECT * FROM things") == [("007", Decimal("1.10"), dt.date(2012, 1, 1))]


def test_a_value_that_the_table_cant_hold_is_refused_and_not_stored_as_something_else(workplace):
    workplace.run("CREATE TABLE things (amount INTEGER)")

    with pytest.raises(StepError, match="row 1, column 'amount': the value is no int"):
        workplace.load("amount\n1.5\n", mode="append")


@pytest.mark.parametrize(
    ("values", "declared"),
    [
        (pa.array([1.5]), "INTEGER"),
        (pa.array([2**60 + 1], pa.int64()), "REAL"),
        (pa.array([Decimal("1.23")]), "DECIMAL(10,1)"),
        (pa.array([Decimal("12345678901234567.89")]), "REAL"),
        (pa.array([NOON]), "DATE"),
        (pa.array([NOON]), "TIME"),
        (pa.array([2]), "BOOLEAN"),
        (pa.array([2**63], pa.uint64()), "INTEGER"),
        (pa.array([1], pa.timestamp("ns")), "TIMESTAMP"),
        (pa.array([b"x"]), "INTEGER"),
    ],
)
def test_a_typed_value_is_never_rounded_or_cut_to_fit_the_table(workplace, values, declared):
    pq.write_table(pa.table({"x": values}), workplace.folder / "x.parquet")
    workplace.run(f"CREATE TABLE things (x {declared})")

    with pytest.raises(StepError, match="row 1, column 'x'"):
        workplace.load(workplace.folder / "x.parquet", mode="append")

    assert workplace.rows("SELECT * FROM things") == []


@pytest.mark.parametrize(
    ("values", "declared"),
    [
        (["1.10", "12345678901234567.89"], "DECIMAL(19,2)"),
        (["1", "123456789012345678.00"], "DECIMAL(20,2)"),
        (["1", "12345678901234567891"], "NUMERIC(20,0)"),
        (["1", "9223372036854775808"], "NUMERIC"),
        (["x", "9223372036854775807.5"], "NUMERIC"),
        (["1", "9007199254740993"], "DECIMAL_REAL(16,0)"),
        (["x", "1e400"], "NUMERIC"),
        (["x", "007"], "STRING"),
        (["x", " 7"], "STRING"),
        (["x", "+7"], "STRING"),
    ],
)
def test_a_number_that_the_table_would_change_is_refused_with_its_row_and_column(workplace, values, declared):
    workplace.run(f"CREATE TABLE things (id INTEGER, x {declared})")

    with pytest.raises(ConnectorError, match="row 2, column 'x': the value would change") as caught:
        workplace.load("x\n" + "\n".join(values), mode="append")

    assert "DECIMAL_TEXT" in caught.value.problem.help
    assert workplace.rows("SELECT * FROM things") == []


@pytest.mark.parametrize(
    ("value", "declared"),
    [
        ("1234567890123.45", "DECIMAL(18,2)"),
        ("0.000000000000001", "DECIMAL(18,15)"),
        ("-9223372036854775808", "NUMERIC(20,0)"),
        ("9223372036854775807", "NUMERIC(20,0)"),
        ("12345678901234567.89", "DECIMAL_TEXT(19,2)"),
        ("12345678901234567891", "TEXT"),
        ("2012-01-01x", "NUMERIC"),
        ("1e400", "BLOB_OR_TEXT"),
    ],
)
def test_a_number_that_the_table_holds_comes_out_as_it_was_written(workplace, value, declared):
    workplace.run(f"CREATE TABLE things (x {declared})")

    workplace.load(f"x\n{value}\n", mode="append")

    assert workplace.text("SELECT x FROM things", include_header=False) == f"{value}\n"


@pytest.mark.parametrize(
    ("values", "declared", "stored"),
    [
        (pa.array([2.0]), "INTEGER", 2),
        (pa.array([2]), "REAL", 2.0),
        (pa.array([0.1]), "DECIMAL(10,2)", Decimal("0.10")),
        (pa.array([Decimal("1.10")]), "REAL", 1.1),
        (pa.array([Decimal("5.00")]), "INTEGER", 5),
        (pa.array([dt.date(2012, 1, 1)]), "TIMESTAMP", MIDNIGHT),
        (pa.array(["a"]).dictionary_encode(), "TEXT", "a"),
        (pa.array([1], pa.int8()), "TEXT", "1"),
    ],
)
def test_a_typed_value_is_turned_into_the_tables_type_where_it_stays_the_same(workplace, values, declared, stored):
    pq.write_table(pa.table({"x": values}), workplace.folder / "x.parquet")
    workplace.run(f"CREATE TABLE things (x {declared})")

    workplace.load(workplace.folder / "x.parquet", mode="append")

    assert workplace.rows("SELECT * FROM things") == [(stored,)]


def test_a_file_of_nothing_new_is_a_skip_with_its_counts(workplace):
    workplace.load("id,x\n1,a\n2,b\n", mode="upsert", key=["id"])

    outcome = workplace.load("id,x\n1,a\n2,b\n", mode="upsert", key=["id"])

    assert isinstance(outcome, Skip)
    assert outcome.reason == "nothing new: all 2 rows are in things already"
    assert (outcome.outputs.row_count, outcome.outputs.unchanged) == (2, 2)


@pytest.mark.parametrize("content", ["", "id,x", "id,x\n", "\ufeffid,x\r\n"])
@pytest.mark.parametrize("mode", ["append", "upsert"])
def test_a_file_without_rows_is_a_skip(workplace, content, mode):
    outcome = workplace.load(content, mode=mode, key=["id"])

    assert isinstance(outcome, Skip)
    assert outcome.reason == "source.csv has no rows"


@pytest.mark.parametrize("mode", ["append", "upsert", "create"])
@pytest.mark.parametrize(
    "content", ["\nid,x\n1,a\n", "  \n\t\n\nid,x\n1,a\n", "\ufeff\r\n\r\nid,x\r\n1,a\r\n", '\n"id",x\n1,a']
)
def test_blank_lines_before_the_header_are_skipped(workplace, content, mode):
    outputs = workplace.load(content, mode=mode, key=["id"])

    assert outputs.row_count == 1
    assert workplace.rows("SELECT id, x FROM things") == [(1, "a")]


def test_blank_lines_before_the_header_of_a_single_column_are_no_rows(workplace):
    workplace.load("\n\nx\n1\n\n2\n")

    assert workplace.rows("SELECT x FROM things") == [(1,), (None,), (2,)]


def test_a_header_of_several_lines_is_read_once(workplace):
    workplace.load('\n"a\nb",c\n1,2\n')

    assert workplace.rows("SELECT * FROM things") == [(1, 2)]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_a_file_of_given_columns_is_a_skip_only_without_rows(workplace, content):
    skipped = workplace.load(content, mode="append", columns=["id", "x"])
    loaded = workplace.load(f"{content}1,a\n", mode="append", columns=["id", "x"])

    assert isinstance(skipped, Skip)
    assert loaded.row_count == 1


@pytest.mark.parametrize("mode", ["create", "replace"])
def test_a_file_without_even_a_header_does_not_empty_a_table(workplace, mode):
    workplace.load("id\n1\n", mode="append")

    with pytest.raises(StepError, match="it has not even a header"):
        workplace.load("", mode=mode)

    assert workplace.rows("SELECT id FROM things") == [(1,)]


def test_a_header_alone_replaces_all_rows_by_none(workplace):
    workplace.load("id\n1\n", mode="append")

    outputs = workplace.load("id\n", mode="replace")

    assert outputs.row_count == 0
    assert workplace.rows("SELECT id FROM things") == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n3\n", "row 3 of the file has 1 fields instead of 2"),
        ("a,b\n1,2,3\n", "row 2 of the file has 3 fields instead of 2"),
        (b"a,b\n1,\xff\n", "bytes that are no text in its encoding"),
        (b"a,\xff\n1,2\n", "bytes that are no text in its encoding"),
        (b"a,b\n" + b"1,2\n" * 10_000 + b"1,\xff\n", "bytes that are no text in its encoding"),
        ("a,a\n1,2\n", "two columns are called 'a'"),
        ('a,b\n"1,2\n', "instead of 2"),
    ],
)
def test_a_file_that_is_no_table_is_refused_without_showing_its_values(workplace, content, message):
    with pytest.raises(StepError, match=message):
        workplace.load(content)

    assert workplace.database.schema("things") is None


def test_a_file_without_a_header_is_given_its_columns(workplace):
    workplace.load("1,a\n2,b\n", columns=["id", "name"])

    assert workplace.rows("SELECT id, name FROM things") == [(1, "a"), (2, "b")]


def test_tabs_line_ends_in_fields_and_other_delimiters_are_read(workplace):
    (workplace.folder / "tabs.tsv").write_bytes(b'id\tx\r\n1\t"a\tb\nc"\r\n')

    workplace.load(workplace.folder / "tabs.tsv")
    workplace.load("id;x\n2;'y;z'\n", mode="append", delimiter=";", quotechar="'")

    assert workplace.rows("SELECT x FROM things ORDER BY id") == [("a\tb\nc",), ("y;z",)]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"types": {"nmae": "int"}}, "types names the column 'nmae'"),
        ({"types": {"x": "integer"}}, "can't have the type 'integer'"),
        ({"types": {"x": {"type": "int", "format": "%d"}}}, "only dates and times have a format"),
        ({"mode": "upsert", "key": ["di"]}, "the key's column 'di'"),
        ({"table": "sqlite_master"}, "can't be called"),
        ({"table": "aetherflow_done"}, "can't be called"),
    ],
)
def test_inputs_that_name_what_is_not_there_say_so(workplace, inputs, message):
    with pytest.raises(StepError, match=message):
        workplace.load("id,x\n1,2\n", **inputs)


@pytest.mark.parametrize("encoding", ["utf-8", "UTF_8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp037"])
def test_a_file_is_read_in_its_encoding(workplace, encoding):
    workplace.load("id,ä\n1,ü\n".encode(encoding), encoding=encoding)

    assert workplace.rows('SELECT id, "ä" FROM things') == [(1, "ü")]


def test_bytes_that_another_encoding_does_not_have_are_told(workplace):
    with pytest.raises(StepError, match="bytes that are no text in its encoding"):
        workplace.load(b"a\n" + b"1\n" * 10_000 + b"\x81\n", encoding="cp1252")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"encoding": "nope"}, "no text encoding of this name"),
        ({"encoding": "rot13"}, "no text encoding of this name"),
        ({"encoding": "a\0b"}, "no text encoding of this name"),
        ({"delimiter": "§"}, "an ASCII character"),
        ({"delimiter": "\n"}, "an ASCII character"),
        ({"quotechar": "«"}, "an ASCII character"),
        ({"delimiter": '"'}, "delimiter and quotechar must differ"),
        ({"quotechar": ","}, "delimiter and quotechar must differ"),
        ({"quotechar": "\t", "format": "tsv"}, "delimiter and quotechar must differ"),
    ],
)
def test_a_style_that_no_file_can_have_is_refused_with_the_inputs(workplace, inputs, message):
    with pytest.raises(ValidationError, match=message):
        workplace.load("id\n1\n", **inputs)


@pytest.mark.parametrize("mode", ["create", "append", "replace", "upsert"])
@pytest.mark.parametrize(("rows", "message"), [(",x\n,y\n", "a null in its key"), ("1,x\n1,y\n", "the same key")])
def test_a_key_that_does_not_tell_rows_apart_is_refused_in_every_mode(workplace, mode, rows, message):
    with pytest.raises(ConnectorError, match=message):
        workplace.load(f"id,v\n{rows}", mode=mode, key=["id"])

    assert workplace.database.schema("things") is None


def test_upsert_needs_a_key(workplace):
    with pytest.raises(ValidationError, match="needs a key"):
        workplace.load("id\n1\n", mode="upsert")


def test_a_nested_column_is_refused(workplace):
    pq.write_table(pa.table({"x": [[1, 2]]}), workplace.folder / "x.parquet")

    with pytest.raises(StepError, match="which a table can't hold"):
        workplace.load(workplace.folder / "x.parquet")


def test_not_a_number_is_refused_because_sqlite_would_make_it_a_null(workplace):
    pq.write_table(pa.table({"x": [1.0, float("nan")]}), workplace.folder / "x.parquet")

    with pytest.raises(StepError, match="row 2, column 'x': not a number"):
        workplace.load(workplace.folder / "x.parquet")


def test_an_attempt_made_again_answers_what_the_first_one_did(workplace):
    """Rerun is KEYED: an append whose outcome was unknown is not done twice."""
    first = workplace.load("id\n1\n", mode="append", idempotency_key="same")
    again = workplace.load("id\n1\n", mode="append", idempotency_key="same")

    assert DatabaseLoad.rerun is Rerun.KEYED
    assert (first.row_count, again.row_count) == (1, 1)
    assert workplace.rows("SELECT id FROM things") == [(1,)]


def test_another_content_under_the_same_key_is_loaded(workplace):
    workplace.load("id\n1\n", mode="replace", idempotency_key="same")
    workplace.load("id\n2\n", mode="replace", idempotency_key="same")

    assert workplace.rows("SELECT id FROM things") == [(2,)]


def test_a_table_that_is_gone_since_is_loaded_again_under_the_same_key(workplace):
    workplace.load("id\n1\n", idempotency_key="same")
    workplace.run("DROP TABLE things")

    outputs = workplace.load("id\n1\n", idempotency_key="same")

    assert outputs.inserted == 1
    assert workplace.rows("SELECT id FROM things") == [(1,)]


def test_a_step_that_must_stop_leaves_the_table_as_it_was(workplace):
    workplace.load("id\n1\n", mode="append")
    make_context = workplace._context
    workplace._context = lambda key: cancelled(make_context(key))

    with pytest.raises(StepError, match="stopped"):
        workplace.load("id\n2\n", mode="replace")

    assert workplace.rows("SELECT id FROM things") == [(1,)]


def cancelled(context):
    context.cancelled.set()
    return context


def test_progress_is_told_in_rows(workplace):
    workplace.load("id\n" + "1\n" * 100_000, types={"id": "int"})

    assert workplace.contexts[-1].done[-1] == 100_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
def test_a_quote_that_the_end_of_the_file_closes_is_refused(workplace, encoding, end):
    """Arrow takes the rest of the file as one field: rows would be gone without a word."""
    with pytest.raises(StepError, match="a quote is never closed"):
        workplace.load(f'id,text\n1,"open\n2,two\n3,three{end}'.encode(encoding), encoding=encoding)

    assert workplace.database.schema("things") is None


@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
def test_a_last_field_over_several_lines_is_loaded(workplace, end):
    workplace.load(f'id,text\n1,"two\nlines"{end}')

    assert workplace.rows("SELECT text FROM things") == [("two\nlines",)]


@pytest.mark.parametrize("moment", ["0001-01-01 00:00:00+14:00", "9999-12-31 23:59:59-12:00"])
def test_a_moment_that_is_in_no_year_of_the_calendar_is_refused(workplace, moment):
    """It would be stored as a text of the year 0 or 10000, which no query can read."""
    with pytest.raises(StepError, match="row 2, column 'at': the value is no datetime_tz"):
        workplace.load(f"at\n2012-01-01 00:00:00Z\n{moment}\n", types={"at": "datetime_tz"})


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (pa.date32(), 3_000_000),
        (pa.date32(), -800_000),
        (pa.timestamp("us"), 253_402_300_800_000_000),
        (pa.timestamp("us", "UTC"), -62_135_596_800_000_001),
    ],
)
def test_a_parquet_file_with_a_year_outside_the_calendar_is_refused(workplace, kind, number):
    path = workplace.folder / "years.parquet"
    pq.write_table(pa.table({"at": pa.array([0, None, number], kind)}), path)
    with pytest.raises(StepError, match="row 3, column 'at': the value is no date"):
        workplace.load(path)
