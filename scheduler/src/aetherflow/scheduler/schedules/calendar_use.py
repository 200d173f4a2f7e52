"""An item's `calendar`: the days on which it runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aetherflow.kernel.api import Field, Fields, Misfit, Reading, shapes

from ..calendars.days import MOST_DAYS, Days, NthWorkingDay, Period, WorkingDays
from ..calendars.on_days import Otherwise
from .findings import YamlPath


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarUse:
    """Which calendar, and which of its days: all working days, or one of each month."""

    use: str
    #: From 1 on from the month's start, from -1 back from its end; null for every working day.
    working_day: int | None = None
    of: Period = "month"
    #: What becomes of a time on a day that is none of them.
    otherwise: Otherwise = "skip"

    def days_of(self, calendar: WorkingDays) -> Days:
        """The days of the calendar that are meant."""
        return calendar if self.working_day is None else NthWorkingDay(calendar, self.working_day, self.of)


def _working_day(reading: Reading, value: object, path: YamlPath) -> int:
    most = max(MOST_DAYS.values())
    found: int = shapes.whole_number(-most, most)(reading, value, path)
    if not found:
        raise Misfit("AF-WRONG-VALUE", "there is no working day 0", "write 1 for the first one, -1 for the last one")
    return found


_USE_KEYS = Fields(
    "`calendar`",
    {
        "use": Field(shapes.text, is_required=True),
        "working_day": Field(_working_day),
        "of": Field(shapes.one_of(*MOST_DAYS)),
        "otherwise": Field(shapes.one_of("skip", "next", "previous")),
    },
)


def calendar_use(reading: Reading, value: object, path: YamlPath) -> CalendarUse:
    """A calendar's name, or a mapping that says more."""
    if isinstance(value, dict):
        return _checked(reading, CalendarUse(**_USE_KEYS(reading, value, path)), path)
    if not isinstance(value, str):
        raise Misfit("AF-WRONG-TYPE", "this must be a calendar's name, or a mapping", "write `calendar: NAME`")
    return CalendarUse(use=value)


def _checked(reading: Reading, use: CalendarUse, path: YamlPath) -> CalendarUse:
    most = MOST_DAYS[use.of]
    if use.working_day is None or abs(use.working_day) <= most:
        return use
    message = f"no {use.of} has {abs(use.working_day)} working days"
    reading.report("AF-WRONG-VALUE", message, f"write {most} or less", (*path, "working_day"))
    return replace(use, working_day=None)
