"""What of an item is due: the moments since it was looked at, the newest where they are too many."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile

from ..calendars.on_days import OnDays
from ..calendars.rules import Moments, Rule
from ..occurrences.records import Due
from ..schedules.models import Item

#: How many moments of an item are listed at most; what is older is a gap.
MOST_TIMES = 1000
_FIRST_SPAN = timedelta(hours=1)


def next_of(item: Item, moment: datetime) -> datetime | None:
    """The item's first moment after another one; null where there is none any more."""
    return next(item.rule.after(moment), None)


def times_of(item: Item) -> str:
    """What names the item's times, in words that stay the same as long as nobody edits it."""
    rule = item.rule.rule if isinstance(item.rule, OnDays) else item.rule
    named = " ".join(at.isoformat() for at in rule.moments) if isinstance(rule, Moments) else item.trigger
    return f"{named}, {item.zone.key}, {item.dst}, {item.calendar_name or ''}"


def due_of(item: Item, looked_until: datetime, now: datetime) -> Due | None:
    """What of an item is due; null where nothing is.

    Args:
        item: the item.
        looked_until: what is not later has been accounted for.
        now: what is later is not due.
    """
    times = _newest(item.rule, looked_until, now)
    if not times:
        return None
    left_out = None
    if len(times) > MOST_TIMES:
        left_out = (next(item.rule.after(looked_until)), times[0])
        times = times[1:]
    return Due(
        item=item.id,
        times=times,
        looked_until=times[-1],
        left_out=left_out,
        overlap=item.overlap,
        misfire=item.misfire,
        misfire_grace_seconds=item.misfire_grace_seconds,
        jitter_seconds=item.jitter_seconds,
    )


def _newest(rule: Rule, since: datetime, now: datetime) -> tuple[datetime, ...]:
    """The newest moments, one more than are listed where there are that many.

    The span is widened towards the past, so that a year of seconds costs no more than what is kept of it.
    """
    span = _FIRST_SPAN
    while True:
        begin = max(since, now - span)
        found = deque(_between(rule, begin, now), maxlen=MOST_TIMES + 1)
        if begin == since or len(found) > MOST_TIMES:
            return tuple(found)
        span *= 2


def _between(rule: Rule, begin: datetime, end: datetime) -> Iterator[datetime]:
    return takewhile(lambda moment: moment <= end, rule.after(begin))
