"""Steps and jobs that take too long are asked to stop, and left behind where they don't."""

from __future__ import annotations

import time

import pytest
from kernel.tests.run.conftest import jobs, steps

from aetherflow.kernel.run import series


def flow(step, job=""):
    return f"version: 1\nflow: {{id: f}}\njobs:\n  - id: j\n    {job}\n    steps:\n      - {step}\n      - {{id: after, type: say, inputs: {{witness: seen}}}}\n"


def test_a_step_that_obeys_is_timed_out_and_ends_its_job(watched):
    result = watched.run(flow("{id: s, type: hang, inputs: {ready: ready}, timeout_seconds: 0.3}"))
    assert (jobs(result), steps(result, "j")) == ({"j": "TIMED_OUT"}, {"s": "TIMED_OUT"})
    assert result.jobs[0].failure.error_code == "AF-TIMED-OUT"
    assert result.status == "FAILED"
    assert watched.lines("seen") == []


def test_a_step_in_time_is_as_any_other(watched):
    result = watched.run(flow("{id: s, type: say, inputs: {value: 1}, timeout_seconds: 60}"))
    assert jobs(result) == {"j": "SUCCESS"}
    assert not result.has_left_behind


@pytest.mark.parametrize("more", ["continue_on_error: true", "retry: {max_attempts: 2}"])
def test_a_step_that_is_deaf_is_left_behind_the_job_goes_on_and_it_publishes_nothing(watched, monkeypatch, more):
    monkeypatch.setattr(series, "GRACE_SECONDS", 0.3)
    result = watched.run(flow(f"{{id: s, type: deaf, inputs: {{seconds: 1.5}}, timeout_seconds: 0.2, {more}}}"))
    assert steps(result, "j")["s"] == "TIMED_OUT"
    assert result.has_left_behind
    assert len(watched.lines("seen")) == ("continue" in more)
    # Another attempt would meet the one that is still busy.
    assert watched.told("step_retry", "attempt") == []
    time.sleep(1.6)  # as long as the steps that were left behind take to come to their publishing
    assert not (watched.folder / "published").exists()


def test_a_job_has_a_limit_of_its_own(watched):
    result = watched.run(
        flow("{id: s, type: hang, inputs: {ready: ready}, timeout_seconds: 60}", "timeout_seconds: 0.3")
    )
    assert jobs(result) == {"j": "TIMED_OUT"}
    assert result.jobs[0].failure.error == "the time of its job was over after 0.3 s"


def test_a_step_with_less_time_than_its_job_is_told_its_own_limit(watched):
    result = watched.run(
        flow("{id: s, type: hang, inputs: {ready: ready}, timeout_seconds: 0.3}", "timeout_seconds: 60")
    )
    assert result.jobs[0].failure.error == "its time was over after 0.3 s"


def test_an_attempt_that_the_jobs_time_ends_is_not_told_twice_that_it_is_over(watched):
    step = "{id: s, type: hang, inputs: {ready: ready}, retry: {max_attempts: 3}}"
    result = watched.run(flow(step, "timeout_seconds: 0.3"))
    assert result.jobs[0].failure.error == "the time of its job was over after 0.3 s"


def test_no_attempt_is_made_that_could_only_begin_after_the_jobs_time(watched):
    result = watched.run(
        flow(
            "{id: s, type: count_up, inputs: {file: n, fails: 9}, retry: {max_attempts: 9, backoff_seconds: 60}}",
            "timeout_seconds: 20",
        )
    )
    assert jobs(result) == {"j": "FAILED"}
    assert len(watched.lines("n")) == 1
    assert result.jobs[0].failure.error.endswith(", and no time of its job is left for another attempt")


def test_each_item_has_the_time_of_the_step(watched):
    result = watched.run(
        flow(
            "{id: s, type: hang, inputs: {ready: '{{item}}'}, foreach: {items: [a, b]}, timeout_seconds: 0.2, continue_on_error: true}"
        )
    )
    assert sorted(watched.told("item_end", "item", "status")) == [("0", "TIMED_OUT"), ("1", "TIMED_OUT")]
    assert jobs(result) == {"j": "SUCCESS"}
