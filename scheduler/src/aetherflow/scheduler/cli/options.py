"""What options say: days, times and numbers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from aetherflow.kernel.api import InvalidInput, times

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_COUNT = 20
_SPAN = re.compile(r"\d+\s*[smhdw]")
_DAY = timedelta(days=1)


def count_of(text: str | None, *, option: str) -> int:
    """How many are asked for.

    Raises:
        InvalidInput: it is no number from 1 up.
    """
    return _COUNT if text is None else times.whole_number(text, option=option, least=1)


def seconds_of(text: str | None, *, option: str, otherwise: float) -> float:
    """A time in seconds, from 0 up.

    Raises:
        InvalidInput: it is none.
    """
    if text is None:
        return otherwise
    if not re.fullmatch(r"\d{1,7}(\.\d{1,3})?", text):
        raise InvalidInput(f"{option} {text!r} is no number of seconds", code="AF-USAGE", help="write one from 0 up")
    return float(text)


def moment_of(text: str, zone: ZoneInfo, *, option: str) -> datetime:
    """A moment, in UTC: a day's beginning, or a time; on the zone's clock where it names no offset.

    Raises:
        InvalidInput: it is none.
    """
    day = _day_of(text)
    if day is not None:
        return _beginning(day, zone, option=option)
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        mend = "write one such as 2026-11-26, 2026-11-26T06:00 or 2026-11-26T06:00+01:00"
        raise InvalidInput(f"{option} {text!r} is no day and no time", code="AF-USAGE", help=mend) from None


def end_of(text: str, zone: ZoneInfo, *, option: str) -> datetime:
    """The last moment that is meant, in UTC: a day's end, or a time.

    Raises:
        InvalidInput: it is none.
    """
    day = _day_of(text)
    if day is None or day == date.max:
        return moment_of(text, zone, option=option)
    return _beginning(day + _DAY, zone, option=option) - timedelta(microseconds=1)


def since_of(text: str, zone: ZoneInfo, now: datetime, *, option: str) -> datetime:
    """A moment, in UTC: a day's beginning, a time, or so long ago.

    Raises:
        InvalidInput: it is none.
    """
    if not _SPAN.fullmatch(text.strip()):
        return moment_of(text, zone, option=option)
    try:
        return now - timedelta(seconds=times.span(text, option=option))
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _day_of(text: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _beginning(day: date, zone: ZoneInfo, *, option: str) -> datetime:
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:
        raise InvalidInput(f"{option} {day} is too far away", code="AF-USAGE", help="name another day") from None
