"""Jobs that belong to the end of a run: `on_failure` and `finally`."""

from __future__ import annotations

import contextlib
import signal
import subprocess

import pytest
from kernel.tests.run.conftest import jobs
from kernel.tests.run.test_resume import wait_for

ENDING = """
version: 1
flow: {id: ending}
jobs:
  - {id: a, steps: [{id: s, type: fail, inputs: {unless: mended, witness: main}}]}
  - {id: b, depends_on: [a], steps: [{id: s, type: say, inputs: {witness: main}}]}
on_failure:
  - id: tell
    steps:
      - {id: t, type: say, inputs: {value: "{{failure.job_id}}.{{failure.step_id}} {{failure.status}}: {{failure.error}} ({{failure.error_code}})", witness: told}, outputs: {text: "{{result.value}}"}}
finally:
  - {id: bye, steps: [{id: u, type: say, inputs: {value: "{{jobs.b.status}} {{failure.job_id:nothing}}", witness: bye}, outputs: {text: "{{result.value}}"}}]}
"""


def test_a_failure_is_told_and_what_comes_last_comes_last(watched):
    result = watched.run(ENDING)
    assert jobs(result) == {"a": "FAILED", "b": "BLOCKED", "tell": "SUCCESS", "bye": "SUCCESS"}
    assert result.status == "FAILED"
    assert result.jobs[2].outputs == {"text": "a.s FAILED: it went wrong (AF-STEP-FAILED)"}
    assert result.jobs[3].outputs == {"text": "BLOCKED a"}


def test_each_start_has_an_end_of_its_own_and_one_that_does_nothing_has_none(watched):
    watched.run(ENDING)
    watched.run()
    assert (len(watched.lines("told")), len(watched.lines("bye"))) == (2, 2)
    watched.project.write("mended", "")
    result = watched.run()
    assert jobs(result) == {"a": "SUCCESS", "b": "SUCCESS", "bye": "SUCCESS"}
    assert (len(watched.lines("told")), len(watched.lines("bye"))) == (2, 3)
    again = watched.run()
    assert jobs(again) == {"a": "SUCCESS", "b": "SUCCESS"}
    assert len(watched.lines("bye")) == 3


def test_a_last_job_that_fails_makes_the_run_fail_and_runs_in_the_next_start(watched):
    text = """
        version: 1
        flow: {id: ending}
        jobs: [{id: a, steps: [{id: s, type: say, inputs: {witness: main}}]}]
        finally: [{id: bye, steps: [{id: u, type: fail, inputs: {unless: mended}}]}]
        """
    assert watched.run(text).status == "FAILED"
    watched.project.write("mended", "")
    assert watched.run().status == "SUCCESS"
    assert len(watched.lines("main")) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_still_has_its_end(project, number):
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: stopped}
        jobs:
          - {id: a, steps: [{id: s, type: hang, inputs: {ready: ready}}]}
          - {id: b, steps: [{id: s, type: say, inputs: {witness: seen}}]}
        on_failure: [{id: tell, steps: [{id: t, type: say, inputs: {witness: told}}]}]
        finally: [{id: bye, steps: [{id: u, type: say, inputs: {value: "{{jobs.a.status}} {{jobs.b.status}}", witness: bye}, outputs: {text: "{{result.value}}"}}]}]
        """,
    )
    running = project.start("run", flow, "--run-id", "r1", "--json")
    wait_for((project.folder / "ready").exists)
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == {signal.SIGTERM: 143, signal.SIGINT: 130}[number], err
    assert '"text": "INTERRUPTED PENDING"' in out
    assert [project.lines(name) for name in ("seen", "told", "bye")] == [[], [], ["u 1"]]


def test_a_last_job_that_hangs_is_left_when_the_grace_is_over(project):
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: stopped}
        jobs: [{id: a, steps: [{id: s, type: hang, inputs: {ready: ready}}]}]
        finally: [{id: bye, steps: [{id: u, type: hang, inputs: {ready: last, obeys: false}}]}]
        """,
    )
    running = project.start("run", flow, "--run-id", "r1", "--json")
    wait_for((project.folder / "ready").exists)
    running.send_signal(signal.SIGTERM)
    wait_for((project.folder / "last").exists)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 143, err
    assert '"status": "INTERRUPTED"' in out


def test_a_signal_stops_the_last_job_that_it_meets_and_not_those_behind_it(project):
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: stopped}
        jobs: [{id: a, steps: [{id: s, type: fail}]}]
        finally:
          - {id: x, steps: [{id: u, type: hang, inputs: {ready: last}}]}
          - {id: y, steps: [{id: v, type: say, inputs: {witness: bye}}]}
        """,
    )
    running = project.start("run", flow, "--run-id", "r1", "--json")
    wait_for((project.folder / "last").exists)
    running.send_signal(signal.SIGTERM)
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 143
    assert project.lines("bye") == ["v 1"], out


def test_a_signal_while_a_failure_is_told_does_not_keep_the_end_from_running(project):
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: stopped}
        jobs: [{id: a, steps: [{id: s, type: fail}]}]
        on_failure: [{id: tell, steps: [{id: t, type: hang, inputs: {ready: telling}}]}]
        finally: [{id: y, steps: [{id: v, type: say, inputs: {witness: bye}}]}]
        """,
    )
    running = project.start("run", flow, "--run-id", "r1")
    wait_for((project.folder / "telling").exists)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    assert project.lines("bye") == ["v 1"]


def test_a_run_whose_log_nobody_reads_can_be_stopped(project):
    steps = "\n".join(
        f"              - {{id: s{number}, type: say, inputs: {{value: {'x' * 60}, witness: seen}}}}"
        for number in range(2000)
    )
    flow = project.write("flow.yaml", f"version: 1\nflow: {{id: unread}}\njobs:\n  - id: a\n    steps:\n{steps}\n")
    running = project.start("run", flow, "--run-id", "r1")
    # The pipe is full when nothing more happens for a while.
    seen = -1
    while seen != len(project.lines("seen")) or not seen:
        seen = len(project.lines("seen"))
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(2)
    assert seen < 2000
    running.send_signal(signal.SIGINT)
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=60) == 130
    running.communicate()
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 0
    assert len(project.lines("seen")) in {2000, 2001}
