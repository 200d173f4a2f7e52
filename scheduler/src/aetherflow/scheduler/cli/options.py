"""What options say: days, times and numbers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from aetherflow.kernel.api import InvalidInput, times

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_COUNT = 20
#: More than anybody reads.
_MOST = 100_000
#: Calendars know no more, and clocks not much more.
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
_SPAN = re.compile(r"[0-9]+\s*[smhdw]")
_DAY_ALONE = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}|[0-9]{4}-?W[0-9]{2}-?[0-9]")
_MOMENTS = "write one such as 2026-11-26, 2026-11-26T06:00 or 2026-11-26T06:00+01:00"
_DAY = timedelta(days=1)


def count_of(text: str | None, *, option: str) -> int:
    """How many are asked for.

    Raises:
        InvalidInput: it is no number from 1 up, or too large.
    """
    count = _COUNT if text is None else times.whole_number(text, option=option, least=1)
    if count > _MOST:
        raise InvalidInput(f"{option} {text} is too many", code="AF-USAGE", help=f"ask for {_MOST} at most")
    return count


def seconds_of(text: str | None, *, option: str, otherwise: float) -> float:
    """A time in seconds, from 0 up.

    Raises:
        InvalidInput: it is none.
    """
    if text is None:
        return otherwise
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,3})?", text):
        raise InvalidInput(f"{option} {text!r} is no number of seconds", code="AF-USAGE", help="write one from 0 up")
    return float(text)


def moment_of(text: str, zone: ZoneInfo, *, option: str, mend: str = _MOMENTS) -> datetime:
    """A moment, in UTC: a day's beginning, or a time; on the zone's clock where it names no offset.

    Raises:
        InvalidInput: it is none.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{option} {text!r} is no day and no time", code="AF-USAGE", help=mend) from None
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        mend = f"name a day from {_FIRST_YEAR} to {_LAST_YEAR}"
        raise InvalidInput(f"{option} {text!r} is too far away", code="AF-USAGE", help=mend)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def end_of(text: str, zone: ZoneInfo, *, option: str) -> datetime:
    """The last moment that is meant, in UTC: a day's end, or a time.

    Raises:
        InvalidInput: it is none.
    """
    begin = moment_of(text, zone, option=option)
    if not _DAY_ALONE.fullmatch(text):
        return begin
    following = date.fromisoformat(text) + _DAY
    return datetime.combine(following, time(), zone).astimezone(UTC) - timedelta(microseconds=1)


def since_of(text: str, zone: ZoneInfo, now: datetime, *, option: str) -> datetime:
    """A moment, in UTC: a day's beginning, a time, or so long ago.

    Raises:
        InvalidInput: it is none.
    """
    if not _SPAN.fullmatch(text.strip()):
        return moment_of(text, zone, option=option, mend=f"{_MOMENTS}; or so long ago: 12h, 30d")
    try:
        return now - timedelta(seconds=times.span(text, option=option))
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
