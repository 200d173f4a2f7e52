"""Rules beside cron's: every so often, and on given moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from aetherflow.scheduler.calendars.rules import Interval, Moments

pytestmark = pytest.mark.unit

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def test_interval_is_counted_from_its_start_and_not_from_when_it_is_asked():
    rule = Interval(timedelta(minutes=15), EPOCH)
    for minute, second in ((0, 0), (7, 13), (14, 59)):
        moment = datetime(2026, 5, 4, 10, minute, second, tzinfo=UTC)
        assert next(rule.after(moment)) == datetime(2026, 5, 4, 10, 15, tzinfo=UTC)


def test_moment_of_an_interval_itself_is_past():
    moment = datetime(2026, 5, 4, 10, 15, tzinfo=UTC)
    assert next(Interval(timedelta(minutes=15), EPOCH).after(moment)) == datetime(2026, 5, 4, 10, 30, tzinfo=UTC)


def test_interval_begins_with_its_start():
    start = datetime(2026, 5, 4, 10, 7, tzinfo=UTC)
    found = list(islice(Interval(timedelta(hours=12), start).after(EPOCH), 2))
    assert found == [start, datetime(2026, 5, 4, 22, 7, tzinfo=UTC)]


def test_interval_follows_the_time_that_passes_where_its_start_is_on_a_clock_that_jumps():
    start = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    found = list(islice(Interval(timedelta(days=1), start).after(EPOCH), 3))
    assert found == [datetime(2026, 3, day, 11, tzinfo=UTC) for day in (28, 29, 30)]
    assert all(each.tzinfo is UTC for each in found)


def test_interval_ends_with_the_calendar():
    late = datetime(9999, 12, 31, 23, tzinfo=UTC)
    assert len(list(islice(Interval(timedelta(minutes=30), EPOCH).after(late), 10))) == 1


def test_moments_come_from_the_next_one_on():
    three = tuple(datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
    assert list(Moments(three).after(three[0])) == [*three[1:]]
    assert list(Moments(three).after(EPOCH)) == [*three]
    assert list(Moments(three).after(three[2])) == []
