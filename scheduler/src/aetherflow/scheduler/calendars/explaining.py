"""Why a rule's next moments are those: jumps of the clock, holidays, and what is left out in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from .clocks import is_repeated, jump_between, moments_of
from .cron import Cron
from .days import NthWorkingDay
from .on_days import OnDays
from .rules import Rule

_DAY = timedelta(days=1)
#: Between two moments at most so many days that are left out are told one by one.
_MOST_DAYS = 31
#: Jumps of the clock are looked for in at most so many days between two moments.
_FARTHEST_JUMP = 3660


@dataclass(frozen=True, slots=True)
class Explained:
    """A moment of a rule, or what it left out."""

    #: In UTC; null for what is left out.
    moment: datetime | None
    #: As the zone's clock shows it, with its offset; a time or a day without one for what is left out.
    local: str
    notes: tuple[str, ...]


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


def explain(rule: Rule, zone: ZoneInfo, moment: datetime, count: int) -> Iterator[Explained]:
    """The next moments of a rule after one, in their order, with what is left out before each of them.

    Args:
        rule: what names the moments.
        zone: the clock on which they are told.
        moment: what they come after.
        count: of the moments; what is left out is not counted.
    """
    last = moment
    for each in islice(rule.after(moment), count):
        left_out = [*_left_out_by_the_clock(rule, zone, last, each), *_left_out_days(rule, last, each)]
        yield from sorted(left_out, key=lambda found: found.local)
        yield Explained(
            each, each.astimezone(zone).isoformat(timespec="seconds"), tuple(_notes(rule, zone, last, each))
        )
        last = each


def _notes(rule: Rule, zone: ZoneInfo, last: datetime, moment: datetime) -> Iterator[str]:
    there = moment.astimezone(zone)
    local = there.replace(tzinfo=None, fold=0)
    cron = rule.rule if isinstance(rule, OnDays) else rule
    for jump in _jumps(max(last, moment - _DAY), moment, zone):
        yield f"the clock jumped {jump.told}"
        if isinstance(cron, Cron) and jump.moment == moment:
            missed = list(_in_gap(cron, jump))
            if missed and next(cron.times_from(local), None) != local:
                yield f"moved from {_listed(missed)}, which the clock leaves out"
    if is_repeated(local, zone):
        both = isinstance(cron, Cron) and len(moments_of(local, zone, cron.clock_rule)) == 1
        passed = "second" if there.fold else "first"
        yield f"the clock shows {local:%H:%M} twice: the {passed} time" + (
            ", the second one is left out" if both else ""
        )
    if isinstance(rule, OnDays):
        yield from _notes_of_days(rule, local)


def _notes_of_days(rule: OnDays, local: datetime) -> Iterator[str]:
    if isinstance(rule.days, NthWorkingDay):
        yield rule.days.told
    for source in rule.sources_of(local.date()):
        start = datetime.combine(source, local.time())
        if source != local.date() and next(rule.clock_times(source, start), None) == start:
            yield f"moved from {source}: {rule.days.why_closed(source)}"


def _left_out_by_the_clock(rule: Rule, zone: ZoneInfo, last: datetime, moment: datetime) -> Iterator[Explained]:
    cron = rule.rule if isinstance(rule, OnDays) else rule
    if not isinstance(cron, Cron) or cron.clock_rule not in {"skip", "passing"}:
        return
    for jump in _jumps(last, moment, zone):
        missed = [time for time in _in_gap(cron, jump) if not _is_closed(rule, time.date())]
        if missed:
            others = f", with others up to {missed[-1]:%H:%M}, {len(missed)} in all" if len(missed) > 1 else ""
            note = f"left out{others}: the clock jumps {jump.told}"
            yield Explained(None, missed[0].isoformat(timespec="minutes"), (note,))


def _left_out_days(rule: Rule, last: datetime, moment: datetime) -> Iterator[Explained]:
    if not isinstance(rule, OnDays) or isinstance(rule.days, NthWorkingDay):
        return
    first, end = last.astimezone(rule.zone).date(), moment.astimezone(rule.zone).date()
    days = (first + number * _DAY for number in range((end - first).days))
    found = (day for day in days if _is_closed(rule, day) and rule.target_of(day) is None and _has_times(rule, day))
    for number, day in enumerate(found):
        if number == _MOST_DAYS:
            yield Explained(None, day.isoformat(), ("left out, and perhaps days after it",))
            return
        yield Explained(None, day.isoformat(), (f"left out: {rule.days.why_closed(day)}",))


def _is_closed(rule: Rule, day: date) -> bool:
    return isinstance(rule, OnDays) and rule.days.why_closed(day) is not None


def _has_times(rule: OnDays, day: date) -> bool:
    return next(rule.clock_times(day, datetime.combine(day, time())), None) is not None


def _in_gap(cron: Cron, jump: _Jump) -> Iterator[datetime]:
    return takewhile(lambda each: each < jump.after, cron.times_from(jump.before))


def _jumps(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[_Jump]:
    """The jumps after one moment, up to another one and with it."""
    steps = min((end - start) // _DAY, _FARTHEST_JUMP)
    marks = [start + number * _DAY for number in range(steps + 1)] + ([end] if steps < _FARTHEST_JUMP else [])
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
