"""Calendars of working days, and why a day is none."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from typing import Literal, Protocol

from .public_holidays import PublicHolidays

#: Working days are counted within one of these; a week begins on Monday.
Period = Literal["week", "month", "quarter", "year"]
#: How many working days may be counted in each.
MOST_DAYS: dict[Period, int] = {"week": 7, "month": 31, "quarter": 92, "year": 366}

#: Why days of the week that are no working days are none; from Monday.
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_DAY = timedelta(days=1)


class Days(Protocol):
    """Says which days are open."""

    def why_closed(self, day: date) -> str | None:
        """Why a day is left out, in words; null where it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingDays:
    """Days of the week, without holidays and closed days; open days win over all others."""

    #: From Monday, 0.
    weekdays: frozenset[int] = frozenset(range(5))
    holidays: PublicHolidays | None = None
    closed: frozenset[date] = frozenset()
    open: frozenset[date] = frozenset()

    def why_closed(self, day: date) -> str | None:
        """Why it is no working day: the day of the week, the holiday's name, or that it is listed as closed."""
        if day in self.open:
            return None
        if day in self.closed:
            return "a closed day"
        if day.weekday() not in self.weekdays:
            return DAY_NAMES[day.weekday()]
        return self.holidays.name_of(day) if self.holidays is not None else None


@dataclass(frozen=True, slots=True)
class NthWorkingDay:
    """One working day of each period: the first is 1, the last is -1."""

    days: Days
    number: int
    period: Period
    #: The one of each period that was asked for, by the period's first day.
    _found: dict[date, date | None] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= abs(self.number) <= MOST_DAYS[self.period]:
            message = f"{self.number} counts no working day of a {self.period}: from 1, or from -1 backwards"
            raise ValueError(f"{message}, and at most {MOST_DAYS[self.period]}")

    def why_closed(self, day: date) -> str | None:
        """Why it is not the one: it is no working day, or another one of its period."""
        reason = self.days.why_closed(day)
        if reason is not None:
            return reason
        first, last = bounds(day, self.period)
        if first not in self._found:
            self._found[first] = self._within(first, last)
        return None if self._found[first] == day else f"not {self.told}"

    @property
    def told(self) -> str:
        """Which one it is, in words."""
        return f"working day {self.number} of the {self.period}"

    def _within(self, first: date, last: date) -> date | None:
        days = [first + number * _DAY for number in range((last - first).days + 1)]
        ordered = days if self.number > 0 else reversed(days)
        working = (day for day in ordered if self.days.why_closed(day) is None)
        return next(islice(working, abs(self.number) - 1, None), None)


def bounds(day: date, period: Period) -> tuple[date, date]:
    """The first and the last day of the period around a day."""
    if period == "week":
        first = day - day.weekday() * _DAY
        return first, first + 6 * _DAY
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    start = (day.month - 1) // months * months + 1
    end = start + months - 1
    return day.replace(month=start, day=1), day.replace(month=end, day=calendar.monthrange(day.year, end)[1])


def next_open(days: Days, day: date, most: int) -> date | None:
    """The first open day from one on, which may be that one; null where none comes within so many days."""
    start = day.toordinal()
    return _first_open(days, range(start, min(start + most, date.max.toordinal()) + 1))


def last_open(days: Days, day: date, most: int) -> date | None:
    """The last open day up to one, which may be that one; null where none came within so many days."""
    start = day.toordinal()
    return _first_open(days, range(start, max(start - most, 1) - 1, -1))


def _first_open(days: Days, ordinals: range) -> date | None:
    for ordinal in ordinals:
        day = date.fromordinal(ordinal)
        if days.why_closed(day) is None:
            return day
    return None
