"""A ledger of the first version becomes one of this version, whole or not at all, and its runs go on."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import apsw
import pytest

from aetherflow.kernel.contracts.events import Status
from aetherflow.kernel.contracts.records import RunKey, StepKey
from aetherflow.kernel.errors import LedgerFailed
from aetherflow.kernel.state.ledger import open_ledger
from aetherflow.kernel.state.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES
from tests.torture.lengths import scaled
from tests.torture.mutants import Mutant, environment_of

#: The tables as the first version made them, word for word.
VERSION_1 = """
CREATE TABLE runs (
    flow_id TEXT NOT NULL, run_id TEXT NOT NULL,
    status TEXT NOT NULL, starts INTEGER NOT NULL,
    started_at REAL NOT NULL, ended_at REAL,
    flow_file TEXT NOT NULL, flow_digest TEXT NOT NULL, profile TEXT NOT NULL,
    parameters TEXT NOT NULL, facts TEXT NOT NULL, marker TEXT NOT NULL,
    PRIMARY KEY (flow_id, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    flow_id TEXT NOT NULL, run_id TEXT NOT NULL, start INTEGER NOT NULL, job_id TEXT NOT NULL,
    status TEXT NOT NULL, reason TEXT NOT NULL, outputs TEXT NOT NULL, is_masked INTEGER NOT NULL,
    started_at REAL, ended_at REAL,
    PRIMARY KEY (flow_id, run_id, start, job_id),
    FOREIGN KEY (flow_id, run_id) REFERENCES runs (flow_id, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE steps (
    flow_id TEXT NOT NULL, run_id TEXT NOT NULL, start INTEGER NOT NULL,
    job_id TEXT NOT NULL, item TEXT NOT NULL, step_id TEXT NOT NULL,
    status TEXT NOT NULL, step_type TEXT NOT NULL, rerun TEXT NOT NULL, attempt INTEGER NOT NULL,
    definition TEXT NOT NULL, inputs_digest TEXT NOT NULL, outputs TEXT, is_masked INTEGER NOT NULL,
    reason TEXT NOT NULL, error_code TEXT NOT NULL, error TEXT NOT NULL, is_without_effect INTEGER NOT NULL,
    started_at REAL, ended_at REAL,
    PRIMARY KEY (flow_id, run_id, start, job_id, item, step_id),
    FOREIGN KEY (flow_id, run_id) REFERENCES runs (flow_id, run_id)
) STRICT, WITHOUT ROWID;
"""
FLOW = """
version: 1
flow: {id: old}
params:
  day: {type: string}
jobs:
  - id: first
    steps:
      - {id: a, type: say, inputs: {value: grüße, witness: a}, outputs: {text: "{{result.value}}"}}
      - {id: b, type: say, inputs: {value: "{{steps.a.value}} {{params.day}}", witness: b}}
  - id: second
    depends_on: [first]
    steps:
      - {id: c, type: say, inputs: {value: "{{jobs.first.outputs.text}}", witness: c}}
"""
KEY = RunKey("old", "cut-off")


def make_version_1(path, *, runs=1):
    """A ledger as the first version left it when its process died in the second step of a run."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(VERSION_1)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    for number in range(runs):
        run = ("old", "cut-off" if number == 0 else f"r{number}")
        facts = json.dumps({"id": run[1], "date": "2026-01-31", "scheduled_time": None})
        connection.execute(
            "INSERT INTO runs VALUES (?, ?, 'RUNNING', 1, 1769817600.5, NULL, 'old.yaml', 'd', 'internal_fast', ?, ?, ?)",
            (*run, '{"day":"monday"}', facts, "f" * 32),
        )
        connection.execute(
            "INSERT INTO jobs VALUES (?, ?, 0, 'first', 'RUNNING', '', ?, 0, 1769817600.6, NULL)",
            (*run, '{"text":"gr\\u00fc\\u00dfe"}'),
        )
        connection.execute(
            "INSERT INTO steps VALUES (?, ?, 0, 'first', '', 'a', 'SUCCESS', 'say', 'SAFE', 1, ?, 'i', ?, 0, '', '', '',"
            " 0, 1769817600.6, 1769817600.7)",
            (*run, definition_of_version_1("say", {"value": "grüße", "witness": "a"}, {"text": "{{result.value}}"}),
             '{"value":"gr\\u00fc\\u00dfe"}'),
        )  # fmt: skip
        connection.execute(
            "INSERT INTO steps VALUES (?, ?, 0, 'first', '', 'b', 'RUNNING', 'say', 'SAFE', 1, 'x', 'i', NULL, 0, '', '',"
            " '', 0, 1769817600.8, NULL)",
            run,
        )
    connection.execute("COMMIT")
    connection.close()


def definition_of_version_1(step_type, inputs, outputs):
    """The digest of a step as the first version wrote it."""
    written = json.dumps([step_type, inputs, outputs, None], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


def shape_of(connection):
    """What tables and indexes there are, with their columns."""
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    columns = {name: sorted(row[1:] for row in connection.execute(f"PRAGMA table_info({name})")) for name in names}
    columns = {name: [(each[0], each[1], each[2]) for each in found] for name, found in columns.items()}
    indexes = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY 1")]
    return columns, indexes


def test_migrated_file_has_the_tables_of_a_new_one(tmp_path):
    make_version_1(tmp_path / "old.sqlite")
    open_ledger(tmp_path / "old.sqlite").close()
    open_ledger(tmp_path / "new.sqlite").close()
    shapes = [shape_of(apsw.Connection(str(tmp_path / name))) for name in ("old.sqlite", "new.sqlite")]
    assert shapes[0] == shapes[1]
    assert "CREATE" in TABLES


def test_what_the_first_version_remembered_is_remembered(tmp_path):
    make_version_1(tmp_path / "ledger.sqlite")
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    history = ledger.history(KEY)
    ledger.close()
    assert (history.run.status, history.run.starts, history.run.started_at) == (Status.RUNNING, 1, 1769817600.5)
    assert (history.run.parameters, history.run.marker) == ({"day": "monday"}, "f" * 32)
    assert history.jobs["first"].outputs == {"text": "grüße"}
    assert history.steps[StepKey("first", "a")].outputs == {"value": "grüße"}
    assert history.steps[StepKey("first", "b")].status is Status.RUNNING


def test_run_that_the_first_version_was_cut_off_in_goes_on_to_its_end(project):
    project.write("old.yaml", FLOW)
    make_version_1(project.folder / ".aetherflow/state/ledger.sqlite")
    (listed,) = project.aetherflow("runs", "list", "--json").json
    assert (listed["status"], listed["start_count"], listed["duration_ms"]) == ("RUNNING", 1, listed["duration_ms"])
    told = project.aetherflow("run", "old.yaml", "--run-id", "cut-off", "--json")
    assert told.code == 0, told.err
    assert project.lines("a") == []
    assert (project.lines("b"), project.lines("c")) == (["b 2"], ["c 1"])
    shown = project.aetherflow("runs", "show", "cut-off", "--json").json
    steps = {step["step_id"]: step for job in shown["jobs"] for step in job["steps"]}
    assert (shown["status"], shown["start_count"], len(shown["starts"])) == ("SUCCESS", 2, 1)
    assert steps["b"]["outputs"] == {"value": "grüße monday"}
    assert steps["b"]["earlier_attempts"][0]["status"] == "INTERRUPTED"
    assert "  start 1, 20" in (tree := project.aetherflow("runs", "show", "cut-off").out)
    assert "an older AetherFlow ran it" in tree
    starts = [line.split() for line in project.aetherflow("runs", "logs", "cut-off").out.splitlines()]
    assert [line[4] for line in starts if line[3] == "run_start"] == ["start=1", "start=2"]
    assert steps["c"]["outputs"] == {"value": "grüße"}


def test_looking_into_an_older_ledger_leaves_it_to_the_older_version(project):
    path = project.folder / ".aetherflow/state/ledger.sqlite"
    make_version_1(path)
    before = path.read_bytes()
    for arguments in (["list"], ["show", "cut-off"], ["logs", "cut-off"], ["prune", "--keep", "0", "--dry-run"]):
        assert project.aetherflow("runs", *arguments).code == 0
    assert path.read_bytes() == before


def test_newer_ledger_is_refused_for_running_and_read_for_looking(project):
    project.write("old.yaml", FLOW)
    assert project.aetherflow("run", "old.yaml", "--run-id", "one", "--param", "day=x").code == 0
    path = project.folder / ".aetherflow/state/ledger.sqlite"
    connection = apsw.Connection(str(path))
    connection.execute("ALTER TABLE runs ADD COLUMN of_the_future TEXT NOT NULL DEFAULT 'x'")
    connection.execute("CREATE TABLE of_the_future (x)")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    refused = project.aetherflow("run", "old.yaml", "--param", "day=x")
    assert refused.code == 1
    assert f"a newer AetherFlow wrote it (version {SCHEMA_VERSION + 1}, this one knows {SCHEMA_VERSION})" in refused.err
    for arguments in (["cancel", "one"], ["prune", "--keep", "0"], ["resolve", "one", "a", "--again"]):
        told = project.aetherflow("runs", *arguments)
        assert (told.code, "a newer AetherFlow wrote it" in told.err) == (1, True)
    assert project.aetherflow("runs", "list", "--json").json[0]["run_id"] == "one"
    assert project.aetherflow("runs", "show", "one", "--json").json["status"] == "SUCCESS"
    assert project.aetherflow("runs", "logs", "one").code == 0
    assert path.read_bytes() == before
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE runs SET status = 'DREAMING'")
    connection.close()
    told = project.aetherflow("runs", "list")
    assert (told.code, "something that this version does not understand" in told.err) == (1, True)


def test_newer_ledger_is_refused_by_the_library_too(tmp_path):
    open_ledger(tmp_path / "ledger.sqlite").close()
    connection = apsw.Connection(str(tmp_path / "ledger.sqlite"))
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(LedgerFailed, match="newer AetherFlow"):
        open_ledger(tmp_path / "ledger.sqlite")
    open_ledger(tmp_path / "ledger.sqlite", to_read=True).close()


#: Everything that changes the disk.
CALLS = "openat,pwrite64,write,fsync,fdatasync,ftruncate,unlink,rename,mkdir,flock,fcntl"
OPEN = "from pathlib import Path; from aetherflow.kernel.state.ledger import open_ledger; import sys; open_ledger(Path(sys.argv[1])).close()"


#: A migration whose statements are transactions of their own.
IN_PIECES = Mutant(
    name="a migration in pieces",
    file="aetherflow/kernel/state/connection.py",
    old="""    connection.execute("BEGIN IMMEDIATE")
    change()
    connection.execute(f"PRAGMA user_version = {contents.version}")
    connection.execute("COMMIT")
""",
    new="""    change()
    connection.execute(f"PRAGMA user_version = {contents.version}")
""",
)


@pytest.fixture
def _strace():
    if shutil.which("strace") is None:
        leave = pytest.fail if os.environ.get("AETHERFLOW_REQUIRE_SERVERS") else pytest.skip
        leave("there is no strace, which kills at a system call")


@pytest.mark.slow
@pytest.mark.usefixtures("_strace")
def test_migration_that_is_killed_leaves_the_old_tables_or_the_new_ones(tmp_path):
    outcomes, points = _kill_migrations(tmp_path, _environment(), most=scaled(10_000, least=60))
    print(f"migration: killed at {outcomes.total()} of {points} points: {dict(outcomes)}")  # noqa: T201 - the figures
    assert outcomes["between"] == 0
    assert outcomes["old"] > 5
    assert outcomes["new"] > 5


@pytest.mark.slow
@pytest.mark.usefixtures("_strace")
def test_migration_in_pieces_is_found_out(tmp_path):
    outcomes, _ = _kill_migrations(tmp_path, environment_of(IN_PIECES, tmp_path / "mutant", _environment()), most=30)
    assert outcomes["between"] > 0


def _environment():
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}


def _kill_migrations(tmp_path, environment, *, most):
    """Kill a migration at its calls, each once, or as many as `most`; how that left the ledgers."""
    template = tmp_path / "template" / "ledger.sqlite"
    make_version_1(template, runs=40)
    old_shape = shape_of(apsw.Connection(str(template)))
    counts = _calls_of_a_migration(template, tmp_path, environment)
    points = [(call, number) for call, count in sorted(counts.items()) for number in range(1, count + 1)]
    assert len([call for call, _ in points if call in {"pwrite64", "fsync", "fdatasync"}]) > 20
    taken = points[:: -(-len(points) // most)]
    outcomes = Counter(
        _killed(template, tmp_path / f"k{at}", point, old_shape, environment) for at, point in enumerate(taken)
    )
    return outcomes, len(points)


def _calls_of_a_migration(template, tmp_path, environment):
    """How often each call is made on the ledger's files while it is opened."""
    place = _copy(template, tmp_path / "counted")
    log = tmp_path / "trace"
    command = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={CALLS}", "-P", str(place), "-P", f"{place}-wal"]
    subprocess.run([*command, sys.executable, "-c", OPEN, str(place)], env=environment, check=True)
    found = (re.match(r"\d+ +(\w+)\(", line) for line in log.read_text().splitlines())
    return Counter(call[1] for call in found if call)


def _killed(template, folder, point, old_shape, environment):
    """Kill an opening at one call; how it left the ledger: old, new, or between the two."""
    call, number = point
    place = _copy(template, folder)
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", str(place), "-P", f"{place}-wal"]
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"]
    subprocess.run([*command, *inject, sys.executable, "-c", OPEN, str(place)], env=environment, check=False)
    with apsw.Connection(str(place)) as connection:
        assert connection.pragma("integrity_check") == "ok"
        version, shape = connection.pragma("user_version"), shape_of(connection)
    connection.close()
    if version not in {1, SCHEMA_VERSION} or (version == 1) != (shape == old_shape):
        return "between"
    ledger = open_ledger(place)
    history = ledger.history(KEY)
    assert len(ledger.runs()) == 40, point
    ledger.close()
    assert history.steps[StepKey("first", "a")].outputs == {"value": "grüße"}
    shutil.rmtree(folder)
    return "old" if version == 1 else "new"


def _copy(template, folder) -> Path:
    shutil.copytree(template.parent, folder)
    return folder / template.name
