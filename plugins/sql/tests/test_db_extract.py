from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from aetherflow.kernel.api import ConnectorError, StepError

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def typed(workplace):
    workplace.run(
        "CREATE TABLE typed (f BOOLEAN, i INTEGER, r REAL, p DECIMAL(10,2), s TEXT, b BLOB,"
        " d DATE, t TIME, m TIMESTAMP, z TIMESTAMPTZ)",
        "INSERT INTO typed VALUES (1, 9223372036854775807, 5, 1.1, '', x'00ff',"
        " '2012-01-01', '10:00:00', '2012-01-01 10:00:00.5', '2012-01-01T10:00:00+02:00')",
        "INSERT INTO typed (f) VALUES (NULL)",
    )


def content(outputs):
    return Path(outputs.output).read_bytes().decode()


def test_the_outputs_say_what_was_written(workplace):
    outputs = workplace.extract_plain("SELECT i FROM typed")

    assert (outputs.output, outputs.format, outputs.rows) == (str(workplace.folder / "out.tsv"), "tsv", 2)
    assert content(outputs) == "i\n9223372036854775807\n\n"


def test_tabs_line_ends_and_quotes_stay_in_their_field_and_a_null_is_no_empty_text(workplace):
    """D18: a value with a tab and a line end became two broken lines."""
    value = 'x\ty\n"z"\r'

    text = content(workplace.extract_plain("SELECT :value AS a, NULL AS b, '' AS c", params={"value": value}))

    assert text == 'a\tb\tc\n"x\ty\n""z""\r"\t\t""\n'
    assert list(csv.reader(text.splitlines(keepends=True), delimiter="\t")) == [["a", "b", "c"], [value, "", ""]]


def test_json_lines_hold_every_type_exactly(workplace):
    """D18: bytes and dates were errors."""
    text = content(workplace.extract_plain("SELECT * FROM typed", "out.jsonl", format="jsonl"))

    assert text == (
        '{"f":true,"i":9223372036854775807,"r":5.0,"p":"1.10","s":"","b":"00ff","d":"2012-01-01","t":"10:00:00",'
        '"m":"2012-01-01 10:00:00.5","z":"2012-01-01 08:00:00Z"}\n'
        '{"f":null,"i":null,"r":null,"p":null,"s":null,"b":null,"d":null,"t":null,"m":null,"z":null}\n'
    )


@pytest.mark.parametrize(
    "value",
    ["", 'quote " back \\ slash', "\n\r\t\x00\x1f\x7f", "\x85\u2028\u2029", "ü🌧\ufeff", "{{x}}", "null", "\\u0041"],
)
def test_any_text_is_one_line_of_json(workplace, value):
    text = content(
        workplace.extract_plain('SELECT :value AS v, \'a\' AS "ä""\n"', format="jsonl", params={"value": value})
    )

    assert [json.loads(line) for line in text.splitlines()] == [{"v": value, 'ä"\n': "a"}]


def test_an_empty_result_is_a_header_or_nothing(workplace):
    assert content(workplace.extract_plain("SELECT i, s FROM typed WHERE i = 0")) == "i\ts\n"
    assert content(workplace.extract_plain("SELECT i, s FROM typed WHERE i = 0", format="jsonl")) == ""


def test_two_columns_of_one_name_are_refused_in_json(workplace):
    assert content(workplace.extract_plain("SELECT 1 AS a, 2 AS a")) == "a\ta\n1\t2\n"
    with pytest.raises(StepError, match="the same name"):
        workplace.extract_plain("SELECT 1 AS a, 2 AS a", format="jsonl")


def test_an_infinite_number_is_told_with_row_and_column_and_leaves_no_file(workplace):
    workplace.run("UPDATE typed SET r = 9e999 WHERE f IS NULL")

    with pytest.raises(StepError, match="row 2, column 'r': an infinite number"):
        workplace.extract_plain("SELECT r FROM typed", "out.jsonl", format="jsonl")

    assert [path.name for path in workplace.folder.iterdir()] == ["store.db"]


def test_the_format_is_one_of_two(workplace):
    with pytest.raises(ValidationError, match="tsv"):
        workplace.extract_plain("SELECT 1 AS a", format="xlsx")


@pytest.mark.parametrize("sql", ["DELETE FROM typed", "SELECT 1; SELECT 2", "-- nothing", "SELECT :missing"])
def test_it_only_reads_one_query(workplace, sql):
    with pytest.raises(ConnectorError):
        workplace.extract_plain(sql)

    assert workplace.rows("SELECT count(*) AS n FROM typed") == [(2,)]


@pytest.mark.parametrize("name", ["folder", "file/out.jsonl"])
def test_a_file_that_the_system_does_not_let_be_written_is_told(workplace, name):
    (workplace.folder / "folder").mkdir()
    (workplace.folder / "file").touch()

    for extract in (workplace.extract_plain, workplace.extract):
        with pytest.raises(StepError, match="can't be written: ") as caught:
            extract("SELECT 1 AS a", name, format="tsv")
        assert caught.value.problem.code == "AF-SQL-OUTPUT"

    assert sorted(path.name for path in workplace.folder.iterdir()) == ["file", "folder", "store.db"]


FULL = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1]).parent))
from conftest import Workplace
from aetherflow.kernel.api import StepError
workplace = Workplace(Path(sys.argv[2]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    workplace.extract("SELECT * FROM many", "out." + sys.argv[3])
except StepError as error:
    print(error.problem)
"""


@pytest.mark.parametrize("file_format", ["csv", "jsonl", "parquet"])
def test_a_disk_that_is_full_leaves_the_old_file_alone(workplace, file_format):
    """R17, by a limit of the process: no file may become larger."""
    workplace.run(
        "CREATE TABLE many AS WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " SELECT i, hex(randomblob(20)) AS text FROM n"
    )
    out = workplace.folder / f"out.{file_format}"
    out.write_text("old")

    done = subprocess.run(
        [sys.executable, "-c", FULL, __file__, str(workplace.folder), file_format],
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"AF-SQL-OUTPUT: out.{file_format} can't be written" in done.stdout, done.stderr
    assert out.read_text() == "old"
    assert sorted(path.name for path in workplace.folder.iterdir()) == [out.name, "store.db"]
