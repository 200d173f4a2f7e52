"""However reading ends, its threads and files are gone, and the first error is the one that is told."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pytest

from aetherflow.kernel.api import ConnectorError, StepError
from aetherflow_sql.csv_text import CsvStyle
from aetherflow_sql.extract_inputs import DatabaseExtractStreamInputs
from aetherflow_sql.extract_step import DatabaseExtractStream

from .conftest import Context

pytestmark = pytest.mark.integration

MANY = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"


@pytest.fixture(autouse=True)
def nothing_left(workplace):
    """Threads by name: those of other tests are none of ours."""
    workplace.run(
        "CREATE TABLE t (i INTEGER, x TEXT)",
        f"INSERT INTO t {MANY} SELECT i, CASE i WHEN 20001 THEN 'ü' ELSE 'u' END FROM n",  # noqa: S608 - the test's own
    )
    files = len(list(Path("/proc/self/fd").iterdir()))
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith(("convert", "write"))] == []
    assert len(list(Path("/proc/self/fd").iterdir())) == files
    assert [path.name for path in workplace.folder.iterdir() if "out" in path.name] == []


def test_a_value_that_does_not_fit_in_a_later_batch(workplace):
    workplace.run("UPDATE t SET i = 'x' WHERE i > 25000")

    with pytest.raises(ConnectorError, match="row 25001, column 'i': a value of class text is no INTEGER"):
        workplace.extract("SELECT * FROM t", fetch_size=1000)


def test_the_earlier_of_two_errors_is_told_though_the_later_one_is_met_first(workplace):
    """Row 1500 is turned into a date while the rows from 2001 on are read."""
    workplace.run(
        "CREATE TABLE dated (d DATE, x TEXT)",
        "INSERT INTO dated SELECT CASE i WHEN 1500 THEN 'no date' ELSE '2012-01-01' END,"
        " CASE i WHEN 2001 THEN CAST(x'ff' AS TEXT) END FROM t",
    )

    with pytest.raises(ConnectorError, match="row 1500, column 'd'"):
        workplace.extract("SELECT * FROM dated", fetch_size=1000)


def test_text_that_is_not_utf8_is_told_with_its_row(workplace):
    workplace.run("UPDATE t SET x = CAST(x'ff' AS TEXT) WHERE i = 20001")

    with pytest.raises(ConnectorError, match="row 20001: there is a text that is not UTF-8"):
        workplace.extract("SELECT * FROM t")


def test_a_failure_to_write_in_the_middle(workplace):
    with pytest.raises(StepError, match="a character that ascii does not have"):
        workplace.extract("SELECT * FROM t", fetch_size=1000, encoding="ascii")


def test_a_step_that_must_stop(workplace):
    context = Context(workplace.database, workplace.log, "extract")
    context.progress = lambda _done, **_: context.cancelled.set()
    inputs = {"resource": "store", "sql": "SELECT * FROM t", "output": str(workplace.folder / "out.tsv")}

    with pytest.raises(StepError, match="stopped"):
        DatabaseExtractStream().run(context, DatabaseExtractStreamInputs(**inputs, fetch_size=1000))


def test_a_connector_that_is_cancelled_while_it_reads(workplace):
    with (
        pytest.raises(ConnectorError, match="stopped"),
        workplace.database.read("SELECT t.i FROM t, t AS other", {}, batch_rows=1000) as rows,
    ):
        for number, _ in enumerate(rows):
            if number == 3:
                workplace.database.cancel()


def test_a_stream_that_is_let_go_before_its_end(workplace):
    with workplace.database.read("SELECT * FROM t", {}, batch_rows=1000) as rows:
        assert rows.read_next_batch().num_rows == 1000

    workplace.run("UPDATE t SET i = 0")


@pytest.mark.parametrize("declared", ["", "BLOB"])
def test_large_rows_are_worked_on_in_small_batches(workplace, declared):
    """A quarter of a MiB each: 20,000 of them at once would need 5 GiB."""
    workplace.run(f"CREATE TABLE large (b {declared})", "INSERT INTO large SELECT zeroblob(262144) FROM t LIMIT 150")

    with workplace.database.read("SELECT * FROM large", {}, batch_rows=20_000) as rows:
        sizes = [batch.num_rows for batch in rows]

    assert sum(sizes) == 150
    assert max(sizes) <= 36


@pytest.mark.parametrize(
    "style",
    [
        CsvStyle(),
        CsvStyle(quoting="all"),
        CsvStyle(delimiter=";", quote="'", quoting="nonnumeric"),
        CsvStyle(escape="\\", doubles_quotes=False),
        CsvStyle(quoting="none", escape="\\"),
    ],
    ids=str,
)
def test_a_slice_of_a_batch_is_written_as_the_rows_it_has(style):
    texts = ["a", None, "", 'x"y', "a;b,c", "l\nm", "'", "\\", "ü"]
    batch = pa.record_batch({"n": pa.array([1, None, *range(7)], pa.int64()), "t": pa.array(texts)})

    single = b"".join(bytes(style.lines(batch.slice(place, 1))) for place in range(len(texts)))

    assert bytes(style.lines(batch)) == single
