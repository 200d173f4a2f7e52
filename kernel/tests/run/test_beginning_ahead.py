"""A step that may run again freely begins while its start goes to the disk; all that it does through the run waits."""

from __future__ import annotations

import subprocess
import sys

import pytest
from kernel.tests.run.conftest import jobs

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


#: When somebody asks for it, nobody can write to the ledger until somebody comes, or for a second.
HOLDER = """
import pathlib, sqlite3, time
while not pathlib.Path("hold").exists():
    time.sleep(0.01)
ledger = sqlite3.connect(".aetherflow/state/ledger.sqlite", isolation_level=None, timeout=60)
ledger.execute("BEGIN IMMEDIATE")
pathlib.Path("held").touch()
came, until = pathlib.Path("came"), time.monotonic() + 1
while not came.exists() and time.monotonic() < until:
    time.sleep(0.01)
pathlib.Path("seen").write_text("came" if came.exists() else "nobody")
ledger.execute("ROLLBACK")
"""


@pytest.fixture
def held(watched):
    """A project in which the step `hold` has somebody else hold the ledger; what was seen meanwhile is in `seen`."""
    watched.project.write("steps/looking.py", STEPS)
    with subprocess.Popen([sys.executable, "-c", HOLDER], cwd=watched.folder) as holder:
        yield watched
        holder.kill()


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
    ],
)
def test_only_what_may_run_again_freely_begins_before_its_start_is_written(held, more, seen):
    result = held.run(
        f"""
        version: 1
        flow: {{id: held, concurrency: {{max_parallel_jobs: 2}}}}
        jobs:
          - {{id: a, steps: [{{id: s, type: hold}}]}}
          - {{id: b, depends_on: [a], steps: [{{id: s, type: come, {more}}}]}}
        """
    )
    assert jobs(result) == {"a": "SUCCESS", "b": "SUCCESS"}
    assert held.lines("seen") == [seen]


@pytest.mark.parametrize("most", [1, 2])
def test_a_step_after_another_one_of_its_job_waits_for_its_start(held, most):
    held.run(
        f"""
        version: 1
        flow: {{id: held, concurrency: {{max_parallel_jobs: {most}}}}}
        jobs:
          - {{id: a, steps: [{{id: s, type: hold}}, {{id: t, type: come, rerun: SAFE}}]}}
        """
    )
    assert held.lines("seen") == ["nobody"]


@pytest.mark.parametrize(("most", "seen"), [(1, "nobody"), (2, "came")])
def test_items_side_by_side_begin_ahead_as_well(held, most, seen):
    held.run(
        f"""
        version: 1
        flow: {{id: held}}
        jobs:
          - id: a
            steps:
              - {{id: s, type: hold}}
              - {{id: t, type: come, rerun: SAFE, foreach: {{items: [1, 2], max_parallel: {most}}}}}
        """
    )
    assert held.lines("seen") == [seen]
