"""What a flow says of a step's attempts has an effect, and the one that is meant."""

from __future__ import annotations

import pytest

COUNT = "type: acme.count, inputs: {items: []}"
LOCKED = "type: acme.lock, inputs: {{key: k, step: {{{step}}}}}"
SEND = "type: acme.send, inputs: {to: x}"


@pytest.mark.parametrize(
    "text",
    [
        f"{COUNT}, retry: {{max_attempts: 3, backoff_seconds: 2, jitter: 0.5, backoff_multiplier: 2}}",
        f"{COUNT}, retry: {{max_attempts: 3}}, timeout_seconds: 5",
        f"{COUNT}, retry: {{max_attempts: 3, on_errors: [AF-CONNECTOR*, AF-TIMED-OUT, AF-SQL-*, '*']}}",
        f"{COUNT}, retry: {{max_attempts: 3, on_errors: [AF-CONNECTOR-OPEN, AF-STEP-*, 'AF-[CT]*', AF-*, AF-MAIL-TIME]}}",
        f"{SEND}, rerun: SAFE, retry: {{max_attempts: 2}}",
        f"{SEND}, rerun: ONCE, retry: {{max_attempts: 2}}",
        f"{SEND}, timeout_seconds: 60, continue_on_error: true",
        f"{LOCKED.format(step=COUNT)}, retry: {{max_attempts: 2}}",
    ],
)
def test_attempts_that_mean_something_are_not_talked_about(check_step, text):
    assert check_step(text) == ()


@pytest.mark.parametrize(
    ("text", "code", "at", "mend"),
    [
        (
            f"{SEND}, retry: {{max_attempts: 2}}",
            "AF-RETRY-ONCE",
            "{max_attempts: 2}",
            "write `rerun: SAFE` if doing it twice does no harm, or `rerun: ONCE` if this is what you mean",
        ),
        (
            f"{LOCKED.format(step=SEND)}, retry: {{max_attempts: 3}}",
            "AF-RETRY-ONCE",
            "{max_attempts: 3}",
            "write `rerun: SAFE` if doing it twice does no harm, or `rerun: ONCE` if this is what you mean",
        ),
        (f"{COUNT}, retry: {{max_attempts: 1}}", "AF-NO-EFFECT", "1}", "write 2 or more, or leave `retry` out"),
        (
            f"{COUNT}, retry: {{max_attempts: 2, jitter: 0.5}}",
            "AF-NO-EFFECT",
            "0.5}",
            "write `backoff_seconds: …` as well",
        ),
        (
            f"{COUNT}, retry: {{max_attempts: 2, max_backoff_seconds: 5}}",
            "AF-NO-EFFECT",
            "5}",
            "write `backoff_seconds: …` as well",
        ),
        (
            f"{COUNT}, retry: {{max_attempts: 2, on_errors: [AF-*, AF-CONECTOR*]}}",
            "AF-ERROR-PATTERN",
            "AF-CONECTOR*",
            "did you mean 'AF-CONNECTOR*'?",
        ),
        (
            f"{COUNT}, retry: {{max_attempts: 2, on_errors: [AF-TIMEOUT]}}",
            "AF-ERROR-PATTERN",
            "AF-TIMEOUT",
            "did you mean 'AF-TIMED-OUT'?",
        ),
    ],
)
def test_attempts_that_mean_something_else_are_a_warning_at_their_place(check, check_step, text, code, at, mend):
    (problem,) = check_step(text)

    assert (problem.code, problem.severity, problem.help) == (code, "warning", mend)
    assert check.at(problem).startswith(at)


def test_a_step_that_has_more_time_than_its_job_is_a_warning(check):
    (problem,) = check(
        """
        flow: {id: x}
        jobs:
          - id: j
            timeout_seconds: 60
            steps:
              - {id: short, type: acme.open, timeout_seconds: 60}
              - {id: long, type: acme.open, timeout_seconds: 61}
        """
    )

    assert (problem.code, problem.severity, str(problem.where)) == ("AF-NO-EFFECT", "warning", "f.yaml:8:54")
    assert "all of its steps together have 60 seconds" in problem.message


def test_the_attempts_of_jobs_at_the_end_are_checked_too(check):
    (problem,) = check(
        "flow: {id: x}\njobs: []\nfinally: [{id: f, steps: [{id: s, type: acme.open, retry: {max_attempts: 1}}]}]",
        environment={},
    )

    assert problem.code == "AF-NO-EFFECT"
