"""Lines of cron, as Debian's cron reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from .clocks import JumpRule, moments_of

_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELDS = 5
#: The widest jump of any clock, and more.
_JUMP = timedelta(hours=30)


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
        found = self._by_the_clock(moment) if self._follows_the_clock else self._by_passing_time(moment)
        last = moment
        for each in found:
            if each > last:
                yield each
                last = each

    @property
    def _follows_the_clock(self) -> bool:
        minute, hour = self.text.split()[:2]
        return not minute.startswith("*") and not hour.startswith("*")

    def _by_passing_time(self, moment: datetime) -> Iterator[datetime]:
        try:
            for each in CronSim(self.text, moment.astimezone(self.zone)):
                yield each.astimezone(UTC)
        except (StopIteration, OverflowError):
            return

    def _by_the_clock(self, moment: datetime) -> Iterator[datetime]:
        # What was left out shortly before may have been moved to after the moment.
        start = (moment.astimezone(self.zone) - _JUMP).replace(tzinfo=None)
        waiting: list[datetime] = []
        for local in CronSim(self.text, start):
            # Times that are repeated come in the order of the clock, not in that of time.
            passed = local.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
            ready = sorted(each for each in waiting if each < passed)
            yield from ready
            waiting = [each for each in waiting if each >= passed]
            waiting.extend(moments_of(local, self.zone, self.jumps))
        yield from sorted(waiting)


def read_cron(text: str, zone: ZoneInfo, jumps: JumpRule = "once") -> Cron:
    """A line of cron, or one of its nicknames such as @daily.

    Raises:
        ValueError: it is none, or one whose day never comes.
    """
    line = _NICKNAMES.get(text.strip().lower(), text.strip())
    if line.startswith("@"):
        raise ValueError(f"there is no {line!r}: {', '.join(sorted(_NICKNAMES))} are what there is")
    if len(line.split()) != _FIELDS:
        raise ValueError("it needs five fields: minute, hour, day of the month, month, day of the week")
    try:
        next(CronSim(line, datetime(2024, 1, 1)))  # noqa: DTZ001 - any time will do
    except CronSimError as error:
        raise ValueError(f"it is no line of cron: {str(error).lower()}") from None
    except StopIteration:
        raise ValueError("its day never comes") from None
    return Cron(line, zone, jumps)
