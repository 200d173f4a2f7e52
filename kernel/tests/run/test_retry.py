"""A step with `retry` is tried again, as often and after as long as it says, across starts of the run."""

from __future__ import annotations

import signal
import sqlite3

import pytest
from hypothesis import given, strategies
from kernel.tests.run.conftest import jobs, steps
from kernel.tests.run.test_resume import wait_for

from aetherflow.kernel.run.series import backoff
from aetherflow.kernel.spec.models import Retry


def flow(step_type, inputs, retry, more=""):
    return (
        "version: 1\nflow: {id: f}\njobs:\n  - id: j\n    steps:\n"
        f"      - {{id: s, type: {step_type}, inputs: {inputs}, retry: {retry}{more}}}\n"
    )


def test_a_step_is_tried_until_it_works(watched):
    result = watched.run(flow("count_up", "{file: n, fails: 2}", "{max_attempts: 5}"))
    assert jobs(result) == {"j": "SUCCESS"}
    assert [line.split()[0] for line in watched.lines("n")] == ["1", "2", "3"]
    assert len({line.split()[1] for line in watched.lines("n")}) == 1
    assert watched.told("step_retry", "attempt", "error_code") == [(1, "AF-NOT-NOW"), (2, "AF-NOT-NOW")]
    assert watched.told("step_start", "attempt") == [(1,)]
    assert watched.told("step_end", "status") == [("SUCCESS",)]


def test_when_the_attempts_are_used_up_the_step_has_failed_and_a_new_start_is_a_new_series(watched):
    text = flow("count_up", "{file: n, fails: 5}", "{max_attempts: 3}")
    assert jobs(watched.run(text)) == {"j": "FAILED"}
    assert len(watched.lines("n")) == 3
    assert jobs(watched.run()) == {"j": "SUCCESS"}
    assert [line.split()[0] for line in watched.lines("n")] == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize(
    ("patterns", "attempts"), [("[AF-NOT-NOW]", 2), ("['AF-NOT*']", 2), ("[AF-OTHER]", 1), ("['*']", 2)]
)
def test_only_after_the_errors_that_are_named(watched, patterns, attempts):
    watched.run(flow("count_up", "{file: n, fails: 9}", f"{{max_attempts: 2, on_errors: {patterns}}}"))
    assert len(watched.lines("n")) == attempts


@pytest.mark.parametrize(("kind", "attempts"), [("step", 1), ("nothing", 3)])
def test_a_step_that_may_run_once_is_tried_again_only_when_nothing_was_done(watched, kind, attempts):
    watched.run(flow("once_more", f"{{file: n, fails: 9, kind: {kind}}}", "{max_attempts: 3}"))
    assert len(watched.lines("n")) == attempts


def test_a_failed_step_whose_job_goes_on_gives_nulls_and_stays_as_it_is(watched):
    text = """
        version: 1
        flow: {id: on}
        jobs:
          - id: j
            steps:
              - {id: s, type: count_up, inputs: {file: n, fails: 9}, continue_on_error: true}
              - {id: t, type: say, inputs: {value: "{{steps.s.value}}", witness: seen}, outputs: {got: "{{result.value}}"}}
              - {id: u, type: fail, inputs: {unless: mended}}
        """
    assert steps(watched.run(text), "j") == {"s": "FAILED", "t": "SUCCESS", "u": "FAILED"}
    watched.project.write("mended", "")
    result = watched.run()
    assert jobs(result) == {"j": "SUCCESS"}
    assert steps(result, "j") == {"s": "FAILED", "t": "SUCCESS", "u": "SUCCESS"}
    assert len(watched.lines("n")) == len(watched.lines("seen")) == 1


def test_a_run_that_was_killed_while_it_waited_waits_on_and_makes_no_attempt_too_many(watched):
    """R28."""
    project = watched.project
    text = flow("count_up", "{file: n, fails: 9}", "{max_attempts: 2, backoff_seconds: 600}")
    file = project.write("flow.yaml", text)
    running = project.start("run", file, "--run-id", "r1")
    wait_for(lambda: project.lines("n"))
    until_noted(project, "steps", "status = 'PENDING'")
    running.kill()
    running.communicate()
    again = project.start("run", file, "--run-id", "r1")
    until_noted(project, "starts", "start = 2")
    again.send_signal(signal.SIGTERM)
    again.communicate()
    assert again.returncode == 143
    assert len(project.lines("n")) == 1
    # With a wait that is over by now, the last attempt of the series is made, and no other.
    file.write_text(text.replace("backoff_seconds: 600", "backoff_seconds: 0"))
    assert project.aetherflow("run", file, "--run-id", "r1").code == 1
    assert len(project.lines("n")) == 2


def test_attempts_that_were_cut_off_count(watched):
    """R28: whatever is killed, there are no more attempts in a series than the flow allows."""
    project = watched.project
    file = project.write("flow.yaml", flow("hang", "{ready: ready}", "{max_attempts: 2}"))
    for _ in range(2):
        running = project.start("run", file, "--run-id", "r1")
        wait_for((project.folder / "ready").exists)
        running.kill()
        running.communicate()
        (project.folder / "ready").unlink()
    answer = project.aetherflow("run", file, "--run-id", "r1", "--json")
    assert answer.code == 1
    assert answer.json["jobs"][0]["steps"][0]["error_code"] == "AF-ATTEMPTS-USED"
    assert not (project.folder / "ready").exists()


@given(
    strategies.floats(0, 1e6),
    strategies.floats(1, 100),
    strategies.none() | strategies.floats(0, 1e6),
    strategies.floats(0, 1),
    strategies.integers(1, 10_000),
)
def test_no_wait_is_negative_or_longer_than_allowed(first, multiplier, most, jitter, made):
    retry = Retry(
        max_attempts=2,
        backoff_seconds=first,
        backoff_multiplier=multiplier,
        max_backoff_seconds=most,
        jitter=jitter,
    )
    wait = backoff(retry, made)
    assert wait >= 0
    longest = 86_400 if most is None else most
    assert wait <= longest * (1 + jitter) + 1e-9
    assert backoff(retry, 1, jitter=0) == min(first, longest)


def until_noted(project, table, where):
    """Wait until a row stands in the ledger; asked by another process than the runner."""

    def is_noted():
        connection = sqlite3.connect(f"file:{project.folder}/.aetherflow/state/ledger.sqlite?mode=ro", uri=True)
        try:
            return connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0]  # noqa: S608
        finally:
            connection.close()

    wait_for(is_noted)
