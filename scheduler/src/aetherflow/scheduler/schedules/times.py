"""Zones, spans, dates and times as a schedule file writes them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from aetherflow.kernel.api import Misfit, Reading, did_you_mean, shapes

from ..calendars.clocks import JumpRule, moments_of, zone_of
from .findings import YamlPath, quoted

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_SPAN = re.compile("".join(rf"(?:(?P<{name}>[0-9]{{1,9}}){unit})?" for unit, name in _UNITS.items()))
_LONGEST_SPAN = timedelta(days=3660)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(rf"{_DATE.pattern}[T ][0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}})?(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?")
#: Years that clocks and zones know something of.
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
#: Zones are looked through for the right spelling for so many wrong ones.
_MOST_PROPOSALS = 20
_LONGEST_NAME = 64
#: A place is proposed to nobody who wrote an offset.
_DIGITS = frozenset("0123456789")
_ANY_ZONE = "write the zone of a place, such as Europe/Berlin, or UTC"


def zone(reading: Reading, value: object, path: YamlPath) -> ZoneInfo:
    """A time zone by its name."""
    name = shapes.text(reading, value, path)
    try:
        return zone_of(name)
    except ValueError:
        message = f"there is no time zone {quoted(name)}"
        raise Misfit("AF-SCHEDULE-ZONE", message, _mend_of_zone(reading, name)) from None


def _mend_of_zone(reading: Reading, name: str) -> str:
    from zoneinfo import available_timezones

    if len(reading.problems) > _MOST_PROPOSALS or len(name) > _LONGEST_NAME or _DIGITS.intersection(name):
        return _ANY_ZONE
    # Abbreviations look alike and mean other clocks: CEST is none of America's.
    known = available_timezones()
    if not known:
        return "this machine knows UTC alone: install tzdata, the system's package or that of Python"
    places = {each for each in known if "/" in each and not each.startswith("Etc/")}
    mend = did_you_mean(name, places | {name.upper()} & {"UTC"})
    return mend if mend.startswith("did") else _ANY_ZONE


def span(reading: Reading, value: object, path: YamlPath) -> timedelta:
    """A span of time: `15m`, `1h30m`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise Misfit("AF-SCHEDULE-SPAN", "a span of time needs its unit", f"write {value}s, {value}m, {value}h …")
    text = shapes.text(reading, value, path)
    found = _SPAN.fullmatch(text.strip())
    parts = {name: int(count) for name, count in found.groupdict().items() if count} if found else {}
    if not parts:
        raise Misfit(
            "AF-SCHEDULE-SPAN", f"{quoted(text)} is no span of time", "write it as 30s, 15m, 6h, 1h30m, 2d or 1w"
        )
    try:
        length = timedelta(**parts)
    except OverflowError:
        length = timedelta.max
    if not timedelta(seconds=1) <= length <= _LONGEST_SPAN:
        wrong = "short" if length < timedelta(seconds=1) else "long"
        mend = f"write one from 1s to {_LONGEST_SPAN.days}d"
        raise Misfit("AF-SCHEDULE-SPAN", f"the span {text!r} is too {wrong}", mend)
    return length


def day(text: str) -> date:
    """A date, as ISO writes it.

    Raises:
        Misfit: it is none.
    """
    if not _DATE.fullmatch(text):
        raise Misfit("AF-SCHEDULE-TIME", f"{quoted(text)} is no date", "write it as 2026-12-24")
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Misfit("AF-SCHEDULE-TIME", f"there is no day {text}", "write a day that its month has") from None
    _refuse_year(found.year)
    return found


def day_shape(reading: Reading, value: object, path: YamlPath) -> date:
    """A date."""
    if not isinstance(value, str):
        raise Misfit("AF-WRONG-TYPE", "this must be a date", "write it as 2026-12-24")
    return day(value)


def time_shape(reading: Reading, value: object, path: YamlPath) -> datetime:
    """A date with a time: on the clock of the item's zone, or with an offset of its own."""
    mend = "write it as 2026-12-31T23:00, or with its offset as 2026-12-31T23:00+01:00"
    if not isinstance(value, str):
        raise Misfit("AF-WRONG-TYPE", "this must be a date with a time", mend)
    if not _TIME.fullmatch(value):
        raise Misfit("AF-SCHEDULE-TIME", f"{quoted(value)} is no date with a time", mend)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise Misfit(
            "AF-SCHEDULE-TIME",
            f"there is no time {value}",
            "write a day that its month has, and a time from 00:00 to 23:59",
        ) from None
    _refuse_year(found.year)
    return found


def _refuse_year(year: int) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        mend = f"years from {_FIRST_YEAR} to {_LAST_YEAR} may stand here"
        raise Misfit("AF-SCHEDULE-TIME", f"the year {year:04d} is out of reach", mend)


def moments(time: datetime, clock: ZoneInfo, rule: JumpRule) -> tuple[datetime, ...]:
    """The moments, in UTC, that a written time stands for: none or two where the clock jumps."""
    if time.tzinfo is not None:
        return (time.astimezone(UTC),)
    return moments_of(time, clock, rule)
