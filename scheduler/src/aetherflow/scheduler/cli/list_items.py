"""`aetherflow-scheduler list`: the items of a schedule, and how they stand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aetherflow.kernel.api import CommandContext, InvalidInput

from .narrow_terminals import say_fitted
from .schedule_file import read_file
from .showing import for_machines, occurrence_as_json, on_the_clock
from .snapshot import Snapshot, next_of, standing_of, take_snapshot

if TYPE_CHECKING:
    from ..schedules.models import Item

_COLUMNS = ("ITEM", "TRIGGER", "ZONE", "STANDING", "LAST", "STATUS", "NEXT", "RUNNING", "WAITING")
_NUMBERS = {"RUNNING", "WAITING"}
#: What a narrow terminal goes without, the first one first.
_LEAST_NEEDED = ("ZONE", "TRIGGER", "LAST", "WAITING", "RUNNING")


def list_items(context: CommandContext, file: str, *, watch: bool) -> None:
    """List the items, or show a timeline of them that follows what happens.

    Raises:
        InvalidInput: the schedule file can't be used, or two forms of the answer were asked for.
        StoreFailed: the ledger can't be read.
    """
    if watch and context.as_json:
        message = "--watch and --json were given"
        raise InvalidInput(message, code="AF-USAGE", help="a timeline is for people: leave out one of them")
    schedule = read_file(context, file)
    if watch:
        from .timeline import watch_items

        watch_items(context, schedule)
        return
    snapshot, now = take_snapshot(schedule), datetime.now(UTC)
    if context.as_json:
        context.say_json({"items": [_as_json(item, snapshot, now) for item in schedule.items.values()]})
    elif schedule.items:
        every = [_row(item, snapshot, now) for item in schedule.items.values()]
        say_fitted(context, _COLUMNS, every, least_needed=_LEAST_NEEDED, numbers=_NUMBERS)
    else:
        context.say("no items")


def _row(item: Item, snapshot: Snapshot, now: datetime) -> list[str]:
    last = snapshot.last(item.id)
    return [
        item.id,
        item.trigger,
        str(item.zone),
        standing_of(item, snapshot),
        on_the_clock(last.scheduled_for if last else None, item.zone),
        last.status.value if last else "",
        on_the_clock(next_of(item, now), item.zone),
        str(snapshot.running[item.id]),
        str(snapshot.waiting[item.id]),
    ]


def _as_json(item: Item, snapshot: Snapshot, now: datetime) -> dict[str, object]:
    last, following = snapshot.last(item.id), next_of(item, now)
    return {
        "id": item.id,
        "trigger": item.trigger,
        "timezone": str(item.zone),
        "calendar": item.calendar_name,
        "flow": str(item.flow),
        "enabled": item.enabled,
        "paused": snapshot.is_paused(item.id),
        "last": None if last is None else occurrence_as_json(last, item.zone),
        "next": None if following is None else for_machines(following, item.zone),
        "running": snapshot.running[item.id],
        "waiting": snapshot.waiting[item.id],
    }
