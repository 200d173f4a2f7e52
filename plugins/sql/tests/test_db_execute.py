from __future__ import annotations

import pytest
from pydantic import ValidationError

from aetherflow.kernel.api import ConnectorError, Rerun, Skip, StepError
from aetherflow_sql.execute_inputs import DatabaseExecuteInputs
from aetherflow_sql.execute_step import DatabaseExecute

pytestmark = pytest.mark.integration


def counts(outputs):
    return [(counted.row_count, counted.returned) for counted in outputs.statements]


def test_a_statement_says_how_many_rows_it_changed(workplace):
    workplace.run("CREATE TABLE t AS SELECT 1 AS x UNION ALL SELECT 2 UNION ALL SELECT 3")

    outputs = workplace.execute("UPDATE t SET x = x + :more WHERE x > :least", params={"more": 10, "least": 1})

    assert (outputs.row_count, counts(outputs)) == (2, [(2, 0)])
    assert workplace.rows("SELECT x FROM t ORDER BY x") == [(1,), (12,), (13,)]


SCRIPT = """\
-- The table; a semicolon in a comment ends nothing
CREATE TABLE t (x INTEGER, note TEXT DEFAULT 'a;b');
CREATE TABLE log (x);
CREATE TRIGGER told AFTER INSERT ON t BEGIN
    INSERT INTO log VALUES (new.x);
    INSERT INTO log VALUES (-new.x);
END;
INSERT INTO t (x) VALUES (:first), (2), (3);
/* ; */ UPDATE t SET note = 'c; -- d' WHERE x < :limit;;
DELETE FROM t WHERE x > 100
"""


def test_a_script_is_split_where_the_database_splits_it(workplace):
    outputs = workplace.execute(script=SCRIPT, params={"first": 1, "limit": 3})

    assert counts(outputs) == [(0, 0), (0, 0), (0, 0), (3, 0), (2, 0), (0, 0)]
    assert outputs.row_count == 5
    assert workplace.rows("SELECT x, note FROM t") == [(1, "c; -- d"), (2, "c; -- d"), (3, "a;b")]
    assert workplace.rows("SELECT count(*) AS n FROM log") == [(6,)]


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ("INSERT INTO nowhere VALUES (1)", r"statement 3 \(line 6\): no such table: nowhere"),
        ("INSERT INTO t VALUES (1)", r"statement 3 \(line 6\): UNIQUE constraint failed: t.x"),
        ("SELEC 1", r'statement 3 \(line 6\): near "SELEC": syntax error'),
        ("INSERT INTO t VALUES (:other)", r"statement 3 \(line 6\): the SQL names :other"),
        ("INSERT INTO t VALUES (?)", r"statement 3 \(line 6\): the SQL has a parameter without a name"),
        ("INSERT INTO t VALUES ('open", r"statement 3 \(line 6\): unrecognized token"),
        ("SELECT :x + :y", r"statement 3 \(line 6\): the SQL names :y"),
        ("BEGIN", r"statement 3 \(line 6\): .*: it begins or ends a transaction"),
        ("COMMIT", r"statement 3 \(line 6\): .*: it begins or ends a transaction"),
        ("END", r"statement 3 \(line 6\): .*: it begins or ends a transaction"),
        ("ROLLBACK", r"statement 3 \(line 6\): .*: it begins or ends a transaction"),
        ("SAVEPOINT s", r"statement 3 \(line 6\): .*: it sets or releases a savepoint"),
        ("ATTACH 'other.db' AS other", r"statement 3 \(line 6\): .*: it opens another file"),
        ("DETACH main", r"statement 3 \(line 6\): .*: it closes another file"),
        ("VACUUM", r"statement 3 \(line 6\): cannot VACUUM from within a transaction"),
        ("VACUUM INTO 'other.db'", r"statement 3 \(line 6\): cannot VACUUM from within a transaction"),
        ("PRAGMA journal_mode = WAL", r"statement 3 \(line 6\): .*: PRAGMA journal_mode is not undone"),
        ("PRAGMA foreign_keys = ON", r"statement 3 \(line 6\): .*: PRAGMA foreign_keys is not undone"),
        ("PRAGMA writable_schema = ON", r"statement 3 \(line 6\): .*: PRAGMA writable_schema is not undone"),
        ("SELECT load_extension('x')", r"statement 3 \(line 6\)"),
        ("INSERT OR ROLLBACK INTO t VALUES (1)", r"statement 3 \(line 6\): UNIQUE constraint failed: t.x"),
        ("INSERT OR FAIL INTO t VALUES (7), (1)", r"statement 3 \(line 6\): UNIQUE constraint failed: t.x"),
        ("INSERT INTO t VALUES (8);\0", "there is a NUL character in the SQL"),
    ],
)
def test_a_script_that_fails_says_where_and_leaves_nothing(workplace, last, message):
    script = (
        f"CREATE TABLE t (x UNIQUE);\nINSERT INTO t\n  VALUES (:x);\n\n-- the third\n{last};\nINSERT INTO t VALUES (9);"
    )

    with pytest.raises(ConnectorError, match=message):
        workplace.execute(script=script, params={"x": 1})

    assert workplace.database.schema("t") is None
    assert sorted(path.name for path in workplace.folder.iterdir()) == ["script.sql", "store.db"]


def test_pragmas_that_a_transaction_undoes_may_stand_in_a_script(workplace):
    workplace.execute(script="PRAGMA defer_foreign_keys = ON; PRAGMA user_version = 3; CREATE TABLE t (x);")
    with pytest.raises(ConnectorError):
        workplace.execute(script="PRAGMA user_version = 4; SELEC;")

    outputs = workplace.execute("PRAGMA user_version")

    assert counts(outputs) == [(0, 1)]
    workplace.execute(script="CREATE TABLE v AS SELECT user_version AS v FROM pragma_user_version")
    assert workplace.rows("SELECT v FROM v") == [(3,)]


@pytest.mark.parametrize("sql", ["UPDATE t SET x = 2; DELETE FROM t", "-- nothing", ";", "VACUUM", "COMMIT"])
def test_sql_is_one_statement(workplace, sql):
    workplace.run("CREATE TABLE t AS SELECT 1 AS x")

    with pytest.raises(ConnectorError) as caught:
        workplace.execute(sql)

    assert "statement 1" not in str(caught.value)
    assert workplace.rows("SELECT x FROM t") == [(1,)]


@pytest.mark.parametrize("script", ["", "-- nothing to do this year\n", "/* ; */ ;;\n\n;", "\ufeff"])
def test_a_script_without_a_statement_is_a_skip(workplace, script):
    outcome = workplace.execute(script=script)

    assert isinstance(outcome, Skip)
    assert outcome.reason == "script.sql holds no statement"
    assert (outcome.outputs.row_count, outcome.outputs.statements) == (0, [])


def test_a_parameter_that_no_statement_names_is_refused_and_nothing_is_done(workplace):
    with pytest.raises(ConnectorError, match="params gives 'y', which the SQL does not name"):
        workplace.execute(script="CREATE TABLE t (x); INSERT INTO t VALUES (:x);", params={"x": 1, "y": 2})

    assert workplace.database.schema("t") is None


def test_rows_that_a_statement_gives_are_counted_and_told_of(workplace):
    outputs = workplace.execute(
        script="CREATE TABLE t (x); INSERT INTO t VALUES (1), (2) RETURNING x; SELECT x FROM t WHERE x > 1;"
    )

    assert counts(outputs) == [(0, 0), (2, 2), (0, 1)]
    assert workplace.log.lines == [
        ("a statement gave rows, which db_execute does not keep", {"statement": 2, "rows": 2}),
        ("a statement gave rows, which db_execute does not keep", {"statement": 3, "rows": 1}),
    ]


def test_an_attempt_made_again_answers_what_the_first_one_did(workplace):
    """Rerun is KEYED: an UPDATE whose outcome was unknown is not done twice."""
    workplace.run("CREATE TABLE t AS SELECT 1 AS x")

    first = workplace.execute("UPDATE t SET x = x + 1", idempotency_key="same")
    again = workplace.execute("UPDATE t SET x = x + 1", idempotency_key="same")
    other = workplace.execute("UPDATE t SET x = x + 1", idempotency_key="other")

    assert DatabaseExecute.rerun is Rerun.KEYED
    assert first == again == other
    assert workplace.rows("SELECT x FROM t") == [(3,)]


def test_another_script_under_the_same_name_is_run(workplace):
    for number in (1, 2):
        workplace.execute(script=f"CREATE TABLE t{number} (x);", idempotency_key="same")

    assert workplace.database.schema("t2") is not None


def test_a_script_that_failed_is_run_again_under_its_key(workplace):
    script = "CREATE TABLE t (x); INSERT INTO t SELECT x FROM source;"
    with pytest.raises(ConnectorError, match="no such table"):
        workplace.execute(script=script, idempotency_key="same")
    workplace.run("CREATE TABLE source AS SELECT 5 AS x")

    workplace.execute(script=script, idempotency_key="same")

    assert workplace.rows("SELECT x FROM t") == [(5,)]


def test_what_was_done_long_ago_is_forgotten(workplace):
    workplace.execute("CREATE TABLE t (x)", idempotency_key="old")
    workplace.run("UPDATE aetherflow_done SET done_at = datetime('now', '-366 days')")

    workplace.execute("INSERT INTO t VALUES (1)", idempotency_key="new")

    assert workplace.rows("SELECT subject FROM aetherflow_done") == [("execute",)]


def test_scripts_are_utf8(workplace):
    with pytest.raises(StepError, match=r"script\.sql is no UTF-8 text"):
        workplace.execute(script=b"SELECT '\xff'")
    with pytest.raises(StepError, match="there is no file"):
        workplace.execute(script=workplace.folder / "missing.sql")


@pytest.mark.parametrize("inputs", [{}, {"sql": "SELECT 1", "script": "a.sql"}, {"sql": ""}])
def test_there_is_one_of_sql_and_script(inputs):
    with pytest.raises(ValidationError):
        DatabaseExecuteInputs(resource="store", **inputs)


def test_a_script_that_is_a_folder_is_said_to_be_one(workplace):
    """It was told to be missing."""
    (workplace.folder / "scripts").mkdir()
    with pytest.raises(StepError, match="scripts can't be read: Is a directory"):
        workplace.execute(script=workplace.folder / "scripts")
