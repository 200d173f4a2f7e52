"""What a scheduler says, as events: those of one occurrence for observers too, all others as its own words."""

from __future__ import annotations

import pytest

from aetherflow.kernel.api import OccurrenceEnded, OccurrenceStarted, SchedulerLogged
from aetherflow.scheduler.cli.event_log import SchedulerLog

pytestmark = pytest.mark.unit

KEY = {"item": "nightly", "scheduled_for": "2026-11-26T05:00:00+00:00", "run_id": "nightly-20261126T050000Z"}
#: 2026-11-26T05:00:02.5Z
AT = 1_795_669_202.5


@pytest.fixture
def said():
    """Says something to a log; answers the event that it tells."""

    class Events(list):
        tell = list.append

    def say(level, name, **values):
        events = Events()
        SchedulerLog(events).write(level, name, AT, values)
        (event,) = events
        return event

    return say


def test_start_of_a_run_is_an_event_with_how_late_it_is(said):
    event = said("INFO", "occurrence_start", **KEY, attempt=2)
    assert event == OccurrenceStarted(
        at=AT,
        flow_id="",
        run_id="nightly-20261126T050000Z",
        item="nightly",
        scheduled_for="2026-11-26T05:00:00+00:00",
        attempt=2,
        late_seconds=2.5,
    )


def test_start_before_its_time_by_a_clock_that_jumped_is_not_late(said):
    early = {**KEY, "scheduled_for": "2026-11-26T06:00:00+00:00"}
    assert said("INFO", "occurrence_start", **early, attempt=1).late_seconds == 0


def test_end_of_a_run_and_what_never_ran_are_events_of_one_kind(said):
    ended = said("ERROR", "occurrence_end", **KEY, status="FAILED", attempt=1, exit_code=1, duration_ms=7)
    assert isinstance(ended, OccurrenceEnded)
    assert (ended.status, ended.attempt, ended.exit_code, ended.duration_ms) == ("FAILED", 1, 1, 7)
    skipped = said("WARNING", "occurrence_left_out", **KEY, status="SKIPPED", reason="overlap")
    assert isinstance(skipped, OccurrenceEnded)
    assert (skipped.status, skipped.reason, skipped.attempt, skipped.exit_code) == ("SKIPPED", "overlap", 0, None)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("occurrence_end", {"status": "FAILED", "again_at": "2026-11-26T06:00:00+00:00"}),
        ("occurrence_left_out", {"status": "SKIPPED", "count": 7, "last": "2026-11-26T06:00:00+00:00"}),
        ("occurrence_recovered", {"status": "WAITING", "reason": "continued"}),
    ],
)
def test_what_is_no_end_of_one_occurrence_is_said_in_the_scheduler_s_own_words(said, name, more):
    event = said("WARNING", name, **KEY, **more)
    assert isinstance(event, SchedulerLogged)
    assert (event.level, event.message, event.run_id) == ("WARNING", name, "")
    assert event.fields == {**KEY, **more}
