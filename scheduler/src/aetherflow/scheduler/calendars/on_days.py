"""Rules on working days only: what falls on other days is left out, or moved to a working day."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from typing import Literal
from zoneinfo import ZoneInfo

from .clocks import JumpRule, clock_before, earliest, in_order, latest
from .cron import Cron
from .days import Days, last_open, next_open
from .rules import Rule

#: What becomes of a time on a day that is no working day.
Otherwise = Literal["skip", "next", "previous"]

#: A rule without an open day in ten years has come to its end.
DAYS_AHEAD = 3660
#: No time is moved farther: a place that is closed for longer has no working day for it.
FARTHEST_MOVE = 31

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OnDays:
    """Another rule's times, on open days alone; a day is one of the zone's clock."""

    rule: Rule
    days: Days
    zone: ZoneInfo
    otherwise: Otherwise = "skip"
    #: Where a time is moved to a day on which the clock jumps.
    jumps: JumpRule = "once"

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The moments after another one, in UTC, each later than the one before; ends without open days."""
        found = self._kept(moment) if self.otherwise == "skip" else self._moved(moment)
        last = moment
        try:
            for each in found:
                if each > last:
                    yield each
                    last = each
        except OverflowError:
            return

    def target_of(self, day: date) -> date | None:
        """The open day on which the times of a day come; null where they are left out."""
        if self.otherwise == "next":
            return next_open(self.days, day, FARTHEST_MOVE)
        return last_open(self.days, day, FARTHEST_MOVE if self.otherwise == "previous" else 0)

    def sources_of(self, target: date) -> list[date]:
        """The days whose times come on an open day: itself, and those that are moved to it, in their order."""
        if self.otherwise == "skip":
            return [target]
        step = -_DAY if self.otherwise == "next" else _DAY
        found = [target]
        while len(found) <= FARTHEST_MOVE and self.days.why_closed(found[-1] + step) is not None:
            found.append(found[-1] + step)
        return sorted(found)

    def _kept(self, moment: datetime) -> Iterator[datetime]:
        start: datetime | None = moment
        limit = moment.astimezone(self.zone).date() + DAYS_AHEAD * _DAY
        opened: date | None = None
        while start is not None:
            found, start = self.rule.after(start), None
            for each in found:
                day = each.astimezone(self.zone).date()
                if day != opened and self.days.why_closed(day) is not None:
                    start = self._before_next_open(day, limit)
                    break
                if day != opened:
                    opened, limit = day, day + DAYS_AHEAD * _DAY
                yield each

    def _before_next_open(self, day: date, limit: date) -> datetime | None:
        following = next_open(self.days, day, DAYS_AHEAD) if day <= limit else None
        return None if following is None else _just_before(_midnight(following), self.zone)

    def _moved(self, moment: datetime) -> Iterator[datetime]:
        clock = clock_before(moment, self.zone)
        day: date | None = self._first_source(clock.date())
        while day is not None:
            target = self._next_target(day)
            if target is None:
                return
            sources = self.sources_of(target)
            yield from heapq.merge(*(self._times_of(source, target, clock) for source in sources))
            day = sources[-1] + _DAY

    def _first_source(self, day: date) -> date:
        """The first day whose times may come on a day or later."""
        if self.otherwise == "previous":
            return day
        return (last_open(self.days, day - _DAY, FARTHEST_MOVE) or day - FARTHEST_MOVE * _DAY) + _DAY

    def _next_target(self, day: date) -> date | None:
        """The day on which the rule's next times come, from those of a day on."""
        limit = day + DAYS_AHEAD * _DAY
        while day <= limit:
            found = next(self.rule.after(_just_before(_midnight(day), self.zone)), None)
            if found is None:
                return None
            candidate = max(day, found.astimezone(self.zone).date())
            target = self.target_of(candidate)
            if target is not None:
                return target
            following = next_open(self.days, candidate, DAYS_AHEAD)
            if following is None:
                return None
            # What comes earlier is too far from it to be moved there.
            day = max(candidate + _DAY, following - FARTHEST_MOVE * _DAY)
        return None

    def _times_of(self, source: date, target: date, clock: datetime) -> Iterator[datetime]:
        """The rule's moments on one day, moved to another one at the same time of the clock; from a time there on."""
        shift = target - source
        start = max(_midnight(source), clock - shift)
        if not shift:
            return self._moments_on(source, start)
        rule = self.rule.clock_rule if isinstance(self.rule, Cron) else self.jumps
        return in_order((each + shift for each in self.clock_times(source, start)), self.zone, rule)

    def clock_times(self, day: date, start: datetime) -> Iterator[datetime]:
        """The times, without a zone, that the rule has on a day of the clock, from one of that day on."""
        if isinstance(self.rule, Cron):
            # Those that the day's own clock leaves out, or puts off, are there on another day.
            return takewhile(lambda each: each.date() == day, self.rule.times_from(start))
        found = self._moments_on(day, start)
        return _rising(each.astimezone(self.zone).replace(tzinfo=None, fold=0) for each in found)

    def _moments_on(self, day: date, start: datetime) -> Iterator[datetime]:
        end = latest(_midnight(day + _DAY), self.zone)
        found = takewhile(lambda each: each < end, self.rule.after(_just_before(start, self.zone)))
        return (each for each in found if each.astimezone(self.zone).date() == day)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _just_before(local: datetime, zone: ZoneInfo) -> datetime:
    return earliest(local, zone) - timedelta(microseconds=1)


def _rising(times: Iterator[datetime]) -> Iterator[datetime]:
    last = datetime.min  # noqa: DTZ901 - on a clock
    for each in times:
        if each > last:
            yield each
            last = each
