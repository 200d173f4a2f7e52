"""A step that may run again freely begins while its start goes to the disk; all that it does through the run waits."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from kernel.tests.run.conftest import jobs

from aetherflow.kernel.contracts.events import Status
from aetherflow.kernel.contracts.records import StepRecord
from aetherflow.kernel.errors import LedgerFailed
from aetherflow.kernel.run import notes
from aetherflow.kernel.state.ledger import Ledger

STEPS = """
import subprocess, sys, time
from aetherflow.kernel.api import NoOutputs, StepContext, StepOutputs, register_step

#: By another process: no second library opens the ledger in this one.
LOOK = '''
import sqlite3, sys
found = sqlite3.connect(sys.argv[1]).execute(
    "SELECT status FROM steps WHERE job_id = ? AND item = ?", sys.argv[2:]).fetchall()
print(*[status for status, in found])
'''

class Known(StepOutputs):
    known: str


def known(context):
    ledger = context.project / ".aetherflow/state/ledger.sqlite"
    place = [context.job_id, getattr(context, "item", "")]
    return subprocess.run(
        [sys.executable, "-c", LOOK, ledger, *place], check=True, capture_output=True, text=True
    ).stdout.strip()


@register_step("hold")
def hold(context: StepContext) -> NoOutputs:
    (context.project / "hold").touch()
    while not (context.project / "held").exists():
        time.sleep(0.01)
    return NoOutputs()


@register_step("come")
def come(context: StepContext) -> NoOutputs:
    (context.project / "came").touch()
    return NoOutputs()


@register_step("look")
def look(context: StepContext) -> Known:
    \"\"\"Say what the ledger knows.\"\"\"
    return Known(known=known(context))


@register_step("speak")
def speak(context: StepContext) -> Known:
    context.log.info("here")
    return Known(known=known(context))


@register_step("show")
def show(context: StepContext) -> Known:
    with context.publish(context.artifacts / "file") as temporary:
        temporary.write_text("x")
    return Known(known=known(context))


"""


#: When somebody asks for it, nobody can write to the ledger until somebody comes, or for some seconds.
HOLDER = """
import pathlib, sqlite3, sys, time
while not pathlib.Path("hold").exists():
    time.sleep(0.01)
ledger = sqlite3.connect(".aetherflow/state/ledger.sqlite", isolation_level=None, timeout=60)
ledger.execute("BEGIN IMMEDIATE")
pathlib.Path("held").touch()
came, until = pathlib.Path("came"), time.monotonic() + float(sys.argv[1])
while not came.exists() and time.monotonic() < until:
    time.sleep(0.01)
pathlib.Path("seen").write_text("came" if came.exists() else "nobody")
ledger.execute("ROLLBACK")
"""


@pytest.fixture
def run_held(watched, monkeypatch):
    """Runs a flow in which the step `hold` has somebody else hold the ledger, and looks at what was seen meanwhile.

    However long `hold` takes, that is little.
    """
    monkeypatch.setattr(notes, "_MOST_SECONDS_AHEAD", 600)
    watched.project.write("steps/looking.py", STEPS)

    def run(text, *, seen):
        # Whoever is to come does so at once, but for a busy machine; nobody is waited for no longer than needed.
        seconds = {"came": "20", "nobody": "1"}[seen]
        with subprocess.Popen([sys.executable, "-c", HOLDER, seconds], cwd=watched.folder) as holder:
            try:
                result = watched.run(text)
            finally:
                holder.kill()
        assert watched.lines("seen") == [seen]
        return result

    return run


def flow(step_type, rerun, *, count=12):
    step = f"id: s, type: {step_type}, rerun: {rerun}, outputs: {{known: '{{{{result.known}}}}'}}"
    written = "".join(f"  - {{id: j{number}, steps: [{{{step}}}]}}\n" for number in range(count))
    return f"version: 1\nflow: {{id: f, concurrency: {{max_parallel_jobs: 6}}}}\njobs:\n{written}"


def known_in(result):
    return {job.outputs["known"] for job in result.jobs}


@pytest.mark.parametrize(
    ("step_type", "rerun"), [("look", "ONCE"), ("look", "KEYED"), ("speak", "SAFE"), ("show", "SAFE")]
)
def test_the_ledger_knows_of_a_step_before_it_does_anything_that_counts(watched, step_type, rerun):
    watched.project.write("steps/looking.py", STEPS)
    result = watched.run(flow(step_type, rerun))
    assert set(jobs(result).values()) == {"SUCCESS"}
    assert known_in(result) == {"RUNNING"}


def test_what_a_step_says_comes_after_its_start(watched):
    watched.project.write("steps/looking.py", STEPS)
    watched.run(flow("speak", "SAFE", count=40))
    begun = set()
    for event in watched.events:
        if event.name == "step_start":
            begun.add(event.job_id)
        if event.name == "step_log":
            assert event.job_id in begun
    assert len(begun) == 40


@pytest.mark.parametrize(
    ("more", "seen"),
    [
        ("rerun: SAFE", "came"),
        ("rerun: KEYED", "nobody"),
        ("rerun: ONCE", "nobody"),
        ("rerun: SAFE, retry: {max_attempts: 2}", "nobody"),
        ("rerun: SAFE, timeout_seconds: 60", "nobody"),
    ],
)
def test_only_what_may_run_again_freely_begins_before_its_start_is_written(run_held, more, seen):
    result = run_held(
        f"""
        version: 1
        flow: {{id: held, concurrency: {{max_parallel_jobs: 2}}}}
        jobs:
          - {{id: a, steps: [{{id: s, type: hold, rerun: SAFE}}]}}
          - {{id: b, depends_on: [a], steps: [{{id: s, type: come, {more}}}]}}
        """,
        seen=seen,
    )
    assert jobs(result) == {"a": "SUCCESS", "b": "SUCCESS"}


@pytest.mark.parametrize("rerun", ["ONCE", "KEYED"])
def test_nothing_begins_ahead_of_the_end_of_what_may_not_run_again_freely(run_held, rerun):
    run_held(
        f"""
        version: 1
        flow: {{id: held, concurrency: {{max_parallel_jobs: 2}}}}
        jobs:
          - {{id: a, steps: [{{id: s, type: hold, rerun: {rerun}}}]}}
          - {{id: b, depends_on: [a], steps: [{{id: s, type: come, rerun: SAFE}}]}}
        """,
        seen="nobody",
    )


@pytest.mark.parametrize(
    ("rerun", "seconds", "seen"),
    [("SAFE", 600, "came"), ("SAFE", 0, "nobody"), ("KEYED", 600, "nobody"), ("ONCE", 600, "nobody")],
)
@pytest.mark.parametrize("most", [1, 2])
def test_a_step_begins_ahead_of_the_end_of_the_one_before_where_little_could_be_lost(
    run_held, monkeypatch, most, rerun, seconds, seen
):
    monkeypatch.setattr(notes, "_MOST_SECONDS_AHEAD", seconds)
    run_held(
        f"""
        version: 1
        flow: {{id: held, concurrency: {{max_parallel_jobs: {most}}}}}
        jobs:
          - {{id: a, steps: [{{id: s, type: hold, rerun: {rerun}}}, {{id: t, type: come, rerun: SAFE}}]}}
        """,
        seen=seen,
    )


@pytest.mark.parametrize("most", [1, 2])
def test_items_begin_ahead_as_well(run_held, most):
    run_held(
        f"""
        version: 1
        flow: {{id: held}}
        jobs:
          - id: a
            steps:
              - {{id: s, type: hold, rerun: SAFE}}
              - {{id: t, type: come, rerun: SAFE, foreach: {{items: [1, 2], max_parallel: {most}}}}}
        """,
        seen="came",
    )


FAILING = """
version: 1
flow: {id: f, workspace: {cleanup_policy: never}, concurrency: {max_parallel_jobs: 2}}
jobs:
  - {id: a, steps: [{id: s, type: show, rerun: SAFE, continue_on_error: true}]}
"""


def fail_once(monkeypatch, is_meant, *, may_be_tried_again=True):
    """Have the first commit fail that holds a write which is meant; answers what is told of it."""
    write_all, failed = Ledger.write_all, []

    def write(ledger, writes, *, fence):
        meant = [each for each in writes if is_meant(each)]
        if meant and not failed:
            failed.append(LedgerFailed("the disk is full"))
            failed[0].may_be_tried_again = may_be_tried_again
            raise failed[0]
        write_all(ledger, writes, fence=fence)

    monkeypatch.setattr(Ledger, "write_all", write)
    return failed


def is_step(write, item, *statuses):
    """Whether a write puts a step, or an item, that stands so."""
    _, key, record = [*getattr(write, "args", ()), None, None, None][:3]
    return isinstance(record, StepRecord) and key.item == item and record.status in statuses


def test_a_step_whose_start_could_not_be_written_is_done_by_the_next_start(watched, monkeypatch):
    watched.project.write("steps/looking.py", STEPS)
    failed = fail_once(monkeypatch, lambda write: is_step(write, "", Status.RUNNING))
    with pytest.raises(LedgerFailed, match="the disk is full"):
        watched.run(FAILING)
    assert failed
    result = watched.run()
    assert jobs(result) == {"a": "SUCCESS"}
    assert list(watched.folder.rglob("artifacts/file"))


LATE = """
import time
from aetherflow.kernel.api import NoOutputs, StepContext, register_step


@register_step("late")
def late(context: StepContext, number: int) -> NoOutputs:
    if number == 1:
        while not (context.project / "raised").exists():
            time.sleep(0.01)
        with context.publish(context.project / "late") as temporary:
            temporary.write_text("x")
    return NoOutputs()
"""


@pytest.mark.parametrize("limit", ["", ", timeout_seconds: 60"])
def test_items_publish_nothing_after_the_run_has_broken(watched, monkeypatch, limit):
    watched.project.write("steps/late.py", LATE)
    fail_once(monkeypatch, lambda write: is_step(write, "0", Status.SUCCESS), may_be_tried_again=False)
    with pytest.raises(LedgerFailed, match="the disk is full"):
        watched.run(
            f"""
            version: 1
            flow: {{id: f}}
            jobs:
              - id: a
                steps:
                  - id: s
                    type: late
                    rerun: SAFE
                    inputs: {{number: "{{{{item}}}}"}}
                    foreach: {{items: [0, 1, 2], max_parallel: 2}}{limit}
            """.replace("max_parallel: 2}, timeout", "max_parallel: 2}\n                    timeout")
        )
    others = [thread for thread in threading.enumerate() if thread.name == "aetherflow-steps"]
    watched.project.write("raised", "")
    for thread in others:
        thread.join(5)
    assert not (watched.folder / "late").exists()
