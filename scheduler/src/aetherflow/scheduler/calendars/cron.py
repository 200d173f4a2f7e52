"""Lines of cron, as Debian's cron reads them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from .clocks import ClockRule, JumpRule, clock_before, in_order
from .fields import five_fields

if TYPE_CHECKING:
    from cronsim import CronSim

_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
#: A day that comes at all comes again within 40 years: 29 February on a certain day of the week, about the year 2100.
_YEARS_AHEAD = 50


@dataclass(frozen=True, slots=True)
class Cron:
    """A line of five fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday).

    Where neither day is left open with a star, one of both is enough. Jobs that run by the minute or by the hour, with
    a star there, follow the time that passes; others follow the clock, by the rule for its jumps.
    """

    text: str
    zone: ZoneInfo
    jumps: JumpRule = "once"

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The moments after another one, in UTC, each later than the one before; ends where the calendar ends."""
        try:
            times = self.times_from(clock_before(moment, self.zone))
            for each in in_order(times, self.zone, self.clock_rule):
                if each > moment:
                    yield each
        except OverflowError:
            return

    def times_from(self, local: datetime) -> Iterator[datetime]:
        """The times that the line names from one on, without a zone: whether the clock shows them or not."""
        line = _parsed(self.text)
        hours, minutes = sorted(line.hours), sorted(line.minutes)
        first = local.date()
        for day in _days(line, first):
            for hour in hours:
                if day == first and hour < local.hour:
                    continue
                for minute in minutes:
                    time = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - on a clock
                    if time >= local:
                        yield time

    @property
    def clock_rule(self) -> ClockRule:
        """What the line does where the clock jumps.

        Debian's cron looks at the first character of both fields: `0-59` is no star.
        """
        minute, hour = self.text.split()[:2]
        return "passing" if minute.startswith("*") or hour.startswith("*") else self.jumps


def read_cron(text: str, zone: ZoneInfo, jumps: JumpRule = "once") -> Cron:
    """A line of cron, or one of its nicknames such as @daily.

    Raises:
        ValueError: it is none, or one whose day never comes; the text says which field is wrong.
    """
    line = text.strip()
    if line.startswith("@"):
        line = _line_of_nickname(line)
    cron = Cron(" ".join(five_fields(line)), zone, jumps)
    if not _has_a_day(cron.text):
        raise ValueError("its day never comes: none of its months has one that fits")
    return cron


def _line_of_nickname(name: str) -> str:
    if name == "@reboot":
        raise ValueError("'@reboot' names no time: start the flow where the machine starts, for instance with systemd")
    if name not in _NICKNAMES:
        every = "; every so often is `interval: 15m`" if name.startswith("@every") else ""
        raise ValueError(f"there is no {name!r}: {', '.join(sorted(_NICKNAMES))} are what there is{every}")
    return _NICKNAMES[name]


def _has_a_day(text: str) -> bool:
    from cronsim import CronSimError

    try:
        return any(True for _ in _days(_parsed(text), date(2024, 1, 1)))
    except CronSimError:
        # The fields are read already: what it refuses beside them is a day that none of the months has.
        return False


@lru_cache(maxsize=64)
def _parsed(text: str) -> CronSim:
    """The line's sets of minutes, hours and months, and whether it names a day; the rest of cronsim is not used.

    cronsim walks in steps of an hour, which misses times that a clock repeats by half an hour.
    """
    from cronsim import CronSim

    return CronSim(text, datetime(2024, 1, 1))  # noqa: DTZ001 - any time will do


def _days(line: CronSim, first: date) -> Iterator[date]:
    year, month, start, last = first.year, first.month, first.day, first.year
    while year <= min(last + _YEARS_AHEAD, MAXYEAR):
        if month in line.months:
            for number in range(start, monthrange(year, month)[1] + 1):
                day = date(year, month, number)
                if line.match_day(day):
                    last = year
                    yield day
        year, month, start = (year, month + 1, 1) if month < 12 else (year + 1, 1, 1)  # noqa: PLR2004 - months
