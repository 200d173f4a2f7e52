"""Why the next moments are those: the notes that `explain` prints."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from aetherflow.scheduler.calendars.clocks import zone_of
from aetherflow.scheduler.calendars.cron import read_cron
from aetherflow.scheduler.calendars.days import NthWorkingDay, WorkingDays
from aetherflow.scheduler.calendars.explaining import explain
from aetherflow.scheduler.calendars.on_days import OnDays
from aetherflow.scheduler.calendars.public_holidays import read_holidays
from aetherflow.scheduler.calendars.rules import Interval

pytestmark = pytest.mark.unit

BERLIN = zone_of("Europe/Berlin")
BAVARIA = WorkingDays(holidays=read_holidays("DE", "BY"), closed=frozenset({date(2026, 12, 24)}))


def told(rule, after: str, count: int, zone=BERLIN) -> list[str]:
    """Each line as people would read it: UTC or `-`, the clock, the notes."""
    start = datetime.fromisoformat(after).replace(tzinfo=UTC)
    return [
        " | ".join([f"{each.moment:%Y-%m-%dT%H:%MZ}" if each.moment else "-", each.local, *each.notes])
        for each in explain(rule, zone, start, count)
    ]


def test_ordinary_days_have_no_notes():
    assert told(read_cron("0 6 * * *", BERLIN), "2026-07-01", 2) == [
        "2026-07-01T04:00Z | 2026-07-01T06:00:00+02:00",
        "2026-07-02T04:00Z | 2026-07-02T06:00:00+02:00",
    ]


@pytest.mark.parametrize(
    ("jumps", "expected"),
    [
        (
            "skip",
            [
                "- | 2026-03-29T02:30 | left out: the clock jumps from 02:00 to 03:00 on 2026-03-29",
                "2026-03-30T00:30Z | 2026-03-30T02:30:00+02:00 | the clock jumped from 02:00 to 03:00 on 2026-03-29",
            ],
        ),
        (
            "once",
            [
                (
                    "2026-03-29T01:00Z | 2026-03-29T03:00:00+02:00 | the clock jumped from 02:00 to 03:00 on 2026-03-29 "
                    "| moved from 02:30, which the clock leaves out"
                ),
            ],
        ),
    ],
)
def test_time_that_the_clock_leaves_out_is_told_with_what_became_of_it(jumps, expected):
    assert told(read_cron("30 2 * * *", BERLIN, jumps), "2026-03-28T12:00", 1) == expected


@pytest.mark.parametrize(
    ("line", "jumps", "expected"),
    [
        (
            "30 2 * * *",
            "once",
            [
                (
                    "2026-10-25T00:30Z | 2026-10-25T02:30:00+02:00 | "
                    "the clock shows 02:30 twice: the first time, the second one is left out"
                ),
                "2026-10-26T01:30Z | 2026-10-26T02:30:00+01:00",
            ],
        ),
        (
            "30 2 * * *",
            "twice",
            [
                "2026-10-25T00:30Z | 2026-10-25T02:30:00+02:00 | the clock shows 02:30 twice: the first time",
                (
                    "2026-10-25T01:30Z | 2026-10-25T02:30:00+01:00 | the clock jumped from 03:00 to 02:00 on 2026-10-25 "
                    "| the clock shows 02:30 twice: the second time"
                ),
            ],
        ),
    ],
)
def test_time_that_the_clock_shows_twice_is_told_with_which_of_them_it_is(line, jumps, expected):
    assert told(read_cron(line, BERLIN, jumps), "2026-10-24T12:00", 2) == expected


def test_times_that_follow_the_time_that_passes_are_left_out_together():
    assert told(read_cron("*/20 1-3 * * *", BERLIN), "2026-03-29T00:39", 2) == [
        "2026-03-29T00:40Z | 2026-03-29T01:40:00+01:00",
        (
            "- | 2026-03-29T02:00 | left out, with others up to 02:40, 3 in all: "
            "the clock jumps from 02:00 to 03:00 on 2026-03-29"
        ),
        "2026-03-29T01:00Z | 2026-03-29T03:00:00+02:00 | the clock jumped from 02:00 to 03:00 on 2026-03-29",
    ]


def test_jump_about_midnight_is_told_with_both_days():
    santiago = zone_of("America/Santiago")
    assert told(read_cron("@daily", santiago), "2026-09-05T12:00", 1, santiago) == [
        (
            "2026-09-06T04:00Z | 2026-09-06T01:00:00-03:00 | the clock jumped from 00:00 to 01:00 on 2026-09-06 "
            "| moved from 00:00, which the clock leaves out"
        ),
    ]
    assert told(read_cron("30 23 * * *", santiago, "twice"), "2026-04-05T02:45", 1, santiago) == [
        (
            "2026-04-05T03:30Z | 2026-04-04T23:30:00-04:00 | the clock jumped from 2026-04-05 00:00 to 23:00 on 2026-04-04 "
            "| the clock shows 23:30 twice: the second time"
        ),
    ]


def test_day_that_a_zone_leaves_out_is_told():
    apia = zone_of("Pacific/Apia")
    assert told(read_cron("0 6 * * *", apia), "2011-12-29T17:00", 1, apia) == [
        "- | 2011-12-30T06:00 | left out: the clock jumps from 2011-12-30 00:00 to 00:00 on 2011-12-31",
        "2011-12-30T16:00Z | 2011-12-31T06:00:00+14:00 | the clock jumped from 2011-12-30 00:00 to 00:00 on 2011-12-31",
    ]


def test_days_that_a_calendar_leaves_out_are_told_with_their_reasons():
    rule = OnDays(read_cron("0 6 * * *", BERLIN), BAVARIA, BERLIN)
    assert told(rule, "2026-12-23T06:00", 2) == [
        "- | 2026-12-24 | left out: a closed day",
        "- | 2026-12-25 | left out: Christmas Day",
        "- | 2026-12-26 | left out: Saturday",
        "- | 2026-12-27 | left out: Sunday",
        "2026-12-28T05:00Z | 2026-12-28T06:00:00+01:00",
        "2026-12-29T05:00Z | 2026-12-29T06:00:00+01:00",
    ]


def test_days_without_a_time_of_the_rule_are_not_told():
    rule = OnDays(read_cron("0 6 6 1-4 *", BERLIN), BAVARIA, BERLIN)
    assert told(rule, "2026-12-20T00:00", 1) == [
        "- | 2027-01-06 | left out: Epiphany",
        "- | 2027-02-06 | left out: Saturday",
        "- | 2027-03-06 | left out: Saturday",
        "2027-04-06T04:00Z | 2027-04-06T06:00:00+02:00",
    ]


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [
        ("next", "2026-12-28T05:00Z | 2026-12-28T06:00:00+01:00 | moved from 2026-12-25: Christmas Day"),
        ("previous", "2026-12-23T05:00Z | 2026-12-23T06:00:00+01:00 | moved from 2026-12-25: Christmas Day"),
    ],
)
def test_moved_time_is_told_with_the_day_that_it_comes_from(otherwise, expected):
    rule = OnDays(read_cron("0 6 25 * *", BERLIN), BAVARIA, BERLIN, otherwise)
    assert told(rule, "2026-12-01T00:00", 1) == [expected]


def test_interval_that_a_holiday_moves_is_told_as_well():
    weekly = Interval(timedelta(weeks=1), datetime(2026, 12, 11, 8, tzinfo=UTC))
    assert told(OnDays(weekly, BAVARIA, BERLIN, "next"), "2026-12-20T00:00", 1) == [
        "2026-12-28T08:00Z | 2026-12-28T09:00:00+01:00 | moved from 2026-12-25: Christmas Day",
    ]


def test_working_day_of_a_period_is_told_and_other_days_are_not():
    rule = OnDays(read_cron("0 6 * * *", BERLIN), NthWorkingDay(BAVARIA, -1, "month"), BERLIN)
    assert told(rule, "2026-12-01T00:00", 1) == [
        "2026-12-31T05:00Z | 2026-12-31T06:00:00+01:00 | working day -1 of the month",
    ]


def test_long_closure_is_told_in_part():
    one_day = WorkingDays(weekdays=frozenset(), open=frozenset({date(2026, 12, 28)}))
    lines = told(OnDays(read_cron("0 6 * * *", BERLIN), one_day, BERLIN), "2026-10-01T00:00", 1)
    assert len(lines) == 33
    assert lines[30:] == [
        "- | 2026-10-31 | left out: Saturday",
        "- | 2026-11-01 | left out, and perhaps days after it",
        "2026-12-28T05:00Z | 2026-12-28T06:00:00+01:00",
    ]


def test_rule_that_ends_is_told_as_far_as_it_goes():
    never = WorkingDays(weekdays=frozenset())
    assert told(OnDays(read_cron("0 6 * * *", BERLIN), never, BERLIN), "2026-10-01T00:00", 5) == []
