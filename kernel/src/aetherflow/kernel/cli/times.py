"""Times, durations and spans as commands show and read them."""

from __future__ import annotations

import math
import re
import time
from datetime import UTC, datetime

from ..errors import InvalidInput

_SPAN = re.compile(r"(\d+)\s*([smhdw])")
#: Python reads more than ISO 8601 in its first part: any separator, for one.
_MOMENT = re.compile(r"[0-9]{4}[-W0-9]*T[0-9:.,]+(Z|[-+][0-9:.]+)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
#: The longest span, in seconds: a thousand years.
_LONGEST = 31_557_600_000


def for_machines(at: float | None) -> str | None:
    """A time as ISO text in UTC, in milliseconds."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def for_people(at: float | None) -> str:
    """A time on this machine's clock, in seconds; empty where there is none."""
    return "" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def milliseconds_between(start: float | None, end: float | None) -> int | None:
    """How long something took; null where it is not known. Never negative: the clock may have been set back."""
    return None if start is None or end is None else max(0, round((end - start) * 1000))


def duration(milliseconds: int | None) -> str:
    """How long something took, in the two largest units that it has."""
    if milliseconds is None:
        return ""
    seconds = milliseconds / 1000
    if seconds < _SECONDS["m"]:
        return f"{seconds:.1f} s" if seconds >= 1 else f"{milliseconds} ms"
    units = [(name, seconds // _SECONDS[name]) for name in "dhms"]
    largest = next(number for number, (_, count) in enumerate(units) if count)
    (first, many), *rest = units[largest : largest + 2]
    second, more = rest[0]
    return f"{many:.0f} {_NAMES[first]} {more % (_SECONDS[first] / _SECONDS[second]):.0f} {_NAMES[second]}"


_NAMES = {"d": "d", "h": "h", "m": "min", "s": "s"}


def span(text: str, *, option: str) -> float:
    """A span of time such as `30d`, in seconds.

    Raises:
        InvalidInput: it is none.
    """
    found = _SPAN.fullmatch(text.strip())
    seconds = int(found[1]) * _SECONDS[found[2]] if found else math.inf
    if seconds > _LONGEST:
        raise InvalidInput(
            f"{option} {text!r} is no span of time",
            code="AF-USAGE",
            help="write a number and a unit: 90s, 15m, 12h, 30d or 4w",
        )
    return seconds


def moment(text: str, *, option: str) -> datetime:
    """A time of ISO 8601 with its offset.

    Raises:
        InvalidInput: it is none.
    """
    try:
        found = datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None or found.utcoffset() is None:
        raise InvalidInput(
            f"{option} {text!r} is no time with an offset",
            code="AF-USAGE",
            help="write it as 2026-01-31T06:00:00+01:00, or in UTC with a Z at its end",
        )
    return found


def whole_number(text: str, *, option: str, least: int = 0) -> int:
    """A whole number that was given on the command line.

    Raises:
        InvalidInput: it is none, or too small.
    """
    value = int(text) if re.fullmatch(r"\d{1,9}", text) else None
    if value is None or value < least:
        raise InvalidInput(
            f"{option} {text!r} is no number from {least} up", code="AF-USAGE", help="give a whole number"
        )
    return value
