"""Wall clocks and the moments that they show: a time may come twice in autumn, and not at all in spring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: What becomes of times that a jump of the clock leaves out or repeats: `once` runs what is left out at the first
#: moment after the jump, and what is repeated the first time, as Debian's cron does; `skip` does not run what is left
#: out; `twice` runs what is repeated both times.
JumpRule = Literal["skip", "once", "twice"]
#: Beside those: `passing` has the moments at which the clock shows the time, for jobs that follow the time that passes.
ClockRule = Literal[JumpRule, "passing"]

#: UTC without a zone database, which small images of containers lack: a file of the database with one zone and no jump.
UTC_ZONE = ZoneInfo.from_file(BytesIO(b"TZif" + bytes(35) + b"\1\0\0\0\4" + bytes(6) + b"UTC\0"), key="UTC")
#: What the zone database holds beside zones: the machine's own clock, none at all, and clocks that count leap seconds.
_NO_ZONES = ("localtime", "posixrules", "Factory", "posix/", "right/")
#: A wider jump corrects the clock, or changes the date as in Samoa in 2011: Debian's cron makes up for none of them.
_WIDEST_JUMP = timedelta(hours=3)
#: A clock that is put back within this time shows times again that it has shown already.
_AHEAD = timedelta(hours=24)


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name, such as Europe/Berlin.

    Raises:
        ValueError: there is none of that name.
    """
    if name == UTC_ZONE.key:
        return UTC_ZONE
    try:
        if not name.startswith(_NO_ZONES):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise ValueError(f"there is no time zone {name!r}")


def moments_of(
    local: datetime, zone: ZoneInfo, rule: ClockRule, *, widest: timedelta = timedelta.max
) -> tuple[datetime, ...]:
    """The moments, in UTC, that a time on a zone's clock stands for: none, one or two.

    Args:
        local: a time without a zone.
        zone: the clock.
        rule: what to do where the clock jumps.
        widest: the widest jump that the rule is for; about others, the time that passes is followed.
    """
    first = local.replace(tzinfo=zone, fold=0)
    second = first.replace(fold=1)
    jump = _offset(second) - _offset(first)
    if not jump:
        return (first.astimezone(UTC),)
    if abs(jump) > widest:
        rule = "passing"
    if jump > timedelta(0):
        return (end_of_gap(local, zone),) if rule in {"once", "twice"} else ()
    both = (first.astimezone(UTC), second.astimezone(UTC))
    return both if rule in {"twice", "passing"} else both[:1]


def recurring_moments_of(local: datetime, zone: ZoneInfo, rule: ClockRule) -> tuple[datetime, ...]:
    """The moments of a time that comes again and again: jumps that change the date are not made up for."""
    return moments_of(local, zone, rule, widest=_WIDEST_JUMP)


def in_order(times: Iterable[datetime], zone: ZoneInfo, rule: ClockRule) -> Iterator[datetime]:
    """The moments, in UTC, of times that recur on a zone's clock, each later than the one before.

    Args:
        times: without a zone, each later than the one before.
        zone: the clock.
        rule: what to do where the clock jumps.
    """
    last = datetime.min.replace(tzinfo=UTC)
    for moment in _moments_of_all(times, zone, rule):
        if moment > last:
            yield moment
            last = moment


def _moments_of_all(times: Iterable[datetime], zone: ZoneInfo, rule: ClockRule) -> Iterator[datetime]:
    # Times that are repeated come in the order of the clock, not in that of time: the second pass waits.
    waiting: list[datetime] = []
    for local in times:
        moments = recurring_moments_of(local, zone, rule)
        if waiting:
            passed = earliest(local, zone)
            yield from sorted(each for each in waiting if each < passed)
            waiting = [each for each in waiting if each >= passed]
        if waiting or len(moments) > 1:
            waiting.extend(moments)
        else:
            yield from moments
    yield from sorted(waiting)


def clock_before(moment: datetime, zone: ZoneInfo) -> datetime:
    """A time on a zone's clock, without a zone, such that all times it shows after a moment are that one or later."""
    back = _offset(moment.astimezone(zone)) - _offset((moment + _AHEAD).astimezone(zone))
    local = moment.astimezone(zone).replace(tzinfo=None)
    return local - max(back, timedelta(0))


def earliest(local: datetime, zone: ZoneInfo) -> datetime:
    """A moment, in UTC, before which a zone's clock shows no time that is a given one, without a zone, or later."""
    return min(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def latest(local: datetime, zone: ZoneInfo) -> datetime:
    """A moment, in UTC, from which on a zone's clock shows no time that is earlier than a given one, without a zone."""
    return max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def is_left_out(local: datetime, zone: ZoneInfo) -> bool:
    """Whether a zone's clock never shows a time, given without a zone."""
    there = local.replace(tzinfo=zone, fold=0)
    return _offset(there.replace(fold=1)) > _offset(there)


def is_repeated(local: datetime, zone: ZoneInfo) -> bool:
    """Whether a zone's clock shows a time twice, given without a zone."""
    there = local.replace(tzinfo=zone, fold=0)
    return _offset(there.replace(fold=1)) < _offset(there)


def end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """The first moment after the jump that leaves a time out, in UTC."""
    return jump_between(earliest(local, zone), local.replace(tzinfo=zone, fold=0).astimezone(UTC), zone)


def jump_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment of a jump, in UTC: the first one with the new offset.

    Args:
        before: a moment with the old offset.
        after: a moment with the new one.
        zone: the clock.
    """
    offset = _offset(before.astimezone(zone))
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if _offset(middle.astimezone(zone)) == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _offset(there: datetime) -> timedelta:
    return there.utcoffset() or timedelta(0)
