"""What must not be taken for success: faults of plugins in our own errors, of the system, and of ourselves."""

from __future__ import annotations

import threading

import pytest
from kernel.tests.run.conftest import jobs, steps

from aetherflow.kernel.errors import RunFailed
from aetherflow.kernel.run import job as job_module
from aetherflow.kernel.run.crew import Crew
from aetherflow.kernel.run.limits import Limits

BROKEN = """
    from aetherflow.kernel.api import NoOutputs, Rerun, StepError, register_step


    class Unfinished(StepError):
        def __init__(self):
            pass


    class Silent(Exception):
        def __str__(self):
            raise SystemExit(3)


    @register_step("broken", rerun=Rerun.SAFE)
    def broken(how: str) -> NoOutputs:
        if how == "message is no text":
            raise StepError(ValueError("inner"))
        if how == "never initialised":
            raise Unfinished
        if how == "code is no text":
            raise StepError("wrong", code=17)
        if how == "leaves when it is shown":
            raise Silent
        raise KeyboardInterrupt
"""


@pytest.mark.parametrize("more", ["", ", timeout_seconds: 60"])
@pytest.mark.parametrize(
    "how", ["message is no text", "never initialised", "code is no text", "leaves when it is shown", "interrupt"]
)
def test_a_step_that_builds_its_error_wrongly_fails_and_nothing_else(watched, how, more):
    watched.project.write("steps/broken.py", BROKEN)
    result = watched.run(
        f"""
        version: 1
        flow: {{id: f}}
        jobs:
          - {{id: a, steps: [{{id: s, type: broken, inputs: {{how: "{how}"}}{more}}}]}}
          - {{id: b, steps: [{{id: t, type: say, inputs: {{witness: seen}}}}]}}
        """
    )
    assert jobs(result) == {"a": "FAILED", "b": "SUCCESS"}
    assert result.status == "FAILED"


@pytest.mark.parametrize("most", [1, 3])
def test_a_fault_of_our_own_in_a_jobs_thread_is_no_success(watched, monkeypatch, most):
    def breaks(self):
        message = "a fault of ours"
        raise AssertionError(message)

    monkeypatch.setattr(job_module.JobRun, "_run_steps", breaks)
    with pytest.raises(AssertionError, match="a fault of ours"):
        watched.run(
            f"""
            version: 1
            flow: {{id: f, concurrency: {{max_parallel_jobs: {most}}}}}
            jobs:
              - {{id: a, steps: [{{id: s, type: say}}]}}
              - {{id: b, steps: [{{id: s, type: say}}]}}
              - {{id: c, steps: [{{id: s, type: say}}]}}
            """
        )


def test_threads_that_the_system_refuses_are_told_and_hang_nothing(watched, monkeypatch):
    start, refused = threading.Thread.start, []

    def refuse(self):
        if self.name == "aetherflow-steps" and threading.active_count() > 2:
            refused.append(self)
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    result = watched.run(
        """
        version: 1
        flow: {id: f, concurrency: {max_parallel_jobs: 4}}
        jobs:
          - {id: a, steps: [{id: s, type: say}]}
          - {id: b, steps: [{id: s, type: say}]}
          - {id: c, steps: [{id: s, type: say, timeout_seconds: 60, continue_on_error: true}]}
          - {id: d, steps: [{id: s, type: say, foreach: {items: [1, 2], max_parallel: 2}, continue_on_error: true}]}
        """
    )
    assert jobs(result) == dict.fromkeys("abcd", "SUCCESS")
    assert steps(result, "c") == steps(result, "d") == {"s": "FAILED"}
    assert refused


def test_no_thread_at_all_is_one_sentence(monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RunFailed, match="no more threads"):
        Crew().start(lambda: None)


def test_items_that_changed_are_refused_again_and_done_anew_when_asked_for(watched):
    text = """
        version: 1
        flow: {id: f}
        jobs: [{id: a, steps: [{id: s, type: fail, inputs: {unless: "{{item}}", witness: seen}, foreach: {items: ITEMS}}]}]
        """
    watched.project.write("a", "")
    watched.run(text.replace("ITEMS", "[a, b, c]"))
    for name in "xyz":
        watched.project.write(name, "")
    for _ in range(2):
        refused = watched.run(text.replace("ITEMS", "[x, y, z]"))
        assert "the items are others" in refused.jobs[0].reason
    assert len(watched.lines("seen")) == 2
    done = watched.run(text.replace("ITEMS", "[x, y, z]"), from_step="a.s")
    assert jobs(done) == {"a": "SUCCESS"}
    assert len(watched.lines("seen")) == 5


def test_a_job_that_had_no_data_does_not_go_on_after_a_crash_in_between(watched, monkeypatch):
    """The skip is on the disk, what follows from it is not."""
    text = """
        version: 1
        flow: {id: f}
        jobs: [{id: a, steps: [{id: s, type: nothing_to_do, on_no_data: skip_job}, {id: t, type: say, inputs: {witness: seen}}]}]
        """
    with monkeypatch.context() as patched:

        def dies(self, rest):
            self._run.journal.commit()
            raise MemoryError

        patched.setattr(job_module.JobRun, "_skip_steps", dies)
        with pytest.raises(MemoryError):
            watched.run(text)
    assert jobs(watched.run()) == {"a": "SKIPPED"}
    assert watched.lines("seen") == []


def test_nothing_is_tried_again_under_a_lock_that_was_lost(watched, monkeypatch):
    lost = property(lambda _limits: True, lambda _limits, _value: None)
    monkeypatch.setattr(Limits, "has_lost_lock", lost, raising=False)
    result = watched.run(
        """
        version: 1
        flow: {id: f}
        jobs: [{id: a, steps: [{id: s, type: count_up, inputs: {file: n, fails: 1}, retry: {max_attempts: 3}}]}]
        """
    )
    assert jobs(result) == {"a": "LOCK_LOST"}
    assert watched.lines("n") == []


def test_what_a_job_gave_that_is_skipped_now_is_not_handed_on(watched):
    text = """
        version: 1
        flow: {id: f}
        params: {go: {type: boolean, default: true}}
        jobs:
          - {id: a, steps: [{id: s, type: say, inputs: {value: VALUE}, outputs: {v: "{{result.value}}"}}]}
          - {id: b, when: jobs.a.outputs.v == 1, steps: [{id: s, type: say, inputs: {value: 5}, outputs: {n: "{{result.value}}"}}]}
          - {id: c, steps: [{id: s, type: say, inputs: {value: "{{jobs.b.outputs.n:none}}", witness: seen}, outputs: {got: "{{result.value}}"}}, {id: t, type: fail, inputs: {unless: mended}}]}
        """
    watched.run(text.replace("VALUE", "1"))
    watched.run(text.replace("VALUE", "2"), accept_changes=True)
    watched.project.write("mended", "")
    result = watched.run(text.replace("VALUE", "2"))
    assert jobs(result) == {"a": "SUCCESS", "b": "SKIPPED", "c": "SUCCESS"}
    assert result.jobs[2].outputs == {"got": "none"}


def test_one_job_on_borrowed_results_does_not_make_the_run_a_success(watched):
    text = """
        version: 1
        flow: {id: f}
        jobs:
          - {id: a, steps: [{id: s, type: say}]}
          - {id: b, depends_on: [a], steps: [{id: s, type: say}]}
        """
    watched.run(text, run_id="whole")
    alone = watched.run(text, run_id=None, only_job="b")
    assert jobs(alone) == {"b": "SUCCESS"}
    again = watched.run(text, run_id=alone.run_id)
    assert jobs(again) == {"a": "SUCCESS", "b": "SUCCESS"}
    assert ("a",) in watched.told("job_start", "job_id")


def test_jobs_at_the_end_do_not_fail_fast_and_have_keys_of_their_own_start(watched):
    text = """
        version: 1
        flow: {id: f, concurrency: {fail_fast: true}}
        jobs: [{id: a, steps: [{id: s, type: fail, inputs: {unless: mended}}]}]
        finally:
          - {id: x, steps: [{id: s, type: fail}]}
          - {id: y, steps: [{id: s, type: keyed, inputs: {file: keys}}]}
        """
    assert jobs(watched.run(text)) == {"a": "FAILED", "x": "FAILED", "y": "SUCCESS"}
    watched.run()
    keys = [line.split()[1] for line in watched.lines("keys")]
    assert len(set(keys)) == 2


def test_an_interrupt_in_a_program_that_runs_flows_leaves_nothing_running(watched, monkeypatch):
    from aetherflow.kernel.run import runner

    waits = []
    original = runner._Conductor._patience

    def interrupted(self):
        waits.append(None)
        if len(waits) == 2:
            raise KeyboardInterrupt
        return original(self)

    monkeypatch.setattr(runner._Conductor, "_patience", interrupted)
    with pytest.raises(KeyboardInterrupt):
        watched.run(
            """
            version: 1
            flow: {id: f}
            jobs: [{id: a, steps: [{id: s, type: hang, inputs: {ready: ready}}]}]
            """
        )
    assert ("s", "INTERRUPTED") in watched.told("step_end", "step_id", "status") or not watched.told(
        "step_start", "step_id"
    )
