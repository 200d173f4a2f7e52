"""Why a rule's next moments are those: jumps of the clock, holidays, and what is left out in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, takewhile
from typing import Literal
from zoneinfo import ZoneInfo

from .clocks import is_repeated, jump_between, recurring_moments_of
from .cron import Cron
from .days import DAY_NAMES, NthWorkingDay
from .on_days import OnDays
from .rules import Rule

#: What a note is about: the clock has jumped; it shows the time twice; the time is put off to the end of a jump, or
#: was left out by it; a day before was left out; the time comes from another day; it is the working day of its period.
Kind = Literal["clock_jump", "repeated_time", "put_off", "left_out", "closed_day", "moved", "working_day"]

_DAY = timedelta(days=1)
#: Jumps before a moment are told where they are not longer ago: what comes each week is told of all of them.
_RECENT = 8 * _DAY
#: Between two moments at most so many days that are left out are told one by one.
_MOST_DAYS = 31
#: So many days between two moments are looked at for jumps and closed days.
_FARTHEST = 3660


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about a moment, in words."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A moment of a rule, in UTC, with what is unusual about it and about the time since the one before."""

    moment: datetime
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Jump:
    """A clock's jump: its moment, in UTC, and the clock's times before and after it."""

    moment: datetime
    before: datetime
    after: datetime

    @property
    def told(self) -> str:
        date = f"{self.after:%Y-%m-%d}"
        start = f"{self.before:%H:%M}" if self.before.date() == self.after.date() else f"{self.before:%Y-%m-%d %H:%M}"
        return f"from {start} to {self.after:%H:%M} on {date}"


def explain(rule: Rule, zone: ZoneInfo, moment: datetime) -> Iterator[Explained]:
    """The moments of a rule after one, in their order, and why they are those.

    Args:
        rule: what names the moments.
        zone: the clock on which they are told.
        moment: what they come after.
    """
    last = moment
    for each in rule.after(moment):
        yield Explained(each, tuple(_notes(rule, zone, last, each)))
        last = each


def _notes(rule: Rule, zone: ZoneInfo, last: datetime, moment: datetime) -> Iterator[Note]:
    cron = rule.rule if isinstance(rule, OnDays) else rule
    if isinstance(cron, Cron):
        yield from _left_out(rule, cron, last, moment)
    if isinstance(rule, OnDays):
        yield from _closed_days(rule, last, moment)
    there = moment.astimezone(zone)
    local = there.replace(tzinfo=None, fold=0)
    for jump in _jumps(max(last, moment - _RECENT), moment, zone):
        yield Note("clock_jump", f"the clock jumped {jump.told}")
        missed = list(_in_gap(cron, jump)) if isinstance(cron, Cron) and jump.moment == moment else []
        if isinstance(cron, Cron) and missed and next(cron.times_from(local), None) != local:
            yield Note("put_off", f"moved from {_listed(missed)}, which the clock leaves out")
    if is_repeated(local, zone):
        is_alone = isinstance(cron, Cron) and len(recurring_moments_of(local, cron.zone, cron.clock_rule)) == 1
        which = "second time" if there.fold else "first time"
        mend = ", the second one is left out" if is_alone else ""
        yield Note("repeated_time", f"the clock shows {local:%H:%M} twice: the {which}{mend}")
    if isinstance(rule, OnDays):
        yield from _notes_of_days(rule, local)


def _notes_of_days(rule: OnDays, local: datetime) -> Iterator[Note]:
    if isinstance(rule.days, NthWorkingDay):
        yield Note("working_day", rule.days.told)
    for source in rule.sources_of(local.date()):
        start = datetime.combine(source, local.time())
        if source != local.date() and next(rule.clock_times(source, start), None) == start:
            yield Note("moved", f"moved from {source}: {rule.days.why_closed(source)}")


def _left_out(rule: Rule, cron: Cron, last: datetime, moment: datetime) -> Iterator[Note]:
    """The times of a line that a jump of the clock leaves out for good."""
    for jump in _jumps(last, moment, cron.zone):
        gap = (each for each in _in_gap(cron, jump) if not recurring_moments_of(each, cron.zone, cron.clock_rule))
        missed = [each for each in gap if not _is_closed(rule, each.date())]
        if missed:
            yield Note("left_out", f"not at {_listed(missed)}: the clock jumps {jump.told}")


def _closed_days(rule: OnDays, last: datetime, moment: datetime) -> Iterator[Note]:
    """The days that the calendar leaves out, without those that it leaves out each week."""
    if isinstance(rule.days, NthWorkingDay):
        return
    first, end = last.astimezone(rule.zone).date(), moment.astimezone(rule.zone).date()
    days = (first + number * _DAY for number in range(min((end - first).days, _FARTHEST)))
    closed = ((day, rule.days.why_closed(day)) for day in days)
    found = (
        (day, reason)
        for day, reason in closed
        if reason is not None and reason not in DAY_NAMES and rule.target_of(day) is None and _has_times(rule, day)
    )
    for number, (day, reason) in enumerate(found):
        if number == _MOST_DAYS:
            yield Note("closed_day", "nor on other days after it")
            return
        yield Note("closed_day", f"not on {day}: {reason}")


def _is_closed(rule: Rule, day: date) -> bool:
    return isinstance(rule, OnDays) and rule.days.why_closed(day) is not None


def _has_times(rule: OnDays, day: date) -> bool:
    return next(rule.clock_times(day, datetime.combine(day, time())), None) is not None


def _in_gap(cron: Cron, jump: _Jump) -> Iterator[datetime]:
    return takewhile(lambda each: each < jump.after, cron.times_from(jump.before))


def _jumps(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[_Jump]:
    """The jumps after one moment, up to another one and with it."""
    steps = min((end - start) // _DAY, _FARTHEST)
    marks = [start + number * _DAY for number in range(steps + 1)] + ([end] if steps < _FARTHEST else [])
    for before, after in pairwise(marks):
        old, new = before.astimezone(zone), after.astimezone(zone)
        if old.utcoffset() != new.utcoffset():
            moment = jump_between(before.astimezone(UTC), after.astimezone(UTC), zone)
            arrived = moment.astimezone(zone)
            clock = moment + (old.utcoffset() or timedelta(0))
            yield _Jump(moment, clock.replace(tzinfo=None), arrived.replace(tzinfo=None, fold=0))


def _listed(times: list[datetime]) -> str:
    shown = [f"{each:%H:%M}" for each in times[:3]]
    return ", ".join(shown) + (f" and {len(times) - len(shown)} more" if len(times) > len(shown) else "")
