"""Working days: which days they are, why others are none, and the first and last of a period."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date

import pytest

from aetherflow.scheduler.calendars.days import NthWorkingDay, Period, WorkingDays, bounds, last_open, next_open
from aetherflow.scheduler.calendars.public_holidays import read_holidays

pytestmark = pytest.mark.unit


def day(text: str) -> date:
    return date.fromisoformat(text)


def bavaria(*, closed: str = "", open: str = "") -> WorkingDays:  # noqa: A002 - as the key in the file
    return WorkingDays(
        holidays=read_holidays("DE", "BY"),
        closed=frozenset(map(day, closed.split())),
        open=frozenset(map(day, open.split())),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-12-23", None),
        ("2026-12-24", "a closed day"),
        ("2026-12-25", "Christmas Day"),
        ("2026-12-19", None),
        ("2026-12-26", "Saturday"),
        ("2026-12-27", "Sunday"),
        ("2026-01-06", "Epiphany"),
        ("2026-04-03", "Good Friday"),
        ("2027-03-26", "Good Friday"),
        ("2026-05-14", None),
    ],
)
def test_day_is_open_or_says_why_not(text, reason):
    days = bavaria(closed="2026-12-24 2026-12-19", open="2026-12-19 2026-05-14")
    assert days.why_closed(day(text)) == reason


def test_subdivisions_have_holidays_of_their_own():
    epiphany = day("2026-01-06")
    assert read_holidays("DE", "BY").name_of(epiphany) == "Epiphany"
    assert read_holidays("DE", "BE").name_of(epiphany) is None
    assert read_holidays("DE").name_of(epiphany) is None


def test_names_of_holidays_do_not_hang_on_the_language_of_the_environment():
    source = (
        "from datetime import date\nfrom aetherflow.scheduler.calendars.public_holidays import read_holidays\n"
        "print(read_holidays('DE').name_of(date(2026, 12, 25)), read_holidays('FR').name_of(date(2026, 7, 14)))"
    )
    for language in ("C", "de_DE.UTF-8", "th"):
        environment = {**os.environ, "LANGUAGE": language, "LANG": language, "LC_ALL": language}
        done = subprocess.run(
            [sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "Christmas Day National Day"


@pytest.mark.parametrize(
    ("country", "subdivision", "words"),
    [
        ("Germany", None, "no holidays are known of a country 'Germany': did you mean 'DE'"),
        ("united kingdom", None, "did you mean 'GB'"),
        ("de", None, "did you mean 'DE'"),
        ("Germny", None, "did you mean 'DE'"),
        ("XX", None, "of a country 'XX': write its code in ISO 3166, such as DE"),
        ("GER", None, "of a country 'GER': write its code in ISO 3166, such as DE"),
        ("HolidayBase", None, "of a country 'HolidayBase'"),
        ("__class__", None, "of a country '__class__'"),
        ("", None, "of a country ''"),
        ("DE", "by", "no part 'by' of DE is known: did you mean 'BY'"),
        ("DE", "Bayern", "did you mean 'BY'"),
        ("DE", "XX", "no part 'XX' of DE is known: there is: BB, BE, BW"),
        ("SG", "A", "no part 'A' of SG is known: it has none"),
    ],
)
def test_unknown_country_or_part_of_it_is_refused_with_a_proposal(country, subdivision, words):
    with pytest.raises(ValueError, match=words):
        read_holidays(country, subdivision)


def test_calendars_without_holidays_do_not_import_them():
    source = (
        "import sys\nfrom datetime import date\nimport aetherflow.scheduler.calendars.on_days\n"
        "from aetherflow.scheduler.calendars.days import WorkingDays\nWorkingDays().why_closed(date(2026, 1, 1))\n"
        "print('holidays' in sys.modules, 'cronsim' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"


@pytest.mark.parametrize(
    ("text", "period", "first", "last"),
    [
        ("2026-11-26", "week", "2026-11-23", "2026-11-29"),
        ("2026-11-29", "week", "2026-11-23", "2026-11-29"),
        ("2026-11-26", "month", "2026-11-01", "2026-11-30"),
        ("2028-02-10", "month", "2028-02-01", "2028-02-29"),
        ("2026-11-26", "quarter", "2026-10-01", "2026-12-31"),
        ("2026-02-28", "quarter", "2026-01-01", "2026-03-31"),
        ("2026-11-26", "year", "2026-01-01", "2026-12-31"),
    ],
)
def test_bounds_of_a_period_are_these(text, period, first, last):
    assert bounds(day(text), period) == (day(first), day(last))


@pytest.mark.parametrize(
    ("number", "period", "inside", "expected"),
    [
        # In 2026: 31 January is a Saturday, 31 May a Sunday, 1 January and 6 January are holidays in Bavaria.
        (1, "month", "2026-01-15", "2026-01-02"),
        (2, "month", "2026-01-15", "2026-01-05"),
        (3, "month", "2026-01-15", "2026-01-07"),
        (-1, "month", "2026-01-15", "2026-01-30"),
        (-1, "month", "2026-05-15", "2026-05-29"),
        (-2, "month", "2026-12-01", "2026-12-30"),
        (-1, "quarter", "2026-10-01", "2026-12-31"),
        (1, "quarter", "2026-06-30", "2026-04-01"),
        (1, "year", "2027-07-01", "2027-01-04"),
        (-1, "year", "2027-07-01", "2027-12-31"),
        (1, "week", "2026-04-09", "2026-04-07"),
        (-1, "week", "2026-04-01", "2026-04-02"),
        (23, "month", "2026-02-01", None),
    ],
)
def test_working_day_of_a_period_is_this_one_and_no_other(number, period: Period, inside, expected):
    one = NthWorkingDay(bavaria(), number, period)
    first, last = bounds(day(inside), period)
    span = [date.fromordinal(each) for each in range(first.toordinal(), last.toordinal() + 1)]
    found = [each.isoformat() for each in span if one.why_closed(each) is None]
    assert found == ([] if expected is None else [expected])


def test_other_days_say_what_they_are_not():
    one = NthWorkingDay(bavaria(), -1, "month")
    assert one.why_closed(day("2026-12-25")) == "Christmas Day"
    assert one.why_closed(day("2026-12-30")) == "not working day -1 of the month"


@pytest.mark.parametrize(
    ("number", "period"), [(0, "month"), (32, "month"), (-32, "month"), (8, "week"), (93, "quarter")]
)
def test_number_that_no_period_has_is_refused(number, period: Period):
    with pytest.raises(ValueError, match=f"{number} counts no working day of a {period}: from 1, or from -1"):
        NthWorkingDay(WorkingDays(), number, period)


def test_next_and_last_open_day_are_looked_for_within_bounds():
    days = bavaria()
    assert next_open(days, day("2026-12-25"), 10) == day("2026-12-28")
    assert next_open(days, day("2026-12-28"), 0) == day("2026-12-28")
    assert last_open(days, day("2026-12-27"), 10) == day("2026-12-24")
    assert last_open(days, day("2026-12-27"), 2) is None
    assert next_open(WorkingDays(weekdays=frozenset()), day("2026-12-25"), 3660) is None
    assert next_open(WorkingDays(weekdays=frozenset()), date.max, 3660) is None
    assert last_open(WorkingDays(weekdays=frozenset()), date.min, 3660) is None
