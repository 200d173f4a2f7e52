"""Why the next moments are those: the notes that `explain` prints."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice

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


SPRING = "clock_jump: the clock jumped from 02:00 to 03:00 on 2026-03-29"
AUTUMN = "clock_jump: the clock jumped from 03:00 to 02:00 on 2026-10-25"


def told(rule, after: str, count: int, zone=BERLIN) -> list[list[str]]:
    """Each moment as the clock shows it, with its notes."""
    start = datetime.fromisoformat(after).replace(tzinfo=UTC)
    return [
        [
            f"{each.moment.astimezone(zone):%Y-%m-%dT%H:%M%z}",
            *(f"{note.kind}: {note.text}" for note in each.notes),
        ]
        for each in islice(explain(rule, zone, start), count)
    ]


def test_ordinary_days_have_no_notes():
    rule = read_cron("0 6 * * *", BERLIN)
    assert told(rule, "2026-07-01", 2) == [["2026-07-01T06:00+0200"], ["2026-07-02T06:00+0200"]]


@pytest.mark.parametrize(
    ("jumps", "expected"),
    [
        (
            "skip",
            [
                [
                    "2026-03-30T02:30+0200",
                    "left_out: not at 02:30: the clock jumps from 02:00 to 03:00 on 2026-03-29",
                    SPRING,
                ],
                ["2026-03-31T02:30+0200"],
            ],
        ),
        (
            "once",
            [
                ["2026-03-29T03:00+0200", SPRING, "put_off: moved from 02:30, which the clock leaves out"],
                ["2026-03-30T02:30+0200"],
            ],
        ),
    ],
)
def test_time_that_the_clock_leaves_out_is_told_with_what_became_of_it(jumps, expected):
    assert told(read_cron("30 2 * * *", BERLIN, jumps), "2026-03-28T12:00", 2) == expected


@pytest.mark.parametrize(
    ("jumps", "expected"),
    [
        (
            "once",
            [
                [
                    "2026-10-25T02:30+0200",
                    "repeated_time: the clock shows 02:30 twice: the first time, the second one is left out",
                ],
                ["2026-10-26T02:30+0100", AUTUMN],
            ],
        ),
        (
            "twice",
            [
                ["2026-10-25T02:30+0200", "repeated_time: the clock shows 02:30 twice: the first time"],
                ["2026-10-25T02:30+0100", AUTUMN, "repeated_time: the clock shows 02:30 twice: the second time"],
            ],
        ),
    ],
)
def test_time_that_the_clock_shows_twice_is_told_with_which_of_them_it_is(jumps, expected):
    assert told(read_cron("30 2 * * *", BERLIN, jumps), "2026-10-24T12:00", 2) == expected


def test_times_that_follow_the_time_that_passes_are_left_out_together():
    assert told(read_cron("*/10 1-3 * * *", BERLIN), "2026-03-29T00:45", 2) == [
        ["2026-03-29T01:50+0100"],
        [
            "2026-03-29T03:00+0200",
            "left_out: not at 02:00, 02:10, 02:20 and 3 more: the clock jumps from 02:00 to 03:00 on 2026-03-29",
            SPRING,
        ],
    ]


def test_time_of_its_own_at_the_end_of_a_jump_is_not_said_to_be_put_off():
    assert told(read_cron("0 3 29 3 *", BERLIN), "2026-03-28T12:00", 1) == [["2026-03-29T03:00+0200", SPRING]]


def test_jump_about_midnight_is_told_with_both_days():
    santiago = zone_of("America/Santiago")
    assert told(read_cron("@daily", santiago), "2026-09-05T12:00", 1, santiago) == [
        [
            "2026-09-06T01:00-0300",
            "clock_jump: the clock jumped from 00:00 to 01:00 on 2026-09-06",
            "put_off: moved from 00:00, which the clock leaves out",
        ]
    ]
    assert told(read_cron("30 23 * * *", santiago, "twice"), "2026-04-05T02:45", 1, santiago) == [
        [
            "2026-04-04T23:30-0400",
            "clock_jump: the clock jumped from 2026-04-05 00:00 to 23:00 on 2026-04-04",
            "repeated_time: the clock shows 23:30 twice: the second time",
        ]
    ]


def test_day_that_a_zone_leaves_out_is_told():
    apia = zone_of("Pacific/Apia")
    assert told(read_cron("0 6 * * *", apia), "2011-12-29T17:00", 1, apia) == [
        [
            "2011-12-31T06:00+1400",
            "left_out: not at 06:00: the clock jumps from 2011-12-30 00:00 to 00:00 on 2011-12-31",
            "clock_jump: the clock jumped from 2011-12-30 00:00 to 00:00 on 2011-12-31",
        ]
    ]


def test_days_that_a_calendar_leaves_out_are_told_with_their_reasons_and_weekends_are_not():
    rule = OnDays(read_cron("0 6 * * *", BERLIN), BAVARIA, BERLIN)
    assert told(rule, "2026-12-23T06:00", 2) == [
        [
            "2026-12-28T06:00+0100",
            "closed_day: not on 2026-12-24: a closed day",
            "closed_day: not on 2026-12-25: Christmas Day",
        ],
        ["2026-12-29T06:00+0100"],
    ]


def test_closed_days_on_which_the_rule_has_no_time_are_not_told():
    # 1 January is a holiday as well.
    rule = OnDays(read_cron("0 6 6 1-4 *", BERLIN), BAVARIA, BERLIN)
    expected = ["2027-04-06T06:00+0200", "closed_day: not on 2027-01-06: Epiphany"]
    assert told(rule, "2026-12-20T00:00", 1) == [expected]


@pytest.mark.parametrize(("otherwise", "day"), [("next", "28"), ("previous", "23")])
def test_moved_time_is_told_with_the_day_that_it_comes_from(otherwise, day):
    rule = OnDays(read_cron("0 6 25 * *", BERLIN), BAVARIA, BERLIN, otherwise)
    expected = [f"2026-12-{day}T06:00+0100", "moved: moved from 2026-12-25: Christmas Day"]
    assert told(rule, "2026-12-01T00:00", 1) == [expected]


def test_interval_that_a_holiday_moves_is_told_as_well():
    weekly = Interval(timedelta(weeks=1), datetime(2026, 12, 11, 8, tzinfo=UTC))
    expected = ["2026-12-28T09:00+0100", "moved: moved from 2026-12-25: Christmas Day"]
    assert told(OnDays(weekly, BAVARIA, BERLIN, "next"), "2026-12-20T00:00", 1) == [expected]


def test_working_day_of_a_period_is_told_and_other_days_are_not():
    rule = OnDays(read_cron("0 6 * * *", BERLIN), NthWorkingDay(BAVARIA, -1, "month"), BERLIN)
    expected = ["2026-12-31T06:00+0100", "working_day: working day -1 of the month"]
    assert told(rule, "2026-12-01T00:00", 1) == [expected]


def test_long_closure_is_told_in_part():
    summer = frozenset(date.fromordinal(date(2026, 7, 1).toordinal() + number) for number in range(60))
    rule = OnDays(read_cron("0 6 * * *", BERLIN), WorkingDays(weekdays=frozenset(range(7)), closed=summer), BERLIN)
    [[moment, *notes]] = told(rule, "2026-06-30T12:00", 1)
    assert moment == "2026-08-30T06:00+0200"
    assert len(notes) == 32
    assert notes[30:] == ["closed_day: not on 2026-07-31: a closed day", "closed_day: nor on other days after it"]


def test_rule_that_ends_is_told_as_far_as_it_goes():
    never = WorkingDays(weekdays=frozenset())
    assert told(OnDays(read_cron("0 6 * * *", BERLIN), never, BERLIN), "2026-10-01T00:00", 5) == []
