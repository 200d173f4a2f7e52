"""What the scheduler says of its work: events of one occurrence for observers too, all else in its own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aetherflow.kernel.api import OccurrenceEnded, OccurrenceStarted, Problem, SchedulerLogged
from aetherflow.scheduler.occurrences.records import Ended, Occurrence, Reason, Status
from aetherflow.scheduler.operation.telling import Teller

pytestmark = pytest.mark.unit

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
#: 2026-11-26T12:00:02.5Z
AT = 1_795_694_402.5
LATE = NOON + timedelta(seconds=2.5)
KEY = {"run_id": "it-20261126T120000Z", "item": "it", "scheduled_for": "2026-11-26T12:00:00+00:00"}


class Log:
    """Keeps what it is told."""

    def __init__(self):
        self.events = []

    def tell(self, event):
        self.events.append(event)


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def teller(log):
    return Teller(log, now=lambda: AT)


def occurrence(number=0, **values):
    at = NOON + timedelta(minutes=number)
    return Occurrence(item="it", scheduled_for=at, due_at=at, **values)


def missed(number):
    return occurrence(number, status=Status.MISSED, reason=Reason.TOO_OLD)


def running(**values):
    return occurrence(status=Status.RUNNING, attempt=1, started_at=NOON, **values)


def over(**values):
    """The event of an end."""
    return OccurrenceEnded(at=AT, flow_id="", **{**KEY, "attempt": 0, "duration_ms": 0, **values})


def said(level, message, /, **fields):
    """The event of the scheduler's own words."""
    return SchedulerLogged(at=AT, flow_id="", run_id="", level=level, message=message, fields=fields)


def test_start_of_a_run_is_an_event_with_how_late_it_is(log, teller):
    teller.started(occurrence(status=Status.RUNNING, attempt=2), LATE)
    assert log.events == [OccurrenceStarted(at=AT, flow_id="", **KEY, attempt=2, late_seconds=2.5)]


def test_start_before_its_time_by_a_clock_that_jumped_is_not_late(log, teller):
    teller.started(occurrence(60, status=Status.RUNNING, attempt=1), LATE)
    assert [event.late_seconds for event in log.events] == [0]


def test_what_waits_from_now_on_is_a_word_for_who_looks_closely(log, teller):
    teller.accounted([occurrence()])
    assert log.events == [said("DEBUG", "occurrence_due", **KEY)]


def test_few_that_are_left_out_are_told_one_by_one_as_ends(log, teller):
    teller.accounted([missed(number) for number in range(20)])
    assert [(type(event), event.status) for event in log.events] == [(OccurrenceEnded, "MISSED")] * 20
    assert log.events[1] == over(
        run_id="it-20261126T120100Z",
        scheduled_for="2026-11-26T12:01:00+00:00",
        status="MISSED",
        reason="too_old",
    )


def test_many_that_are_left_out_are_told_in_one_line(log, teller):
    teller.accounted([missed(number) for number in range(21)])
    assert log.events == [
        said(
            "WARNING",
            "occurrences_left_out",
            item="it",
            count=21,
            first="2026-11-26T12:00:00+00:00",
            last="2026-11-26T12:20:00+00:00",
            status="MISSED",
            reason="too_old",
        )
    ]


def test_what_is_recovered_is_gone_on_with(log, teller):
    teller.recovered(occurrence(status=Status.WAITING, reason=Reason.CONTINUED, attempt=1))
    assert log.events == [said("WARNING", "occurrence_recovered", **KEY, status="WAITING", reason="continued")]


@pytest.mark.parametrize(
    ("status", "reason"), [(Status.INTERRUPTED, Reason.ABANDONED), (Status.CANCELLED, Reason.NONE)]
)
def test_what_is_recovered_as_over_is_an_end(log, teller, status, reason):
    teller.recovered(occurrence(status=status, reason=reason, attempt=2, started_at=NOON, ended_at=NOON))
    assert log.events == [over(status=status.value, reason=reason.value, attempt=2)]


def test_run_that_is_asked_to_end_has_not_ended(log, teller):
    teller.cancelled(running(reason=Reason.REPLACED))
    assert log.events == [said("WARNING", "occurrence_cancel", **KEY, reason="replaced")]


def test_end_of_a_run_is_an_event_with_how_long_it_took(log, teller):
    end = Ended(occurrence=running(), status=Status.FAILED, ended_at=NOON + timedelta(milliseconds=7), exit_code=1)
    teller.ended(end)
    assert log.events == [over(status="FAILED", attempt=1, exit_code=1, duration_ms=7)]


def test_end_says_how_long_it_took_also_where_the_clock_went_back(log, teller):
    teller.ended(Ended(occurrence=running(), status=Status.SUCCESS, ended_at=NOON + timedelta(seconds=2), exit_code=0))
    teller.ended(Ended(occurrence=running(), status=Status.FAILED, ended_at=NOON - timedelta(hours=1), exit_code=1))
    assert [(event.status, event.duration_ms) for event in log.events] == [("SUCCESS", 2000), ("FAILED", 0)]


def test_run_that_could_not_be_started_says_why_and_ends(log, teller):
    teller.ended(Ended(occurrence=occurrence(attempt=1), status=Status.FAILED, ended_at=NOON, error="File exists"))
    assert log.events == [
        said("ERROR", "occurrence_error", **KEY, error="File exists"),
        over(status="FAILED", attempt=1),
    ]


@pytest.mark.parametrize(
    ("status", "reason", "code", "level"),
    [
        (Status.FAILED, Reason.RETRY, 1, "ERROR"),
        (Status.TIMED_OUT, Reason.RETRY, None, "ERROR"),
        (Status.WAITING, Reason.OWNED, 75, "WARNING"),
    ],
)
def test_run_that_is_to_be_tried_again_has_not_ended(log, teller, status, reason, code, level):
    again_at = NOON + timedelta(hours=1)
    ended_at = NOON + timedelta(seconds=2)
    teller.ended(
        Ended(
            occurrence=running(),
            status=status,
            reason=reason,
            ended_at=ended_at,
            exit_code=code,
            again_at=again_at,
        )
    )
    (event,) = log.events
    known = {} if code is None else {"exit_code": code}
    assert event == said(
        level,
        "attempt_end",
        **KEY,
        status=status.value,
        reason=reason.value,
        attempt=1,
        duration_ms=2000,
        **known,
        again_at="2026-11-26T13:00:00+00:00",
    )
    # A line of the log has them in this order.
    assert list(event.fields)[:3] == ["run_id", "item", "scheduled_for"]


@pytest.mark.parametrize(("severity", "level"), [("error", "ERROR"), ("warning", "WARNING"), ("note", "INFO")])
def test_what_is_wrong_with_a_schedule_is_told_as_far_as_it_is_known(log, teller, severity, level):
    teller.problem(Problem(code="AF-ANY", message="it is odd", severity=severity))
    assert log.events == [said(level, "schedule_problem", code="AF-ANY", message="it is odd")]


def test_what_is_zero_is_told_and_what_is_empty_is_not(log, teller):
    teller.tell("INFO", "schedule_stop", runs=0, added="", error=None)
    assert log.events == [said("INFO", "schedule_stop", runs=0)]
