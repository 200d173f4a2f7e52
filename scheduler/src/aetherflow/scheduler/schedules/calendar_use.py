"""An item's `calendar`: the days on which it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aetherflow.kernel.api import Field, Fields, Misfit, Reading, shapes

from .findings import YamlPath

_MOST_WORKING_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarUse:
    """Which calendar, and which of its days: all working days, or one of each month."""

    use: str
    #: From 1 on from the month's start, from -1 back from its end; null for every working day.
    working_day: int | None = None
    of: Literal["month"] = "month"
    #: What becomes of a time on a day that is none of them.
    otherwise: Literal["skip", "next", "previous"] = "skip"


def _working_day(reading: Reading, value: object, path: YamlPath) -> int:
    found: int = shapes.whole_number(-_MOST_WORKING_DAYS, _MOST_WORKING_DAYS)(reading, value, path)
    if not found:
        raise Misfit("AF-WRONG-VALUE", "there is no working day 0", "write 1 for the first one, -1 for the last one")
    return found


_USE_KEYS = Fields(
    "`calendar`",
    {
        "use": Field(shapes.identifier, is_required=True),
        "working_day": Field(_working_day),
        "of": Field(shapes.one_of("month")),
        "otherwise": Field(shapes.one_of("skip", "next", "previous")),
    },
)


def calendar_use(reading: Reading, value: object, path: YamlPath) -> CalendarUse:
    """A calendar's name, or a mapping that says more."""
    if isinstance(value, dict):
        return CalendarUse(**_USE_KEYS(reading, value, path))
    if not isinstance(value, str):
        raise Misfit("AF-WRONG-TYPE", "this must be a calendar's name, or a mapping", "write `calendar: NAME`")
    return CalendarUse(use=shapes.identifier(reading, value, path))
