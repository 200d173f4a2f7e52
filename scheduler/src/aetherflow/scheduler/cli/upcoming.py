"""`aetherflow-scheduler next`: what comes next, of all items, in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from aetherflow.kernel.api import CommandContext

from .ledger import paused_items
from .options import count_of
from .schedule_file import chosen, read_file
from .showing import for_machines, on_the_clock, weekday_of

if TYPE_CHECKING:
    from ..schedules.models import Item


def show_upcoming(context: CommandContext, file: str, items: list[str], count: str | None) -> None:
    """Show the next occurrences of the items, in the order of time.

    Raises:
        InvalidInput: the schedule file can't be used, or there is no item of a name.
        StoreFailed: the ledger can't be read.
    """
    most = count_of(count, option="--count")
    schedule = read_file(context, file)
    wanted = [item for item in chosen(schedule, items) if item.enabled or items]
    found = list(islice(_in_order(wanted, datetime.now(UTC)), most))
    paused = paused_items(schedule.state)
    if context.as_json:
        told = [
            {"item": item.id, **for_machines(at, item.zone), "enabled": item.enabled, "paused": item.id in paused}
            for at, item in found
        ]
        context.say_json({"occurrences": told})
    elif found:
        context.say_table(("TIME", "DAY", "ZONE", "ITEM", "NOTE"), [_row(at, item, paused) for at, item in found])
    else:
        context.say("nothing comes")


def _in_order(items: Iterable[Item], now: datetime) -> Iterator[tuple[datetime, Item]]:
    return heapq.merge(*(_moments_of(item, now) for item in items), key=lambda each: (each[0], each[1].id))


def _moments_of(item: Item, now: datetime) -> Iterator[tuple[datetime, Item]]:
    return ((at, item) for at in item.rule.after(now))


def _row(at: datetime, item: Item, paused: frozenset[str]) -> list[str]:
    zone = item.zone
    return [on_the_clock(at, zone), weekday_of(at, zone), str(zone), item.id, _note(item, paused)]


def _note(item: Item, paused: frozenset[str]) -> str:
    if not item.enabled:
        return "not enabled"
    return "paused" if item.id in paused else ""
