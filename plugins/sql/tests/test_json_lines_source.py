from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from pydantic import ValidationError

from aetherflow.kernel.api import Skip, StepError

pytestmark = pytest.mark.integration


def load(workplace, content, **inputs):
    source = workplace.folder / "rows.jsonl"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    return workplace.load(source, **inputs)


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_objects_become_rows_and_a_missing_key_a_null(workplace):
    outputs = load(workplace, lines({"id": 1, "name": "a"}, {"id": 2}, {"name": None, "flag": True, "id": 3}))

    assert outputs.types == {"id": "int", "name": "string", "flag": "bool"}
    assert workplace.rows("SELECT * FROM things") == [(1, "a", None), (2, None, None), (3, None, True)]


@pytest.mark.parametrize(
    ("values", "word", "stored"),
    [
        ("1 -2 0", "int", [1, -2, 0]),
        ("9223372036854775807 1", "int", [2**63 - 1, 1]),
        ("1 2.5", "float", [1.0, 2.5]),
        ("1.0 2", "float", [1.0, 2.0]),
        ("1.10 1e3 1E5 -0", "float", [1.1, 1000.0, 100000.0, 0.0]),
        ("0.1 9007199254740993", "string", ["0.1", "9007199254740993"]),
        ("12345678901234567890 1", "string", ["12345678901234567890", "1"]),
        ("1e400 1", "string", ["1e400", "1"]),
        ("0.12345678901234567890", "string", ["0.12345678901234567890"]),
        ("true false null", "bool", [True, False, None]),
        ('true "x" 1', "string", ["true", "x", "1"]),
        ('"1" "007"', "string", ["1", "007"]),
        ('"2012-01-01"', "string", ["2012-01-01"]),
        ('"" null', "string", ["", None]),
        ("null null", "string", [None, None]),
    ],
)
def test_a_column_has_the_type_that_holds_all_of_its_values_exactly(workplace, values, word, stored):
    outputs = load(workplace, "".join(f'{{"id": {n}, "x": {value}}}\n' for n, value in enumerate(values.split())))

    assert outputs.types["x"] == word
    assert workplace.rows("SELECT x FROM things ORDER BY id") == [(value,) for value in stored]


def test_declared_types_are_read_from_texts_and_numbers(workplace):
    load(
        workplace,
        '{"p": 1.10, "q": "2.50", "d": "2012/01/01", "b": "00ff", "n": "7", "s": 1.50}\n',
        types={
            "p": "decimal(5,2)",
            "q": "decimal(20,2)",
            "d": {"type": "date", "format": "%Y/%m/%d"},
            "b": "bytes",
            "n": "int",
            "s": "string",
        },
    )

    assert workplace.rows("SELECT * FROM things") == [
        (Decimal("1.10"), Decimal("2.50"), dt.date(2012, 1, 1), b"\x00\xff", 7, "1.50")
    ]


def test_the_types_of_a_table_that_is_there_are_kept(workplace):
    workplace.run("CREATE TABLE things (id INTEGER, price DECIMAL_TEXT(30,2), day DATE)")

    load(workplace, '{"day": "2012-01-01", "id": 1, "price": 12345678901234567890.12}\n', mode="append")

    assert workplace.rows("SELECT * FROM things") == [(1, Decimal("12345678901234567890.12"), dt.date(2012, 1, 1))]


def test_a_value_that_does_not_fit_is_told_with_row_and_column(workplace):
    with pytest.raises(StepError, match="row 2, column 'x': the value is no int"):
        load(workplace, '{"x": 1}\n{"x": "secret"}\n', types={"x": "int"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"x": 1}\n{"x": \n', "line 2: it is no JSON"),
        ('{"x": 1}\n\n[1]\n', "line 3: it is no JSON object"),
        ('{"x": 1}\n"x"\n', "line 2: it is no JSON object"),
        ('{"x": 1} {"x": 2}\n', "line 1: it is no JSON"),
        ('{"x": NaN}\n', "line 1: it is no JSON"),
        ('{"x": -Infinity}\n', "line 1: it is no JSON"),
        ('{"x": 1, "x": 2}\n', "line 1: its object has a key twice"),
        ('{"x": {"y": 1}}\n', "line 1, column 'x': an object or a list"),
        ('{"x": [1]}\n', "line 1, column 'x': an object or a list"),
        (b'{"x": "\xff"}\n', "line 1: it holds bytes or escapes that are no text"),
        ('{"x": "\\ud800"}\n', "line 1: it holds bytes or escapes that are no text"),
        ('{"\\uD800": 1}\n', "line 1: it holds bytes or escapes that are no text"),
        ('{"x": 1}\n'.encode("utf-16"), "line 1"),
        ("[" * 100_000 + "\n", "line 1: it is no JSON"),
        ('{"x": ' + '{"x": ' * 50_000 + "\n", "line 1: it is no JSON"),
        ('{"x": "' + "x" * 17_000_000 + '"}\n', "line 1: it is longer than 16 MiB"),
    ],
)
def test_a_line_that_is_no_row_is_told_without_showing_its_values(workplace, content, message):
    with pytest.raises(StepError, match=message):
        load(workplace, content)

    assert workplace.database.schema("things") is None


def test_a_line_that_is_no_row_after_many_leaves_the_table_as_it_was(workplace):
    workplace.load("x\n-1\n")

    with pytest.raises(StepError, match="line 30001"):
        load(workplace, '{"x": 1}\n' * 30_000 + "{", mode="replace")

    assert workplace.rows("SELECT x FROM things") == [(-1,)]


@pytest.mark.parametrize(
    "content", ['\ufeff{"x": "ä"}\r\n', '\n \n{"x": "ä"}', '{"x":"\\u00e4"}\n\n'], ids=["mark", "blank", "escape"]
)
def test_marks_blank_lines_and_escapes_are_read(workplace, content):
    load(workplace, content)

    assert workplace.rows("SELECT x FROM things") == [("ä",)]


def test_a_pair_of_escapes_is_one_character(workplace):
    load(workplace, '{"x": "\\ud83c\\udf27"}\n')

    assert workplace.rows("SELECT x FROM things") == [("🌧",)]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_a_file_without_objects_loads_nothing_and_says_so(workplace, content):
    assert isinstance(load(workplace, content, mode="append"), Skip)
    for mode in ("create", "replace"):
        with pytest.raises(StepError, match="names no column"):
            load(workplace, content, mode=mode)

    outputs = load(workplace, content, mode="create", types={"id": "int", "day": "date"}).outputs

    assert (outputs.row_count, outputs.types) == (0, {"id": "int", "day": "date"})
    assert workplace.rows("SELECT * FROM things") == []


def test_objects_without_columns_are_rows_of_nulls_only_where_columns_are_known(workplace):
    with pytest.raises(StepError, match="no object names a column"):
        load(workplace, "{}\n{}\n")

    load(workplace, "{}\n{}\n", types={"id": "int"})
    assert workplace.rows("SELECT * FROM things") == [(None,), (None,)]


def test_a_column_that_types_names_and_no_object_has_is_refused(workplace):
    with pytest.raises(StepError, match="types names the column 'nmae'"):
        load(workplace, '{"name": "a"}\n', types={"nmae": "string"})


def test_columns_are_given_only_to_files_without_names(workplace):
    with pytest.raises(ValidationError, match="a jsonl file has them itself"):
        load(workplace, '{"x": 1}\n', columns=["x"])
