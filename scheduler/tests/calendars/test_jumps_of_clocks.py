"""Times about every jump of eight clocks from 2024 to 2030, beside tables that were worked out from `zdump -v`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

import pytest

from aetherflow.scheduler.calendars.clocks import JumpRule, zone_of
from aetherflow.scheduler.calendars.cron import read_cron

pytestmark = pytest.mark.unit

#: A time each day that the jump leaves out or repeats: minute and hour | the moment on the day before | those on the day
#: of the jump with `skip` | with `once` | with `twice` | the moment on the day after; all in UTC.
JUMPS = {
    "Europe/Berlin": """
30 2 | 2024-03-30T01:30 | - | 2024-03-31T01:00 | 2024-03-31T01:00 | 2024-04-01T00:30
30 2 | 2024-10-26T00:30 | 2024-10-27T00:30 | 2024-10-27T00:30 | 2024-10-27T00:30 2024-10-27T01:30 | 2024-10-28T01:30
30 2 | 2025-03-29T01:30 | - | 2025-03-30T01:00 | 2025-03-30T01:00 | 2025-03-31T00:30
30 2 | 2025-10-25T00:30 | 2025-10-26T00:30 | 2025-10-26T00:30 | 2025-10-26T00:30 2025-10-26T01:30 | 2025-10-27T01:30
30 2 | 2026-03-28T01:30 | - | 2026-03-29T01:00 | 2026-03-29T01:00 | 2026-03-30T00:30
30 2 | 2026-10-24T00:30 | 2026-10-25T00:30 | 2026-10-25T00:30 | 2026-10-25T00:30 2026-10-25T01:30 | 2026-10-26T01:30
30 2 | 2027-03-27T01:30 | - | 2027-03-28T01:00 | 2027-03-28T01:00 | 2027-03-29T00:30
30 2 | 2027-10-30T00:30 | 2027-10-31T00:30 | 2027-10-31T00:30 | 2027-10-31T00:30 2027-10-31T01:30 | 2027-11-01T01:30
30 2 | 2028-03-25T01:30 | - | 2028-03-26T01:00 | 2028-03-26T01:00 | 2028-03-27T00:30
30 2 | 2028-10-28T00:30 | 2028-10-29T00:30 | 2028-10-29T00:30 | 2028-10-29T00:30 2028-10-29T01:30 | 2028-10-30T01:30
30 2 | 2029-03-24T01:30 | - | 2029-03-25T01:00 | 2029-03-25T01:00 | 2029-03-26T00:30
30 2 | 2029-10-27T00:30 | 2029-10-28T00:30 | 2029-10-28T00:30 | 2029-10-28T00:30 2029-10-28T01:30 | 2029-10-29T01:30
30 2 | 2030-03-30T01:30 | - | 2030-03-31T01:00 | 2030-03-31T01:00 | 2030-04-01T00:30
30 2 | 2030-10-26T00:30 | 2030-10-27T00:30 | 2030-10-27T00:30 | 2030-10-27T00:30 2030-10-27T01:30 | 2030-10-28T01:30
""",
    "America/New_York": """
30 2 | 2024-03-09T07:30 | - | 2024-03-10T07:00 | 2024-03-10T07:00 | 2024-03-11T06:30
30 1 | 2024-11-02T05:30 | 2024-11-03T05:30 | 2024-11-03T05:30 | 2024-11-03T05:30 2024-11-03T06:30 | 2024-11-04T06:30
30 2 | 2025-03-08T07:30 | - | 2025-03-09T07:00 | 2025-03-09T07:00 | 2025-03-10T06:30
30 1 | 2025-11-01T05:30 | 2025-11-02T05:30 | 2025-11-02T05:30 | 2025-11-02T05:30 2025-11-02T06:30 | 2025-11-03T06:30
30 2 | 2026-03-07T07:30 | - | 2026-03-08T07:00 | 2026-03-08T07:00 | 2026-03-09T06:30
30 1 | 2026-10-31T05:30 | 2026-11-01T05:30 | 2026-11-01T05:30 | 2026-11-01T05:30 2026-11-01T06:30 | 2026-11-02T06:30
30 2 | 2027-03-13T07:30 | - | 2027-03-14T07:00 | 2027-03-14T07:00 | 2027-03-15T06:30
30 1 | 2027-11-06T05:30 | 2027-11-07T05:30 | 2027-11-07T05:30 | 2027-11-07T05:30 2027-11-07T06:30 | 2027-11-08T06:30
30 2 | 2028-03-11T07:30 | - | 2028-03-12T07:00 | 2028-03-12T07:00 | 2028-03-13T06:30
30 1 | 2028-11-04T05:30 | 2028-11-05T05:30 | 2028-11-05T05:30 | 2028-11-05T05:30 2028-11-05T06:30 | 2028-11-06T06:30
30 2 | 2029-03-10T07:30 | - | 2029-03-11T07:00 | 2029-03-11T07:00 | 2029-03-12T06:30
30 1 | 2029-11-03T05:30 | 2029-11-04T05:30 | 2029-11-04T05:30 | 2029-11-04T05:30 2029-11-04T06:30 | 2029-11-05T06:30
30 2 | 2030-03-09T07:30 | - | 2030-03-10T07:00 | 2030-03-10T07:00 | 2030-03-11T06:30
30 1 | 2030-11-02T05:30 | 2030-11-03T05:30 | 2030-11-03T05:30 | 2030-11-03T05:30 2030-11-03T06:30 | 2030-11-04T06:30
""",
    "Australia/Lord_Howe": """
45 1 | 2024-04-05T14:45 | 2024-04-06T14:45 | 2024-04-06T14:45 | 2024-04-06T14:45 2024-04-06T15:15 | 2024-04-07T15:15
15 2 | 2024-10-04T15:45 | - | 2024-10-05T15:30 | 2024-10-05T15:30 | 2024-10-06T15:15
45 1 | 2025-04-04T14:45 | 2025-04-05T14:45 | 2025-04-05T14:45 | 2025-04-05T14:45 2025-04-05T15:15 | 2025-04-06T15:15
15 2 | 2025-10-03T15:45 | - | 2025-10-04T15:30 | 2025-10-04T15:30 | 2025-10-05T15:15
45 1 | 2026-04-03T14:45 | 2026-04-04T14:45 | 2026-04-04T14:45 | 2026-04-04T14:45 2026-04-04T15:15 | 2026-04-05T15:15
15 2 | 2026-10-02T15:45 | - | 2026-10-03T15:30 | 2026-10-03T15:30 | 2026-10-04T15:15
45 1 | 2027-04-02T14:45 | 2027-04-03T14:45 | 2027-04-03T14:45 | 2027-04-03T14:45 2027-04-03T15:15 | 2027-04-04T15:15
15 2 | 2027-10-01T15:45 | - | 2027-10-02T15:30 | 2027-10-02T15:30 | 2027-10-03T15:15
45 1 | 2028-03-31T14:45 | 2028-04-01T14:45 | 2028-04-01T14:45 | 2028-04-01T14:45 2028-04-01T15:15 | 2028-04-02T15:15
15 2 | 2028-09-29T15:45 | - | 2028-09-30T15:30 | 2028-09-30T15:30 | 2028-10-01T15:15
45 1 | 2029-03-30T14:45 | 2029-03-31T14:45 | 2029-03-31T14:45 | 2029-03-31T14:45 2029-03-31T15:15 | 2029-04-01T15:15
15 2 | 2029-10-05T15:45 | - | 2029-10-06T15:30 | 2029-10-06T15:30 | 2029-10-07T15:15
45 1 | 2030-04-05T14:45 | 2030-04-06T14:45 | 2030-04-06T14:45 | 2030-04-06T14:45 2030-04-06T15:15 | 2030-04-07T15:15
15 2 | 2030-10-04T15:45 | - | 2030-10-05T15:30 | 2030-10-05T15:30 | 2030-10-06T15:15
""",
    "Africa/Casablanca": """
30 2 | 2024-03-09T01:30 | 2024-03-10T01:30 | 2024-03-10T01:30 | 2024-03-10T01:30 2024-03-10T02:30 | 2024-03-11T02:30
30 2 | 2024-04-13T02:30 | - | 2024-04-14T02:00 | 2024-04-14T02:00 | 2024-04-15T01:30
30 2 | 2025-02-22T01:30 | 2025-02-23T01:30 | 2025-02-23T01:30 | 2025-02-23T01:30 2025-02-23T02:30 | 2025-02-24T02:30
30 2 | 2025-04-05T02:30 | - | 2025-04-06T02:00 | 2025-04-06T02:00 | 2025-04-07T01:30
30 2 | 2026-02-14T01:30 | 2026-02-15T01:30 | 2026-02-15T01:30 | 2026-02-15T01:30 2026-02-15T02:30 | 2026-02-16T02:30
30 2 | 2026-03-21T02:30 | - | 2026-03-22T02:00 | 2026-03-22T02:00 | 2026-03-23T01:30
30 2 | 2027-02-06T01:30 | 2027-02-07T01:30 | 2027-02-07T01:30 | 2027-02-07T01:30 2027-02-07T02:30 | 2027-02-08T02:30
30 2 | 2027-03-13T02:30 | - | 2027-03-14T02:00 | 2027-03-14T02:00 | 2027-03-15T01:30
30 2 | 2028-01-22T01:30 | 2028-01-23T01:30 | 2028-01-23T01:30 | 2028-01-23T01:30 2028-01-23T02:30 | 2028-01-24T02:30
30 2 | 2028-03-04T02:30 | - | 2028-03-05T02:00 | 2028-03-05T02:00 | 2028-03-06T01:30
30 2 | 2029-01-13T01:30 | 2029-01-14T01:30 | 2029-01-14T01:30 | 2029-01-14T01:30 2029-01-14T02:30 | 2029-01-15T02:30
30 2 | 2029-02-17T02:30 | - | 2029-02-18T02:00 | 2029-02-18T02:00 | 2029-02-19T01:30
30 2 | 2029-12-29T01:30 | 2029-12-30T01:30 | 2029-12-30T01:30 | 2029-12-30T01:30 2029-12-30T02:30 | 2029-12-31T02:30
30 2 | 2030-02-09T02:30 | - | 2030-02-10T02:00 | 2030-02-10T02:00 | 2030-02-11T01:30
30 2 | 2030-12-21T01:30 | 2030-12-22T01:30 | 2030-12-22T01:30 | 2030-12-22T01:30 2030-12-22T02:30 | 2030-12-23T02:30
""",
    "America/Santiago": """
30 23 | 2024-04-06T02:30 | 2024-04-07T02:30 | 2024-04-07T02:30 | 2024-04-07T02:30 2024-04-07T03:30 | 2024-04-08T03:30
30 0 | 2024-09-07T04:30 | - | 2024-09-08T04:00 | 2024-09-08T04:00 | 2024-09-09T03:30
30 23 | 2025-04-05T02:30 | 2025-04-06T02:30 | 2025-04-06T02:30 | 2025-04-06T02:30 2025-04-06T03:30 | 2025-04-07T03:30
30 0 | 2025-09-06T04:30 | - | 2025-09-07T04:00 | 2025-09-07T04:00 | 2025-09-08T03:30
30 23 | 2026-04-04T02:30 | 2026-04-05T02:30 | 2026-04-05T02:30 | 2026-04-05T02:30 2026-04-05T03:30 | 2026-04-06T03:30
30 0 | 2026-09-05T04:30 | - | 2026-09-06T04:00 | 2026-09-06T04:00 | 2026-09-07T03:30
30 23 | 2027-04-03T02:30 | 2027-04-04T02:30 | 2027-04-04T02:30 | 2027-04-04T02:30 2027-04-04T03:30 | 2027-04-05T03:30
30 0 | 2027-09-04T04:30 | - | 2027-09-05T04:00 | 2027-09-05T04:00 | 2027-09-06T03:30
30 23 | 2028-04-01T02:30 | 2028-04-02T02:30 | 2028-04-02T02:30 | 2028-04-02T02:30 2028-04-02T03:30 | 2028-04-03T03:30
30 0 | 2028-09-02T04:30 | - | 2028-09-03T04:00 | 2028-09-03T04:00 | 2028-09-04T03:30
30 23 | 2029-04-07T02:30 | 2029-04-08T02:30 | 2029-04-08T02:30 | 2029-04-08T02:30 2029-04-08T03:30 | 2029-04-09T03:30
30 0 | 2029-09-01T04:30 | - | 2029-09-02T04:00 | 2029-09-02T04:00 | 2029-09-03T03:30
30 23 | 2030-04-06T02:30 | 2030-04-07T02:30 | 2030-04-07T02:30 | 2030-04-07T02:30 2030-04-07T03:30 | 2030-04-08T03:30
30 0 | 2030-09-07T04:30 | - | 2030-09-08T04:00 | 2030-09-08T04:00 | 2030-09-09T03:30
""",
    "Africa/Cairo": """
30 0 | 2024-04-24T22:30 | - | 2024-04-25T22:00 | 2024-04-25T22:00 | 2024-04-26T21:30
30 23 | 2024-10-30T20:30 | 2024-10-31T20:30 | 2024-10-31T20:30 | 2024-10-31T20:30 2024-10-31T21:30 | 2024-11-01T21:30
30 0 | 2025-04-23T22:30 | - | 2025-04-24T22:00 | 2025-04-24T22:00 | 2025-04-25T21:30
30 23 | 2025-10-29T20:30 | 2025-10-30T20:30 | 2025-10-30T20:30 | 2025-10-30T20:30 2025-10-30T21:30 | 2025-10-31T21:30
30 0 | 2026-04-22T22:30 | - | 2026-04-23T22:00 | 2026-04-23T22:00 | 2026-04-24T21:30
30 23 | 2026-10-28T20:30 | 2026-10-29T20:30 | 2026-10-29T20:30 | 2026-10-29T20:30 2026-10-29T21:30 | 2026-10-30T21:30
30 0 | 2027-04-28T22:30 | - | 2027-04-29T22:00 | 2027-04-29T22:00 | 2027-04-30T21:30
30 23 | 2027-10-27T20:30 | 2027-10-28T20:30 | 2027-10-28T20:30 | 2027-10-28T20:30 2027-10-28T21:30 | 2027-10-29T21:30
30 0 | 2028-04-26T22:30 | - | 2028-04-27T22:00 | 2028-04-27T22:00 | 2028-04-28T21:30
30 23 | 2028-10-25T20:30 | 2028-10-26T20:30 | 2028-10-26T20:30 | 2028-10-26T20:30 2028-10-26T21:30 | 2028-10-27T21:30
30 0 | 2029-04-25T22:30 | - | 2029-04-26T22:00 | 2029-04-26T22:00 | 2029-04-27T21:30
30 23 | 2029-10-24T20:30 | 2029-10-25T20:30 | 2029-10-25T20:30 | 2029-10-25T20:30 2029-10-25T21:30 | 2029-10-26T21:30
30 0 | 2030-04-24T22:30 | - | 2030-04-25T22:00 | 2030-04-25T22:00 | 2030-04-26T21:30
30 23 | 2030-10-30T20:30 | 2030-10-31T20:30 | 2030-10-31T20:30 | 2030-10-31T20:30 2030-10-31T21:30 | 2030-11-01T21:30
""",
}
ROWS = [(zone, *map(str.strip, row.split("|"))) for zone, rows in JUMPS.items() for row in rows.strip().splitlines()]


def moments(text: str) -> list[datetime]:
    return [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in text.split() if each != "-"]


def found(line: str, zone: str, start: datetime, end: datetime, jumps: JumpRule = "once") -> list[datetime]:
    """The moments from one to another, both included."""
    rule = read_cron(line, zone_of(zone), jumps)
    return list(takewhile(lambda each: each <= end, rule.after(start - timedelta(seconds=1))))


@pytest.mark.parametrize(("zone", "time", "before", "skip", "once", "twice", "after"), ROWS, ids=lambda text: text[:22])
def test_fixed_time_on_the_day_of_a_jump_is_that_of_the_table(zone, time, before, skip, once, twice, after):
    [first], [last] = moments(before), moments(after)
    for jumps, that_day in (("skip", skip), ("once", once), ("twice", twice)):
        expected = [first, *moments(that_day), last]
        assert found(f"{time} * * *", zone, first, last, jumps) == expected


def test_tables_hold_both_jumps_of_each_year():
    assert {zone: len(rows.split("\n")) - 2 for zone, rows in JUMPS.items()} == {
        "Europe/Berlin": 14,
        "America/New_York": 14,
        "Australia/Lord_Howe": 14,
        "Africa/Casablanca": 15,
        "America/Santiago": 14,
        "Africa/Cairo": 14,
    }


@pytest.mark.parametrize(("zone", "day"), sorted({(row[0], row[2][:10]) for row in ROWS}))
@pytest.mark.parametrize("jumps", ["skip", "once", "twice"])
def test_every_half_hour_follows_the_time_that_passes_over_each_jump(zone, day, jumps):
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    expected = [start + number * timedelta(minutes=30) for number in range(145)]
    assert found("*/30 * * * *", zone, start, start + timedelta(days=3), jumps) == expected


@pytest.mark.parametrize("jumps", ["skip", "once", "twice"])
@pytest.mark.parametrize("year", range(2024, 2031))
def test_clocks_that_never_jump_show_the_same_every_day(year, jumps):
    for zone, time in (("UTC", "02:30"), ("Asia/Kathmandu", "20:45")):
        for month in (3, 10):
            start = datetime.fromisoformat(f"{year}-{month:02d}-01T{time}").replace(tzinfo=UTC)
            expected = [start + number * timedelta(days=1) for number in range(31)]
            assert found("30 2 * * *", zone, start, start + timedelta(days=30), jumps) == expected


def test_half_hours_of_kathmandu_are_quarters_past_in_utc():
    rule = read_cron("*/30 * * * *", zone_of("Asia/Kathmandu"))
    assert [f"{each:%H:%M}" for each in islice(rule.after(datetime(2026, 1, 1, tzinfo=UTC)), 4)] == [
        "00:15",
        "00:45",
        "01:15",
        "01:45",
    ]


@pytest.mark.parametrize(
    ("line", "zone", "expected"),
    [
        # Berlin, spring: the clock goes from 02:00 to 03:00 at 01:00 UTC.
        ("0,30 2 * * *", "Europe/Berlin", "2026-03-28T01:00 2026-03-28T01:30 2026-03-29T01:00 2026-03-30T00:00"),
        ("0-59/30 2-3 29 3 *", "Europe/Berlin", "2026-03-29T01:00 2026-03-29T01:30"),
        ("*/30 2 28-30 3 *", "Europe/Berlin", "2026-03-28T01:00 2026-03-28T01:30 2026-03-30T00:00 2026-03-30T00:30"),
        ("30 */2 29 3 *", "Europe/Berlin", "2026-03-28T23:30 2026-03-29T02:30 2026-03-29T04:30"),
        (
            "30 0-4 29 3 *",
            "Europe/Berlin",
            "2026-03-28T23:30 2026-03-29T00:30 2026-03-29T01:00 2026-03-29T01:30 2026-03-29T02:30",
        ),
        ("@daily", "America/Santiago", "2026-09-05T04:00 2026-09-06T04:00 2026-09-07T03:00"),
        ("*/30 0 * * *", "America/Santiago", "2026-09-05T04:00 2026-09-05T04:30 2026-09-07T03:00 2026-09-07T03:30"),
        # Berlin, autumn: it goes from 03:00 to 02:00 at 01:00 UTC.
        ("*/30 2 25 10 *", "Europe/Berlin", "2026-10-25T00:00 2026-10-25T00:30 2026-10-25T01:00 2026-10-25T01:30"),
        ("0-59/30 2 25 10 *", "Europe/Berlin", "2026-10-25T00:00 2026-10-25T00:30"),
        ("0 2-3 25 10 *", "Europe/Berlin", "2026-10-25T00:00 2026-10-25T02:00"),
        ("@hourly", "Europe/Berlin", "2026-10-25T00:00 2026-10-25T01:00 2026-10-25T02:00"),
        # Lord Howe, autumn: from 02:00 to 01:30 at 15:00 UTC the day before; `45` is shown twice within the hour.
        ("45 * 5 4 *", "Australia/Lord_Howe", "2026-04-04T13:45 2026-04-04T14:45 2026-04-04T15:15 2026-04-04T16:15"),
        # Lord Howe, spring: from 02:00 to 02:30 at 15:30 UTC the day before.
        ("0 * 4 10 *", "Australia/Lord_Howe", "2026-10-03T13:30 2026-10-03T14:30 2026-10-03T16:00"),
        ("0 0-3 4 10 *", "Australia/Lord_Howe", "2026-10-03T13:30 2026-10-03T14:30 2026-10-03T15:30 2026-10-03T16:00"),
        # Casablanca: from 03:00 to 02:00 as Ramadan begins, and back from 02:00 to 03:00 after it.
        ("0 */1 15 2 *", "Africa/Casablanca", "2026-02-14T23:00 2026-02-15T00:00 2026-02-15T01:00 2026-02-15T02:00"),
    ],
)
def test_line_about_a_jump_comes_at_these_moments(line, zone, expected):
    wanted = moments(expected)
    rule = read_cron(line, zone_of(zone))
    assert list(islice(rule.after(wanted[0] - timedelta(seconds=1)), len(wanted))) == wanted


def test_repeated_time_comes_first_and_second_in_the_order_of_time():
    expected = moments("2026-10-25T00:00 2026-10-25T00:30 2026-10-25T01:00 2026-10-25T01:30 2026-10-26T01:00")
    assert found("0,30 2 * * *", "Europe/Berlin", expected[0], expected[-1], "twice") == expected


@pytest.mark.parametrize("jumps", ["skip", "once", "twice"])
def test_day_that_samoa_left_out_is_not_made_up_for(jumps):
    # From 2011-12-29 24:00, UTC-10, to 2011-12-31 00:00, UTC+14.
    expected = moments("2011-12-29T16:00 2011-12-30T16:00")
    start = datetime(2011, 12, 29, 12, tzinfo=UTC)
    assert found("0 6 * * *", "Pacific/Apia", start, start + timedelta(days=2), jumps) == expected


@pytest.mark.parametrize("second", [0, 1, 59])
def test_moment_within_a_repeated_hour_goes_on_with_the_pass_that_it_is_in(second):
    rule = read_cron("*/20 2 * * *", zone_of("Europe/Berlin"))
    first_pass = datetime(2026, 10, 25, 0, 40, second, tzinfo=UTC)
    assert [f"{each:%H:%M}" for each in islice(rule.after(first_pass), 3)] == ["01:00", "01:20", "01:40"]


def test_left_out_time_is_found_from_just_before_the_jump_and_not_from_the_jump_on():
    rule = read_cron("30 2 * * *", zone_of("Europe/Berlin"))
    jump = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert next(rule.after(jump - timedelta(microseconds=1))) == jump
    assert next(rule.after(jump)) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


def test_unknown_zone_is_refused():
    with pytest.raises(ValueError, match="there is no time zone 'Europe/Berln'"):
        zone_of("Europe/Berln")


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../../etc/passwd", "Europe", "\0"])
def test_name_that_is_a_path_is_no_zone(name):
    with pytest.raises(ValueError, match="there is no time zone"):
        zone_of(name)
