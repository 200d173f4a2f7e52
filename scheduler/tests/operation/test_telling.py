"""What the scheduler says of its work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aetherflow.scheduler.occurrences.records import Ended, Occurrence, Reason, Status
from aetherflow.scheduler.operation.telling import Teller

pytestmark = pytest.mark.unit

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


class Log:
    def __init__(self):
        self.lines = []

    def write(self, level, name, at, values):
        self.lines.append((level, name, dict(values)))


@pytest.fixture
def log():
    return Log()


def missed(number):
    at = NOON + timedelta(minutes=number)
    return Occurrence(item="it", scheduled_for=at, due_at=at, status=Status.MISSED, reason=Reason.TOO_OLD)


def test_few_that_are_left_out_are_told_one_by_one(log):
    Teller(log).accounted([missed(number) for number in range(20)])
    assert [name for _, name, _ in log.lines] == ["occurrence_left_out"] * 20
    assert log.lines[1][2] == {
        "item": "it",
        "scheduled_for": "2026-11-26T12:01:00+00:00",
        "run_id": "it-20261126T120100Z",
        "status": "MISSED",
        "reason": "too_old",
    }


def test_many_that_are_left_out_are_told_in_one_line(log):
    Teller(log).accounted([missed(number) for number in range(21)])
    assert log.lines == [
        (
            "WARNING",
            "occurrences_left_out",
            {
                "item": "it",
                "count": 21,
                "first": "2026-11-26T12:00:00+00:00",
                "last": "2026-11-26T12:20:00+00:00",
                "status": "MISSED",
                "reason": "too_old",
            },
        )
    ]


@pytest.mark.parametrize(
    ("status", "reason", "name"),
    [
        (Status.WAITING, Reason.CONTINUED, "occurrence_recovered"),
        (Status.INTERRUPTED, Reason.ABANDONED, "occurrence_end"),
        (Status.CANCELLED, Reason.NONE, "occurrence_end"),
    ],
)
def test_what_is_recovered_is_gone_on_with_or_over(log, status, reason, name):
    Teller(log).recovered(Occurrence(item="it", scheduled_for=NOON, due_at=NOON, status=status, reason=reason))
    assert [(level, said) for level, said, _ in log.lines] == [("WARNING", name)]


def test_end_says_how_long_it_took_also_where_the_clock_went_back(log):
    started = Occurrence(item="it", scheduled_for=NOON, due_at=NOON, status=Status.RUNNING, attempt=1, started_at=NOON)
    teller = Teller(log)
    teller.ended(Ended(occurrence=started, status=Status.SUCCESS, ended_at=NOON + timedelta(seconds=2), exit_code=0))
    teller.ended(Ended(occurrence=started, status=Status.FAILED, ended_at=NOON - timedelta(hours=1), exit_code=1))
    assert [(level, values["duration_ms"]) for level, _, values in log.lines] == [("INFO", 2000), ("ERROR", 0)]
