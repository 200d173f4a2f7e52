"""Lines of cron: what is read, what is refused and in which words, and the days that they name."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import islice

import pytest

from aetherflow.scheduler.calendars.clocks import zone_of
from aetherflow.scheduler.calendars.cron import read_cron

pytestmark = pytest.mark.unit

UTC_CLOCK = zone_of("UTC")
START = datetime(2026, 1, 1, tzinfo=UTC)


def days(line: str, count: int, start: datetime = START) -> str:
    return " ".join(f"{each:%m-%d}" for each in islice(read_cron(line, UTC_CLOCK).after(start), count))


def times(line: str, count: int) -> str:
    return " ".join(f"{each:%H:%M}" for each in islice(read_cron(line, UTC_CLOCK).after(START), count))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # 1 January 2026 is a Thursday.
        ("0 6 * * 0", "01-04 01-11"),
        ("0 6 * * 7", "01-04 01-11"),
        ("0 6 * * SUN", "01-04 01-11"),
        ("0 6 * * 5-7", "01-02 01-03 01-04 01-09"),
        ("0 6 * * 0-1", "01-04 01-05 01-11"),
        ("0 6 * * mon-fri", "01-01 01-02 01-05"),
        ("0 6 * * Mon,wed", "01-05 01-07 01-12"),
        ("0 6 * * */2", "01-01 01-03 01-04 01-06"),
        ("0 6 * * */7", "01-04 01-11"),
        ("0 6 13 * *", "01-13 02-13"),
        # Neither day is left open: one of both is enough.
        ("0 6 13 * 5", "01-02 01-09 01-13 01-16"),
        ("0 6 1,15 * sun", "01-01 01-04 01-11 01-15"),
        ("0 6 30 2 1", "02-02 02-09 02-16 02-23"),
        # A star as the first character of either, with a step as well: both are needed.
        ("0 6 */10 * 0", "01-11 02-01 03-01"),
        ("0 6 13 * */5", "02-13 03-13 09-13"),
        ("0 6 * * 1#1", "01-05 02-02 03-02"),
        ("0 6 * * 5#5", "01-30 05-29 07-31"),
        ("0 6 * * fri#5", "01-30 05-29 07-31"),
        ("0 6 * * 5L", "01-30 02-27 03-27"),
        ("0 6 * * friL", "01-30 02-27 03-27"),
        ("0 6 * * Sunl,MON#1", "01-05 01-25 02-02 02-22"),
        ("0 6 * * 0L,1#1", "01-05 01-25 02-02 02-22"),
        ("0 6 L * *", "01-31 02-28 03-31"),
        ("0 6 L,1 * *", "01-01 01-31 02-01"),
        ("0 6 LW * *", "01-30 02-27 03-31"),
        ("0 6 31 * *", "01-31 03-31 05-31"),
        ("0 6 1 jan-mar *", "01-01 02-01 03-01 01-01"),
        ("0 6 1 */5 *", "01-01 06-01 11-01 01-01"),
        ("@yearly", "01-01 01-01"),
        ("@annually", "01-01 01-01"),
        ("@monthly", "02-01 03-01"),
        ("@weekly", "01-04 01-11"),
        ("@daily", "01-02 01-03"),
        ("@midnight", "01-02 01-03"),
    ],
)
def test_line_names_these_days(line, expected):
    assert days(line, len(expected.split())) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("*/25 6 * * *", "06:00 06:25 06:50 06:00"),
        ("10-30/10 6,18 * * *", "06:10 06:20 06:30 18:10"),
        ("5,3,4 6 * * *", "06:03 06:04 06:05 06:03"),
        ("007 06 * * *", "06:07 06:07"),
        ("*/100 6 * * *", "06:00 06:00"),
        ("0 0-23/12 * * *", "12:00 00:00"),
        ("\t0  6 *\t* *  ", "06:00 06:00"),
        ("@hourly", "01:00 02:00"),
    ],
)
def test_line_names_these_times(line, expected):
    assert times(line, len(expected.split())) == expected


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("60 * * * *", "minute: '60' is not 0 to 59"),
        ("* 24 * * *", "hour: '24' is not 0 to 23"),
        ("0 0 0 * *", "day of the month: '0' is not 1 to 31"),
        ("0 0 32 * *", "day of the month: '32' is not 1 to 31"),
        ("0 0 * 13 *", "month: '13' is not 1 to 12 or jan to dec"),
        ("0 0 * 0 *", "month: '0' is not 1 to 12"),
        ("0 0 * january *", "month: 'january' is not"),
        ("0 0 * * 8", "day of the week: '8' is not 0 to 7 or sun to sat"),
        ("0 0 * * monday", "day of the week: 'monday' is not"),
        ("mon * * * *", "minute: 'mon' is not 0 to 59"),
        ("1/20 * * * *", "minute: a step needs a range or a star: 1-59/20"),
        ("5-64/30 * * * *", "minute: '64' is not 0 to 59"),
        ("*/0 * * * *", "minute: a step of 0"),
        ("*/-5 * * * *", "minute: '\\*/-5' is no number"),
        ("*-5 * * * *", "minute: '\\*-5' is no number"),
        ("1-2-3 * * * *", "minute: '1-2-3' is no number"),
        ("*/2/3 * * * *", "minute: '\\*/2/3' is no number"),
        ("0. * * * *", "minute: '0.' is no number"),
        ("1.5 * * * *", "minute: '1.5' is no number"),
        ("+5 * * * *", "minute: '\\+5' is no number"),
        ("-5 * * * *", "minute: '-5' is no number"),
        ("~ * * * *", "minute: '~' is no number"),
        ("0, * * * *", "minute: a comma needs a value"),
        (",0 * * * *", "minute: a comma needs a value"),
        ("0 22-2 * * *", "hour: the range '22-2' ends before it begins"),
        ("0 0 * * fri-sun", "day of the week: .* Sunday at the end of a range is 7"),
        ("0 0 ? * *", "day of the month: '\\?' is no number"),
        ("0 0 L-3 * *", "day of the month: 'l' is not 1 to 31"),
        ("0 0 L/2 * *", "day of the month: 'l' is not 1 to 31"),
        ("0 0 15W * *", "day of the month: '15w' is not 1 to 31"),
        ("0 0 * * L", "day of the week: 'l' is not 0 to 7"),
        ("0 0 * * 8L", "day of the week: '8l' is not 0 to 7"),
        ("0 0 * * fri#L", "day of the week: 'fri#l' is no number, range, step or star; 5L is the last Friday"),
        ("0 0 * * 1#6", "day of the week: '1#6' is no number"),
        ("0 0 * * 1#0", "day of the week: '1#0' is no number"),
        ("L * * * *", "minute: 'l' is not 0 to 59"),
        ("0 0 * * ²", "day of the week: '²' is no number"),
        ("0 0 * * frı", "day of the week: 'frı' is no number"),
        ("٣ * * * *", "minute: '٣' is no number"),
        ("", "it has 0 fields, and needs five: minute, hour"),
        ("* * * *", "it has 4 fields"),
        ("0 0 6 * * *", "it has 6 fields.*none for seconds"),
        ("CRON_TZ=UTC 0 6 * * *", "'CRON_TZ=UTC' is no field: for a zone the item has `timezone`"),
        ("0 22-2 * * *", "hour: the range '22-2' ends before it begins; write 22-23,0-2"),
        ("0 0 * * fri-mon", "day of the week: the range 'fri-mon' ends before it begins; write fri-6,0-mon"),
        ("0 0 28-3 * *", "write 28-31,1-3"),
        ("0 6 * * * /bin/true", "it has 6 fields"),
        ("0 6 * *\u00a0*", "it has 4 fields"),
        ("0\n6 * * * *", "minute: '0\\\\n6' is no number"),
        ("9" * 5000 + " * * * *", "at most 1000 characters"),
        ("9" * 900 + " * * * *", "minute: '9+' is not 0 to 59"),
        ("@reboot", "'@reboot' names no time: start the flow where the machine starts"),
        ("@Daily", "there is no '@Daily': @annually, @daily"),
        ("@every 5m", "there is no '@every 5m'.*`interval: 15m`"),
        ("@daily x", "there is no '@daily x'"),
        ("@", "there is no '@'"),
    ],
)
def test_line_that_cron_does_not_know_is_refused_with_its_field(line, words):
    with pytest.raises(ValueError, match=words) as refused:
        read_cron(line, UTC_CLOCK)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("line", ["0 0 31 2 *", "0 0 30-31 2 *", "0 0 31 4,6,9,11 *", "0 0 30 2 */2", "0 0 */9 * 1#5"])
def test_line_whose_day_never_comes_is_refused(line):
    with pytest.raises(ValueError, match="its day never comes"):
        read_cron(line, UTC_CLOCK)


def test_rarest_day_is_found_over_forty_years():
    # 29 February is a Sunday every 28 years, and once after 40: 2100 is no leap year.
    rule = read_cron("0 0 29 2 */7", UTC_CLOCK)
    found = [each.year for each in islice(rule.after(datetime(2050, 1, 1, tzinfo=UTC)), 3)]
    assert found == [2060, 2088, 2128]


def test_moments_end_with_the_calendar():
    late = datetime(9999, 12, 31, 23, 50, tzinfo=UTC)
    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        for line in ("* * * * *", "59 23 31 12 *", "30 2 * * *"):
            assert len(list(islice(read_cron(line, zone_of(zone)).after(late), 1000))) <= 600


def test_next_moment_takes_under_five_milliseconds():
    lines = ["* * * * *", "0 6 * * *", "0 0 29 2 */7", "0 0 * 2 1#5", "*/7 3-9/2 L 2 *", "59 23 31 12 *"]
    for line in lines:
        rule = read_cron(line, zone_of("Europe/Berlin"))
        best = min(_seconds_of_next(rule) for _ in range(5))
        assert best < 0.005, line


def _seconds_of_next(rule) -> float:
    started = time.perf_counter()
    next(rule.after(datetime(2080, 3, 1, 23, 59, tzinfo=UTC)))
    return time.perf_counter() - started
