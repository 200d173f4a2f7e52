"""What is unusual about an occurrence: jumps of the clock, days on which it was left out or from which it was moved."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

from ..calendars.clocks import is_repeated, jump_between
from ..calendars.days import NthWorkingDay
from ..calendars.on_days import OnDays

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ..schedules.models import Item

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
#: So many days before an occurrence are looked at for reasons.
_MOST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to know about an occurrence."""

    kind: Literal["clock_jump", "repeated_time", "closed_day", "moved"]
    text: str


def marks_of(item: Item, at: datetime, before: datetime) -> list[Mark]:
    """What is unusual about an occurrence, after the one before it.

    Args:
        item: whose it is.
        at: its moment.
        before: the moment of the one before, or from when on it was looked.
    """
    return [*_of_the_clock(item.zone, at, before), *_of_the_calendar(item, at, before)]


def _of_the_clock(zone: ZoneInfo, at: datetime, before: datetime) -> Iterator[Mark]:
    change = _offset(at, zone) - _offset(before, zone)
    if change:
        jump = jump_between(before, at, zone)
        way = "forward" if change > timedelta(0) else "back"
        yield Mark("clock_jump", f"the clock goes {way} {_hours(abs(change))} at {_told(jump - _INSTANT, zone)}")
    local = at.astimezone(zone)
    if is_repeated(local.replace(tzinfo=None, fold=0), zone):
        yield Mark("repeated_time", f"the clock shows this time twice: the {'second' if local.fold else 'first'} time")


def _of_the_calendar(item: Item, at: datetime, before: datetime) -> Iterator[Mark]:
    rule = item.rule
    if not isinstance(rule, OnDays):
        return
    day = at.astimezone(item.zone).date()
    if rule.otherwise != "skip":
        for source in rule.sources_of(day):
            if source != day and _comes_from(rule, source, at.astimezone(item.zone).time()):
                yield Mark("moved", f"moved from {source}: {_why_closed(rule, source)}")
        return
    first = max(before.astimezone(item.zone).date(), day - _MOST_DAYS * _DAY)
    for passed in range((day - first).days):
        other = first + passed * _DAY
        why = _why_closed(rule, other)
        if why is not None and why not in calendar.day_name and _times_on(rule, other, after=before):
            yield Mark("closed_day", f"not on {other}: {why}")


def _why_closed(rule: OnDays, day: date) -> str | None:
    """Why a day is no working day; whether it is the right one of them is not asked."""
    days = rule.days
    while isinstance(days, NthWorkingDay):
        days = days.days
    return days.why_closed(day)


def _comes_from(rule: OnDays, source: date, clock: time) -> bool:
    return any(each.astimezone(rule.zone).time() == clock for each in _times_on(rule, source))


def _times_on(rule: OnDays, day: date, *, after: datetime | None = None) -> list[datetime]:
    """The moments of a day, the calendar aside; at most one where it is asked for those after a moment."""
    start = datetime.combine(day, time(), rule.zone).astimezone(UTC) - _INSTANT
    end = datetime.combine(day + _DAY, time(), rule.zone).astimezone(UTC)
    found = []
    for each in rule.rule.after(start if after is None else max(start, after)):
        if each >= end:
            break
        found.append(each)
        if after is not None:
            break
    return found


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _hours(change: timedelta) -> str:
    hours, minutes = divmod(round(change.total_seconds() / 60), 60)
    return f"{hours}:{minutes:02d}"


def _told(at: datetime, zone: ZoneInfo) -> str:
    """The time that the clock would show next, had it not jumped."""
    return f"{at.astimezone(zone).replace(tzinfo=None) + _INSTANT:%Y-%m-%d %H:%M}"
