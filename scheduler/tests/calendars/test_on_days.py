"""Rules on working days: what is left out, moved, and that nothing comes twice or hangs."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest

from aetherflow.scheduler.calendars.clocks import zone_of
from aetherflow.scheduler.calendars.cron import read_cron
from aetherflow.scheduler.calendars.days import NthWorkingDay, WorkingDays
from aetherflow.scheduler.calendars.on_days import OnDays
from aetherflow.scheduler.calendars.public_holidays import read_holidays
from aetherflow.scheduler.calendars.rules import Interval, Moments

pytestmark = pytest.mark.unit

BERLIN = zone_of("Europe/Berlin")
BAVARIA = WorkingDays(holidays=read_holidays("DE", "BY"), closed=frozenset({date(2026, 12, 24)}))
NEVER = WorkingDays(weekdays=frozenset())
ONE_DAY = WorkingDays(weekdays=frozenset(), open=frozenset({date(2026, 12, 28)}))


def local(rule: OnDays, after: str, count: int) -> str:
    """The next moments as the clock shows them: 12-24T06:00."""
    start = datetime.fromisoformat(after).replace(tzinfo=rule.zone)
    return " ".join(f"{each.astimezone(rule.zone):%m-%dT%H:%M}" for each in islice(rule.after(start), count))


def on(line: str, days=BAVARIA, otherwise="skip", jumps="once") -> OnDays:
    return OnDays(read_cron(line, BERLIN, jumps), days, BERLIN, otherwise, jumps)


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [
        ("skip", "12-23T06:00 12-28T06:00 12-29T06:00 12-30T06:00 12-31T06:00 01-04T06:00"),
        ("next", "12-23T06:00 12-28T06:00 12-29T06:00 12-30T06:00 12-31T06:00 01-04T06:00"),
        ("previous", "12-23T06:00 12-28T06:00 12-29T06:00 12-30T06:00 12-31T06:00 01-04T06:00"),
    ],
)
def test_daily_time_comes_once_on_each_working_day(otherwise, expected):
    assert local(on("0 6 * * *", otherwise=otherwise), "2026-12-23T00:00", 6) == expected


@pytest.mark.parametrize(
    ("line", "otherwise", "after", "expected"),
    [
        ("0 6 25 * *", "skip", "2026-10-01", "11-25T06:00 01-25T06:00 02-25T06:00"),
        ("0 6 25 * *", "next", "2026-10-01", "10-26T06:00 11-25T06:00 12-28T06:00 01-25T06:00"),
        ("0 6 25 * *", "previous", "2026-10-01", "10-23T06:00 11-25T06:00 12-23T06:00 01-25T06:00"),
        # Moved to a day that has another time already.
        ("0 6,18 * * sat,mon", "next", "2026-12-12", "12-14T06:00 12-14T18:00 12-21T06:00 12-21T18:00"),
        ("0 9 * * sat", "next", "2026-12-18", "12-21T09:00 12-28T09:00 01-04T09:00"),
        # The later day has the earlier time: the order is that of time.
        ("0 6,18 26-27 12 *", "next", "2026-12-01", "12-28T06:00 12-28T18:00"),
        ("0 6 1 1 *", "previous", "2026-12-01", "12-31T06:00 12-31T06:00"),
        ("*/30 23 25 12 *", "next", "2026-12-01", "12-28T23:00 12-28T23:30"),
    ],
)
def test_time_on_a_closed_day_is_left_out_or_moved(line, otherwise, after, expected):
    assert local(on(line, otherwise=otherwise), after, len(expected.split())) == expected


@pytest.mark.parametrize(
    ("after", "otherwise", "expected"),
    [
        ("2026-12-26T12:00", "next", "12-28T06:00"),
        ("2026-12-28T05:59", "next", "12-28T06:00"),
        ("2026-12-28T06:00", "next", "01-25T06:00"),
        ("2026-12-23T05:59", "previous", "12-23T06:00"),
        ("2026-12-23T06:00", "previous", "01-25T06:00"),
        ("2026-12-25T00:00", "previous", "01-25T06:00"),
    ],
)
def test_moved_time_is_found_from_anywhere_before_it(after, otherwise, expected):
    assert local(on("0 6 25 12,1 *", otherwise=otherwise), after, 1) == expected


def test_order_of_times_that_are_moved_to_one_day_is_that_of_time():
    # Saturday at 18:00 and Sunday at 06:00, both on Monday.
    saturday, sunday = datetime(2026, 11, 21, 17, tzinfo=UTC), datetime(2026, 11, 22, 5, tzinfo=UTC)
    moments = Moments((saturday, sunday))
    assert local(OnDays(moments, BAVARIA, BERLIN, "next"), "2026-11-20", 3) == "11-23T06:00 11-23T18:00"
    assert local(OnDays(moments, BAVARIA, BERLIN, "previous"), "2026-11-20", 3) == "11-20T06:00 11-20T18:00"
    assert local(OnDays(moments, BAVARIA, BERLIN), "2026-11-20", 3) == ""


def test_interval_of_a_week_is_moved_from_a_holiday():
    start = datetime(2026, 12, 11, 8, tzinfo=UTC)
    weekly = Interval(timedelta(weeks=1), start)
    assert (
        local(OnDays(weekly, BAVARIA, BERLIN, "next"), "2026-12-01", 4)
        == "12-11T09:00 12-18T09:00 12-28T09:00 01-04T09:00"
    )


def test_time_that_the_clock_of_a_closed_day_leaves_out_is_there_on_the_next_working_day():
    # 29 March 2026 is a Sunday whose clock shows no 02:30.
    assert local(on("30 2 * * *", otherwise="next"), "2026-03-27T12:00", 2) == "03-30T02:30 03-31T02:30"
    assert local(on("30 2 * * 0", otherwise="next"), "2026-03-27T12:00", 1) == "03-30T02:30"


@pytest.mark.parametrize(
    ("jumps", "expected"), [("once", "10-25T02:30 10-26T02:30"), ("twice", "10-25T02:30 10-25T02:30")]
)
def test_time_that_is_moved_to_a_day_with_a_jump_follows_the_rule_for_jumps(jumps, expected):
    # The Sunday is open, and 02:30 comes twice on it; Saturday's time is moved to it.
    sunday = WorkingDays(weekdays=frozenset({0, 6}))
    assert local(on("30 2 * * sat,mon", sunday, "next", jumps), "2026-10-24", 2) == expected


def test_times_that_follow_the_time_that_passes_come_in_both_passes_of_the_day_that_they_are_moved_to():
    sunday = WorkingDays(weekdays=frozenset({0, 6}))
    expected = "10-25T02:00 10-25T02:30 10-25T02:00 10-25T02:30 11-01T02:00"
    assert local(on("*/30 2 * * sat", sunday, "next"), "2026-10-24", 5) == expected


@pytest.mark.parametrize(
    ("number", "period", "expected"),
    [
        (-1, "month", "11-30T06:00 12-31T06:00 01-29T06:00 02-26T06:00"),
        (1, "month", "12-01T06:00 01-04T06:00 02-01T06:00"),
        (-1, "quarter", "12-31T06:00 03-31T06:00 06-30T06:00"),
        (1, "year", "01-04T06:00 01-03T06:00"),
        (1, "week", "11-30T06:00 12-07T06:00 12-14T06:00 12-21T06:00 12-28T06:00 01-04T06:00"),
        (-1, "week", "11-27T06:00 12-04T06:00 12-11T06:00 12-18T06:00 12-23T06:00 12-31T06:00"),
    ],
)
def test_one_working_day_of_a_period_has_the_time(number, period, expected):
    rule = on("0 6 * * *", NthWorkingDay(BAVARIA, number, period))
    assert local(rule, "2026-11-26T12:00", len(expected.split())) == expected


def test_dense_line_on_the_last_working_day_has_all_times_of_it_and_none_beside():
    rule = on("*/15 9-10 * * *", NthWorkingDay(BAVARIA, -1, "month"))
    found = local(rule, "2026-11-26", 9).split()
    assert found[0] == "11-30T09:00"
    assert found[7:] == ["11-30T10:45", "12-31T09:00"]


@pytest.mark.parametrize("otherwise", ["skip", "next", "previous"])
@pytest.mark.parametrize("line", ["* * * * *", "0 6 * * *", "0 0 1 1 *", "0 0 29 2 *"])
@pytest.mark.parametrize("days", [NEVER, NthWorkingDay(NEVER, 1, "month"), NthWorkingDay(BAVARIA, 31, "month")])
def test_calendar_without_an_open_day_ends_the_rule_at_once(otherwise, line, days):
    started = time.process_time()
    assert list(on(line, days, otherwise).after(datetime(2026, 1, 1, tzinfo=UTC))) == []
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [
        ("skip", "12-28T06:00"),
        ("next", "12-28T06:00"),
        ("previous", "12-28T06:00"),
    ],
)
def test_rule_ends_after_the_only_open_day(otherwise, expected):
    assert local(on("0 6 * * *", ONE_DAY, otherwise), "2020-01-01", 5) == expected


def test_time_is_not_moved_farther_than_a_month():
    assert local(on("0 6 27 11 *", ONE_DAY, "next"), "2026-01-01", 2) == "12-28T06:00"
    assert local(on("0 6 26 11 *", ONE_DAY, "next"), "2026-01-01", 2) == ""
    assert local(on("0 6 28 1 *", ONE_DAY, "previous"), "2026-01-01", 2) == "12-28T06:00"
    assert local(on("0 6 29 1 *", ONE_DAY, "previous"), "2026-01-01", 2) == ""


def test_days_are_those_of_the_zone():
    # Friday 23:30 in Berlin is 22:30 in UTC; Saturday 00:30 there is still Friday in UTC.
    rule = OnDays(Interval(timedelta(hours=1), datetime(1970, 1, 1, 0, 30, tzinfo=UTC)), BAVARIA, BERLIN)
    assert local(rule, "2026-11-20T22:00", 3) == "11-20T22:30 11-20T23:30 11-23T00:30"


def test_end_of_the_calendar_ends_the_rule():
    late = datetime(9980, 12, 20, tzinfo=UTC)
    for otherwise in ("skip", "next", "previous"):
        assert 0 < sum(1 for _ in on("0 6 1 * *", WorkingDays(), otherwise).after(late)) <= 240
