"""What the end of a process means for its occurrence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aetherflow.kernel.api import ProcessResult
from aetherflow.scheduler.occurrences.records import Reason, Status
from aetherflow.scheduler.runs.endings import ended, not_started
from aetherflow.scheduler.schedules.models import Retry

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 26, 5, 10, tzinfo=UTC)
THRICE = Retry(max_attempts=3, backoff_seconds=60, backoff_multiplier=2, max_backoff_seconds=90)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (0, Status.SUCCESS),
        (1, Status.FAILED),
        (2, Status.FAILED),
        (3, Status.FAILED),
        (4, Status.FAILED),
        (7, Status.FAILED),
        (130, Status.INTERRUPTED),
        (143, Status.INTERRUPTED),
    ],
)
def test_exit_code_without_retries_ends_the_occurrence(occurrence, code, status):
    end = ended(occurrence(), ProcessResult(exit_code=code), Retry(), cancel=None, now=NOW)
    assert (end.status, end.exit_code, end.again_at, end.ended_at, end.reason) == (status, code, None, NOW, Reason.NONE)


@pytest.mark.parametrize(
    ("attempt", "minute", "second"),
    [(1, 11, 0), (2, 11, 30)],
    ids=["first wait", "second wait, cut to the longest"],
)
def test_failed_run_is_tried_again_after_its_wait(occurrence, attempt, minute, second):
    end = ended(occurrence(attempt=attempt), ProcessResult(exit_code=1), THRICE, cancel=None, now=NOW)
    assert end.reason is Reason.RETRY
    assert end.again_at == datetime(2026, 11, 26, 5, minute, second, tzinfo=UTC)


def test_last_attempt_that_fails_is_the_end(occurrence):
    end = ended(occurrence(attempt=3), ProcessResult(exit_code=1), THRICE, cancel=None, now=NOW)
    assert (end.status, end.again_at) == (Status.FAILED, None)


@pytest.mark.parametrize("code", [2, 3, 4, 7, 130, 143])
def test_what_another_attempt_would_not_mend_is_not_tried_again(occurrence, code):
    end = ended(occurrence(), ProcessResult(exit_code=code), THRICE, cancel=None, now=NOW)
    assert end.again_at is None


@pytest.mark.parametrize(("number", "code"), [(9, 137), (11, 139)], ids=["SIGKILL", "SIGSEGV"])
def test_run_that_a_signal_killed_is_tried_again_and_keeps_the_signal(occurrence, number, code):
    end = ended(occurrence(), ProcessResult(exit_code=None, signal=number), THRICE, cancel=None, now=NOW)
    assert (end.status, end.exit_code, end.reason) == (Status.FAILED, code, Reason.RETRY)


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)], ids=["SIGINT", "SIGTERM"])
def test_run_that_somebody_ended_by_a_signal_is_interrupted(occurrence, number, code):
    end = ended(occurrence(), ProcessResult(exit_code=None, signal=number), THRICE, cancel=None, now=NOW)
    assert (end.status, end.exit_code, end.again_at) == (Status.INTERRUPTED, code, None)


def test_run_whose_time_was_over_is_timed_out_and_tried_again(occurrence):
    result = ProcessResult(exit_code=None, signal=15, timed_out=True)
    end = ended(occurrence(), result, THRICE, cancel=None, now=NOW)
    assert (end.status, end.reason) == (Status.TIMED_OUT, Reason.RETRY)
    last = ended(occurrence(attempt=3), result, THRICE, cancel=None, now=NOW)
    assert (last.status, last.again_at) == (Status.TIMED_OUT, None)


def test_run_that_another_process_owns_waits_a_little(occurrence):
    end = ended(occurrence(), ProcessResult(exit_code=75), Retry(), cancel=None, now=NOW)
    assert (end.reason, end.again_at) == (Reason.OWNED, datetime(2026, 11, 26, 5, 10, 5, tzinfo=UTC))


def test_run_that_was_asked_to_end_is_cancelled(occurrence):
    result = ProcessResult(exit_code=None, cancelled=True)
    end = ended(occurrence(reason=Reason.REPLACED), result, THRICE, cancel="asked", now=NOW)
    assert (end.status, end.reason, end.again_at) == (Status.CANCELLED, Reason.REPLACED, None)


def test_run_that_ended_because_the_scheduler_leaves_is_to_be_gone_on_with(occurrence):
    result = ProcessResult(exit_code=None, cancelled=True)
    end = ended(occurrence(), result, Retry(), cancel="leaving", now=NOW)
    assert (end.status, end.reason, end.again_at) == (Status.INTERRUPTED, Reason.CONTINUED, None)


@pytest.mark.parametrize("code", [130, 143])
def test_run_that_others_end_while_the_scheduler_leaves_is_to_be_gone_on_with(occurrence, code):
    end = ended(occurrence(), ProcessResult(exit_code=code), Retry(), cancel="leaving", now=NOW)
    assert (end.status, end.reason) == (Status.INTERRUPTED, Reason.CONTINUED)


def test_run_that_another_process_owns_still_waits_where_the_scheduler_leaves(occurrence):
    end = ended(occurrence(), ProcessResult(exit_code=75), Retry(), cancel="leaving", now=NOW)
    assert end.reason is Reason.OWNED


def test_run_that_fails_while_the_scheduler_leaves_is_tried_again_later(occurrence):
    end = ended(occurrence(), ProcessResult(exit_code=1), THRICE, cancel="leaving", now=NOW)
    assert (end.reason, end.again_at) == (Reason.RETRY, datetime(2026, 11, 26, 5, 11, tzinfo=UTC))


def test_run_that_ended_before_it_heard_that_it_should_ended_as_it_did(occurrence):
    done = ended(occurrence(), ProcessResult(exit_code=0), THRICE, cancel="asked", now=NOW)
    assert done.status is Status.SUCCESS
    failed = ended(occurrence(), ProcessResult(exit_code=1), THRICE, cancel="asked", now=NOW)
    assert (failed.status, failed.again_at) == (Status.FAILED, None)


def test_run_that_could_not_be_started_is_tried_again(occurrence):
    end = not_started(occurrence(), THRICE, now=NOW, error="no room")
    assert (end.status, end.reason, end.exit_code) == (Status.FAILED, Reason.RETRY, None)
