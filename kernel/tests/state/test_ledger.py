"""The ledger keeps what it acknowledged, and keeps runs apart."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings, strategies as st

from aetherflow.kernel.contracts.events import Status
from aetherflow.kernel.contracts.records import JobRecord, RunKey, RunRecord, StepKey, StepRecord
from aetherflow.kernel.errors import LedgerFailed, OwnedByAnother, RunFailed
from aetherflow.kernel.state.ledger import open_ledger
from aetherflow.kernel.state.ownership import own_run

RUN = RunRecord(
    status=Status.RUNNING, starts=1, started_at=1.0, ended_at=None, parameters={"a": 1}, facts={"id": "r"}, marker="m"
)
STEP = StepRecord(status=Status.SUCCESS, step_type="say", rerun="SAFE", attempt=1, definition="d", outputs={"value": 1})
IDS = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_-]{0,8}\Z")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@pytest.fixture
def ledger(tmp_path):
    opened = open_ledger(tmp_path / "state" / "ledger.sqlite")
    yield opened
    opened.close()


def put_run(ledger, key, run=RUN):
    ledger.put_run(key, run)


def test_what_was_written_is_read_back_after_reopening(tmp_path):
    key = RunKey("flow", "run")
    job = JobRecord(status=Status.SKIPPED, reason="nothing", outputs={"rows": None})
    first = open_ledger(tmp_path / "ledger.sqlite")
    with first.transaction():
        put_run(first, key)
        first.put_job(key, "job", job)
        first.put_step(key, StepKey("job", "step"), STEP)
    first.close()

    second = open_ledger(tmp_path / "ledger.sqlite")
    history = second.history(key)
    second.close()

    assert history.run == RUN
    assert history.jobs == {"job": job}
    assert history.steps == {StepKey("job", "step"): STEP}


def test_transaction_that_fails_leaves_nothing(ledger):
    key = RunKey("flow", "run")
    with pytest.raises(RuntimeError), ledger.transaction():
        put_run(ledger, key)
        ledger.put_step(key, StepKey("job", "step"), STEP)
        raise RuntimeError
    assert ledger.history(key).run is None
    assert ledger.history(key).steps == {}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(IDS, IDS, IDS, IDS, IDS | st.just("")), min_size=2, max_size=12, unique=True))
def test_no_two_sets_of_ids_share_a_row(tmp_path_factory, keys):
    ledger = open_ledger(tmp_path_factory.mktemp("keys") / "ledger.sqlite")
    with ledger.transaction():
        for number, (flow, run, job, step, item) in enumerate(keys):
            put_run(ledger, RunKey(flow, run))
            ledger.put_step(RunKey(flow, run), StepKey(job, step, item), replace(STEP, outputs={"n": number}))
    for number, (flow, run, job, step, item) in enumerate(keys):
        assert ledger.history(RunKey(flow, run)).steps[StepKey(job, step, item)].outputs == {"n": number}
    ledger.close()


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON, max_size=4))
def test_outputs_come_back_as_they_were_big_integers_and_all(tmp_path_factory, outputs):
    ledger = open_ledger(tmp_path_factory.mktemp("outputs") / "ledger.sqlite")
    key = RunKey("flow", "run")
    with ledger.transaction():
        put_run(ledger, key)
        ledger.put_step(key, StepKey("job", "step"), replace(STEP, outputs=outputs))
    found = ledger.history(key).steps[StepKey("job", "step")].outputs
    ledger.close()
    assert repr(found) == repr(outputs)


def test_outputs_that_are_no_json_are_refused(ledger):
    key = RunKey("flow", "run")
    with pytest.raises(ValueError, match="JSON"), ledger.transaction():
        put_run(ledger, key)
        ledger.put_step(key, StepKey("job", "step"), replace(STEP, outputs={"value": math.nan}))
    assert ledger.history(key).run is None


def test_newest_run_is_one_in_which_all_the_jobs_ended_well(ledger):
    for number, statuses in enumerate([(Status.SUCCESS, Status.SUCCESS), (Status.SUCCESS, Status.FAILED)]):
        key = RunKey("flow", f"r{number}")
        with ledger.transaction():
            put_run(ledger, key, replace(RUN, started_at=float(number)))
            for job_id, status in zip("ab", statuses, strict=True):
                ledger.put_job(key, job_id, JobRecord(status=status))
    assert ledger.newest_run_with("flow", ("a", "b")) == "r0"
    assert ledger.newest_run_with("flow", ("a",)) == "r1"
    assert ledger.newest_run_with("flow", ("c",)) is None
    assert ledger.newest_run_with("other", ("a",)) is None


def test_file_of_another_program_is_left_alone(tmp_path):
    path = tmp_path / "other.sqlite"
    with apsw.Connection(str(path)) as connection:
        connection.execute("CREATE TABLE precious (x)")
    with pytest.raises(RunFailed, match="another program"):
        open_ledger(path)
    assert [row[0] for row in apsw.Connection(str(path)).execute("SELECT name FROM sqlite_schema")] == ["precious"]


@pytest.mark.parametrize("content", [b"this is no database at all, just some text" * 50])
def test_file_that_is_no_database_is_told_in_one_sentence(tmp_path, content):
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(RunFailed, match="can't be used"):
        open_ledger(path)
    assert path.read_bytes() == content


def test_path_that_is_no_text_is_told_in_one_sentence(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path / "k") + b"\xff")) / "ledger.sqlite"
    with pytest.raises(LedgerFailed, match="its path must be UTF-8"):
        open_ledger(path)
    assert not path.parent.exists()


def test_newer_ledger_is_refused(tmp_path):
    open_ledger(tmp_path / "ledger.sqlite").close()
    connection = apsw.Connection(str(tmp_path / "ledger.sqlite"))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(RunFailed, match="newer AetherFlow"):
        open_ledger(tmp_path / "ledger.sqlite")


def test_every_acknowledged_transaction_is_synced(ledger):
    assert ledger._connection.pragma("synchronous") == 2
    assert ledger._connection.pragma("journal_mode") == "wal"


def test_ownership_ends_with_the_owners_death(tmp_path):
    key = RunKey("flow", "run")
    source = (
        "import sys, time, pathlib\n"
        "from aetherflow.kernel.state.ownership import own_run\n"
        "from aetherflow.kernel.contracts.records import RunKey\n"
        "with own_run(pathlib.Path(sys.argv[1]), RunKey('flow', 'run')):\n"
        "    print('owned', flush=True)\n"
        "    time.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", source, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout.readline() == "owned\n"
    with pytest.raises(OwnedByAnother, match=str(owner.pid)), own_run(tmp_path, key):
        pass
    with own_run(tmp_path, RunKey("flow", "other")):
        pass
    owner.kill()
    owner.communicate()
    with own_run(tmp_path, key):
        pass


class FailingFile(apsw.VFSFile):
    """A file whose device fails when it is told to."""

    def xSync(self, flags):  # noqa: N802 - apsw's name
        self.vfs.syncs.append(self.name)
        if self.vfs.is_failing and self.name.endswith(self.vfs.failing):
            raise apsw.IOError("the device failed")
        super().xSync(flags)


class FailingDevice(apsw.VFS):
    def __init__(self):
        super().__init__("failing", "unix", makedefault=True)
        self.failing, self.is_failing, self.syncs = "", False, []

    def xOpen(self, name, flags):  # noqa: N802 - apsw's name
        file = FailingFile("unix", name, flags)
        file.vfs, file.name = self, name.filename() if isinstance(name, apsw.URIFilename) else str(name or "")
        return file


@pytest.fixture
def device():
    made = FailingDevice()
    yield made
    made.unregister()


def test_after_a_sync_that_failed_the_file_is_neither_written_nor_synced_again(tmp_path, device):
    key = RunKey("flow", "run")
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    with ledger.transaction():
        put_run(ledger, key)
    device.failing, device.is_failing = "-wal", True
    with pytest.raises(LedgerFailed, match="the device failed"), ledger.transaction():
        ledger.put_job(key, "job", JobRecord(status=Status.SUCCESS))
    device.is_failing = False
    device.syncs.clear()
    with pytest.raises(LedgerFailed, match="failed before"), ledger.transaction():
        ledger.put_job(key, "job", JobRecord(status=Status.SUCCESS))
    ledger.close()
    assert device.syncs == []
    # Whether the job is there is for the device to say: nobody was told that it is.
    reopened = open_ledger(tmp_path / "ledger.sqlite")
    assert reopened.history(key).run == RUN
    reopened.close()
