from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st
from pydantic import ValidationError

from aetherflow.kernel.api import ConnectorError, StepError
from aetherflow_sql.extract_inputs import DatabaseExtractStreamInputs

from .conftest import Workplace

pytestmark = pytest.mark.integration


def test_the_outputs_say_what_was_written(workplace):
    outputs = workplace.extract("SELECT 1 AS a, 'x' AS b", emit_dtypes=True)

    content = Path(outputs.artifact_path).read_bytes()
    assert content == b"a,b\n1,x\n"
    assert (outputs.format, outputs.columns, outputs.row_count) == ("csv", ["a", "b"], 1)
    assert outputs.sha256 == hashlib.sha256(content).hexdigest()
    assert outputs.dtypes == {"a": "int", "b": "string"} == json.loads(outputs.dtypes_json)


@pytest.fixture(autouse=True)
def store(workplace):
    workplace.run("CREATE TABLE odd (id INTEGER, x)")


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.parquet", "a.jsonl"])
def test_the_format_is_what_was_asked_for_whatever_the_suffix(workplace, name):
    for file_format in ("csv", "tsv", "parquet", "jsonl"):
        assert workplace.extract("SELECT 1 AS a", name, format=file_format).format == file_format


def test_without_a_format_the_file_is_tsv():
    inputs = DatabaseExtractStreamInputs(resource="store", sql="SELECT 1", output="a.csv")
    assert inputs.format == "tsv"


def test_tabs_and_line_ends_in_a_value_stay_in_their_field(workplace):
    """D18."""
    value = 'x\ty\n"z"\r'

    text = workplace.text("SELECT :value AS a, 'b' AS b", "out.tsv", params={"value": value})

    assert list(csv.reader(text.splitlines(keepends=True), delimiter="\t")) == [["a", "b"], [value, "b"]]


def test_a_null_is_told_apart_from_an_empty_text(workplace):
    """D18."""
    assert workplace.text("SELECT NULL AS a, '' AS b, 'x' AS c") == 'a,b,c\n,"",x\n'


def test_values_without_text_of_their_own_have_a_documented_one(workplace):
    """D18: bytes and dates were errors."""
    workplace.run(
        "CREATE TABLE typed (b BLOB, d DATE, t TIMESTAMP, z TIMESTAMPTZ, f BOOLEAN, p DECIMAL(20,10))",
        "INSERT INTO typed VALUES"
        " (x'00ff', '2012-01-01', '2012-01-01 10:00:00.500', '2012-01-01T10:00:00+02:00', 1, 0)",
    )

    text = workplace.text("SELECT * FROM typed", include_header=False)

    assert text == "00ff,2012-01-01,2012-01-01 10:00:00.5,2012-01-01 08:00:00Z,true,0.0000000000\n"


def test_parquet_has_the_types_of_the_query_unasked(workplace):
    """D18: any column that was not text failed."""
    workplace.run("CREATE TABLE typed (id INTEGER, price DECIMAL(10,2), day DATE)")
    workplace.run("INSERT INTO typed VALUES (1, 1.1, '2012-01-01'), (2, 5, NULL)")

    outputs = workplace.extract("SELECT *, price * 2 AS twice FROM typed", "out.parquet")

    table = pq.read_table(outputs.artifact_path)
    assert [str(field.type) for field in table.schema] == ["int64", "decimal128(10, 2)", "date32[day]", "double"]
    assert table["price"].to_pylist() == [Decimal("1.10"), Decimal("5.00")]


@pytest.mark.parametrize(
    ("early", "late", "word", "expected"),
    [
        ("NULL", "'text'", "string", "text"),
        ("NULL", "x'00'", "bytes", b"\0"),
        ("1", "1.5", "float", 1.5),
        ("1", "'text'", "string", "text"),
        ("0.5", "'text'", "string", "text"),
        ("NULL", "NULL", "string", None),
    ],
)
def test_a_value_after_many_thousand_rows_decides_its_columns_type_as_well(workplace, early, late, word, expected):
    """D18: types came from the first 200 rows, and the run broke after 6,000."""
    workplace.run(
        "INSERT INTO odd WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)"  # noqa: S608 - the parts are the test's own
        f" SELECT i, CASE WHEN i < 12000 THEN {early} ELSE {late} END FROM n"
    )

    outputs = workplace.extract(
        "SELECT id, x FROM odd WHERE id > :id -- all;", "out.parquet", params={"id": 0}, emit_dtypes=True
    )

    assert outputs.dtypes["x"] == word
    assert pq.read_table(outputs.artifact_path)["x"][-1].as_py() == expected


def test_text_and_numbers_in_one_column_come_out_as_text_and_are_told_of(workplace):
    workplace.run("INSERT INTO odd VALUES (1, 1), (2, 0.1), (3, 'x'), (4, 9007199254740993)")

    assert workplace.text("SELECT x FROM odd") == "x\n1\n0.1\nx\n9007199254740993\n"
    assert workplace.log.lines == [("a column holds text and numbers: all of it comes out as text", {"column": "x"})]


def test_bytes_and_text_in_one_column_are_refused(workplace):
    workplace.run("INSERT INTO odd VALUES (1, 'x'), (2, x'00')")

    with pytest.raises(ConnectorError, match="column 'x' holds values of the classes blob, text"):
        workplace.extract("SELECT x FROM odd")


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("INTEGER", "''"),
        ("INTEGER", "1.5"),
        ("REAL", "'x'"),
        ("TEXT", "x'00'"),
        ("BLOB", "'x'"),
        ("BOOLEAN", "2"),
        ("DATE", "'2012/01/01'"),
        ("DATE", "1325376000"),
        ("DATE", "'0000-01-01'"),
        ("TIMESTAMP", "'2012-01-01 10:00:00Z'"),
        ("TIMESTAMP", "'2012-01-01 10:00:00.1234567'"),
        ("TIMESTAMPTZ", "'2012-01-01 10:00:00'"),
        ("TIME", "'25:00:00'"),
        ("DECIMAL(5,2)", "0.125"),
        ("DECIMAL(5,2)", "1000"),
        ("DECIMAL(5,2)", "'x'"),
        ("DECIMAL(5,2)", "9e999"),
    ],
)
def test_a_value_that_does_not_fit_its_declared_type_is_told_with_row_and_column(workplace, declared, value):
    workplace.run(f"CREATE TABLE typed (id INTEGER, v {declared})", f"INSERT INTO typed VALUES (1, NULL), (2, {value})")  # noqa: S608 - the parts are the test's own

    with pytest.raises(ConnectorError, match="row 2, column 'v': a value of class"):
        workplace.extract("SELECT * FROM typed")

    assert list(workplace.folder.glob("*out*")) == []


def test_a_decimal_that_sqlite_keeps_as_a_float_comes_out_as_it_was_meant(workplace):
    workplace.run("CREATE TABLE typed (v DECIMAL(17,2))")
    workplace.run("INSERT INTO typed VALUES (0.1 + 0.2), (123456789012345.67), (5), ('2.50'), (-0.07)")

    assert (
        workplace.text("SELECT v FROM typed", include_header=False) == "0.30\n123456789012345.67\n5.00\n2.50\n-0.07\n"
    )


def test_text_that_is_not_utf8_is_told_and_taken_as_bytes_when_asked(workplace):
    workplace.run("CREATE TABLE typed (v TEXT)", "INSERT INTO typed VALUES (CAST(x'ff' AS TEXT))")

    with pytest.raises(ConnectorError, match="not UTF-8"):
        workplace.extract("SELECT v FROM typed")
    assert workplace.text("SELECT CAST(v AS BLOB) AS v FROM typed") == "v\nff\n"


def test_columns_are_turned_into_the_types_that_are_asked_for(workplace):
    outputs = workplace.extract(
        "SELECT 1 AS flag, '2012-01-01' AS day, 0.1 AS price",
        "out.parquet",
        dtypes={"flag": "bool", "day": "date"},
        dtypes_json='{"price": "decimal(5,2)"}',
    )

    assert [str(field.type) for field in pq.read_schema(outputs.artifact_path)] == [
        "bool",
        "date32[day]",
        "decimal128(5, 2)",
    ]


def test_a_value_that_is_not_of_the_type_asked_for_is_told_with_row_and_column(workplace):
    with pytest.raises(StepError, match="row 2, column 'a': the value is no int"):
        workplace.extract("SELECT '1' AS a UNION ALL SELECT 'x'", dtypes={"a": "int"})


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, 'n,t\n1,"a,""b"\n,""\n'),
        ({"include_header": False}, '1,"a,""b"\n,""\n'),
        ({"delimiter": ";"}, 'n;t\n1;"a,""b"\n;""\n'),
        ({"quotechar": "'"}, "n,t\n1,'a,\"b'\n,''\n"),
        ({"quoting": "all"}, '"n","t"\n"1","a,""b"\n,""\n'),
        ({"quoting": "nonnumeric"}, '"n","t"\n1,"a,""b"\n,""\n'),
        ({"quoting": "none", "escapechar": "\\"}, 'n,t\n1,a\\,\\"b\n,\n'),
        ({"escapechar": "\\", "doublequote": False}, 'n,t\n1,"a,\\"b"\n,""\n'),
        ({"linefeed": "\r\n"}, 'n,t\r\n1,"a,""b"\r\n,""\r\n'),
        ({"delimiter": "1"}, 'n1t\n"1"1"a,""b"\n1""\n'),
        ({"encoding": "latin-1"}, 'n,t\n1,"a,""b"\n,""\n'),
        ({"escapechar": "\\"}, 'n,t\n1,"a,""b"\n,""\n'),
        ({"linefeed": "|\n", "quoting": "all"}, '"n","t"|\n"1","a,""b"|\n,""|\n'),
    ],
)
def test_a_csv_file_is_written_in_the_style_that_is_asked_for_wherever_that_stands(workplace, inputs, expected):
    sql = "SELECT 1 AS n, 'a,\"b' AS t UNION ALL SELECT NULL, ''"

    assert workplace.text(sql, **inputs) == expected
    assert workplace.text(sql, file=inputs) == expected


def test_a_style_beside_file_wins_over_the_one_in_it(workplace):
    sql = "SELECT 1 AS n, 'a' AS t"

    assert workplace.text(sql, delimiter=";", file={"delimiter": "|", "include_header": False}) == "1;a\n"
    assert workplace.text(sql, include_header=True, file={"include_header": False}) == "n,t\n1,a\n"


MARKS = st.sampled_from([",", ";", "\t", "|", "'", '"', "\\", " ", "a", "1", "-", "^", "]", "."])


@given(
    rows=st.lists(st.tuples(st.text(",;\t|'\"\\ a1-^].\r\nx", max_size=6), st.text('a1,"\\')), min_size=1, max_size=4),
    delimiter=MARKS,
    quotechar=MARKS,
    escapechar=st.none() | MARKS,
    doublequote=st.booleans(),
    quoting=st.sampled_from(["minimal", "all", "none", "nonnumeric"]),
    linefeed=st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_in_any_style_is_read_by_others_in_the_same_one(rows, **style):
    assume(len({style["delimiter"], style["quotechar"], style["escapechar"]}) == 3)
    with tempfile.TemporaryDirectory() as folder:
        workplace = Workplace(Path(folder))
        workplace.load_table("texts", pa.table({"a": [a for a, _ in rows], "b": [b for _, b in rows]}))
        try:
            text = workplace.text("SELECT a, b FROM texts", **style)
        except StepError:
            assert style["escapechar"] is None, "a value that can't be written though it could be escaped"
            return

    words = {"delimiter", "quotechar", "escapechar", "doublequote"}
    quoting = csv.QUOTE_NONE if style["quoting"] == "none" else csv.QUOTE_MINIMAL
    lines = io.StringIO(text, newline="")
    read = list(csv.reader(lines, quoting=quoting, strict=True, **{word: style[word] for word in words}))
    assert [tuple(row) for row in read] == [("a", "b"), *rows]


@pytest.mark.parametrize(
    ("inputs", "dtypes"),
    [
        ({}, None),
        ({"dtypes": {"a": "string"}}, None),
        ({"emit_dtypes": True}, {"a": "int", "b": "string"}),
        ({"emit_dtypes": True, "dtypes": {"a": "decimal(5,2)"}}, {"a": "decimal(5,2)", "b": "string"}),
        ({"emit_dtypes": True, "dtypes_json": '{"a": "float"}'}, {"a": "float", "b": "string"}),
        (
            {"emit_dtypes": True, "dtypes": {"a": "bool"}, "dtypes_json": '{"a": "float"}'},
            {"a": "float", "b": "string"},
        ),
    ],
)
@pytest.mark.parametrize("file_format", ["csv", "tsv", "parquet", "jsonl"])
def test_types_are_told_where_that_is_asked_for(workplace, file_format, inputs, dtypes):
    outputs = workplace.extract("SELECT 1 AS a, 'x' AS b", f"out.{file_format}", **inputs)

    assert outputs.dtypes == dtypes
    assert outputs.dtypes_json == (json.dumps(dtypes) if dtypes else None)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', '{"a": ["int"]}', '"int"'])
def test_types_in_json_that_say_nothing_are_refused(workplace, text):
    with pytest.raises(StepError, match="no JSON object of column names and types"):
        workplace.extract("SELECT 1 AS a", dtypes_json=text)


@pytest.mark.parametrize("fetch_size", [1, 3, 1_000_000])
@pytest.mark.parametrize("file_format", ["csv", "tsv", "parquet", "jsonl"])
def test_the_size_of_a_fetch_changes_nothing_but_memory(workplace, file_format, fetch_size):
    workplace.run("INSERT INTO odd VALUES (1, 'a'), (2, NULL), (3, ''), (4, 'd')")

    whole = workplace.extract("SELECT * FROM odd", f"whole.{file_format}")
    parts = workplace.extract("SELECT * FROM odd", f"parts.{file_format}", fetch_size=fetch_size)

    assert (parts.row_count, parts.columns) == (4, ["id", "x"])
    assert file_format == "parquet" or parts.sha256 == whole.sha256


def test_json_lines_are_one_more_format(workplace):
    workplace.run("INSERT INTO odd VALUES (1, 'ü'), (2, NULL)")

    assert workplace.text("SELECT * FROM odd", "out.jsonl") == '{"id":1,"x":"ü"}\n{"id":2,"x":null}\n'


def test_another_encoding_is_written_or_refused(workplace):
    outputs = workplace.extract("SELECT 'ü' AS a", encoding="latin-1", include_header=False)

    assert Path(outputs.artifact_path).read_bytes() == b"\xfc\n"
    with pytest.raises(StepError, match="a character that latin-1 does not have"):
        workplace.extract("SELECT '€' AS a", encoding="latin-1")


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8-sig", codecs.BOM_UTF8), ("utf-16", "\ufeff".encode("utf-16")[2:]), ("utf-16-le", b"")],
)
@pytest.mark.parametrize("include_header", [True, False])
def test_a_byte_order_mark_stands_once_at_the_start(workplace, encoding, mark, include_header):
    workplace.run("INSERT INTO odd VALUES (1, 'ä'), (2, 'ö'), (3, 'ü')")

    outputs = workplace.extract(
        "SELECT x FROM odd ORDER BY id", encoding=encoding, fetch_size=1, include_header=include_header
    )

    content = Path(outputs.artifact_path).read_bytes()
    assert content.decode(encoding) == ("x\n" if include_header else "") + "ä\nö\nü\n"
    assert content.startswith(mark)


def test_an_encoding_with_states_ends_in_its_first_one(workplace):
    outputs = workplace.extract("SELECT '日' AS a UNION ALL SELECT '本'", encoding="iso2022_jp", fetch_size=1)

    assert Path(outputs.artifact_path).read_bytes() == "a\n日\n本\n".encode("iso2022_jp")


@pytest.mark.parametrize(
    ("style", "message"),
    [
        ({"encoding": "nope"}, "no text encoding of this name"),
        ({"encoding": "rot13"}, "no text encoding of this name"),
        ({"encoding": "idna"}, "no text encoding of this name"),
        ({"delimiter": "§"}, "an ASCII character"),
        ({"escapechar": "\r"}, "an ASCII character"),
        ({"delimiter": '"'}, "delimiter and quotechar must differ"),
        ({"quotechar": ","}, "delimiter and quotechar must differ"),
        ({"escapechar": '"'}, "delimiter and quotechar and escapechar must differ"),
    ],
)
def test_a_style_that_no_file_can_have_is_refused_with_the_inputs(workplace, style, message):
    for inputs in (style, {"file": style}):
        with pytest.raises(ValidationError, match=message):
            workplace.extract("SELECT 1 AS a", **inputs)


def test_a_value_that_cant_be_written_without_quotes_is_refused(workplace):
    with pytest.raises(StepError, match="without an escapechar"):
        workplace.extract("SELECT 'a,b' AS a", quoting="none")


def test_a_file_that_is_there_stays_when_the_query_fails_on_its_way(workplace):
    """R14."""
    workplace.run("CREATE TABLE typed (v INTEGER)")
    workplace.run(
        "INSERT INTO typed WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) SELECT i FROM n"
    )
    workplace.run("INSERT INTO typed VALUES ('x')")
    (workplace.folder / "out.csv").write_text("old")

    with pytest.raises(ConnectorError, match="row 9001"):
        workplace.extract("SELECT v FROM typed", fetch_size=1000)

    assert [path.name for path in workplace.folder.glob("*out*")] == ["out.csv"]
    assert (workplace.folder / "out.csv").read_text() == "old"


def test_an_empty_result_is_a_file_with_its_columns(workplace):
    assert workplace.text("SELECT id, x FROM odd") == "id,x\n"
    assert pq.read_table(workplace.extract("SELECT id, x FROM odd", "out.parquet").artifact_path).schema == pa.schema(
        {"id": pa.int64(), "x": pa.string()}
    )


def test_two_columns_of_one_name_are_refused_in_parquet(workplace):
    assert workplace.text("SELECT 1 AS a, 2 AS a") == "a,a\n1,2\n"
    with pytest.raises(StepError, match="the same name"):
        workplace.extract("SELECT 1 AS a, 2 AS a", "out.parquet")


@pytest.mark.parametrize(
    "sql",
    [
        "WITH q AS (SELECT 1 AS a) SELECT a FROM q",
        ";; SELECT 1 AS a;",
        "SELECT 1 AS a -- and; a comment",
        "/* ; */ VALUES (1) ; -- done",
        "PRAGMA table_info(odd)",
        "EXPLAIN SELECT 1",
    ],
)
def test_any_single_query_may_be_asked(workplace, sql):
    assert workplace.extract(sql).row_count >= 1


@pytest.mark.parametrize(
    "sql", ["-- nothing", ";", "SELEC 1", "SELECT 1; SELECT 2", "UPDATE odd SET x = 1", "SELECT ?"]
)
def test_what_is_no_single_query_is_refused(workplace, sql):
    with pytest.raises(ConnectorError):
        workplace.extract(sql)
