"""Wall clocks and the moments that they show: a time may come twice in autumn, and not at all in spring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: What becomes of times that a jump of the clock leaves out or repeats: `once` runs what is left out at the first
#: moment after the jump, and what is repeated the first time, as Debian's cron does; `skip` does not run what is left
#: out; `twice` runs what is repeated both times.
JumpRule = Literal["skip", "once", "twice"]


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name, such as Europe/Berlin.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}") from None


def moments_of(local: datetime, zone: ZoneInfo, rule: JumpRule) -> tuple[datetime, ...]:
    """The moments, in UTC, that a time on a zone's clock stands for: none, one or two.

    Args:
        local: a time without a zone.
        zone: the clock.
        rule: what to do where the clock jumps.
    """
    first = local.replace(tzinfo=zone, fold=0)
    second = local.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return (first.astimezone(UTC),)
    if is_left_out(local, zone):
        return () if rule == "skip" else (end_of_gap(local, zone),)
    both = (first.astimezone(UTC), second.astimezone(UTC))
    return both if rule == "twice" else both[:1]


def is_left_out(local: datetime, zone: ZoneInfo) -> bool:
    """Whether a zone's clock never shows a time."""
    there = local.replace(tzinfo=zone, fold=0)
    return there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local


def end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """The first moment after the jump that leaves a time out, in UTC."""
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
