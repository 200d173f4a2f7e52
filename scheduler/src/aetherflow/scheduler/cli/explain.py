"""`aetherflow-scheduler explain`: the next occurrences of an item, and what is unusual about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from aetherflow.kernel.api import CommandContext, plain

from .options import count_of, moment_of
from .schedule_file import read_file, the_item
from .showing import for_machines, on_the_clock, weekday_of

if TYPE_CHECKING:
    from ..calendars.explaining import Explained
    from ..schedules.models import Item


def explain(context: CommandContext, file: str, item: str, count: str | None, from_: str | None) -> None:
    """Show the next occurrences of an item, on its clock and in UTC, with jumps of the clock and days left out.

    Raises:
        InvalidInput: the schedule file can't be used, or there is no such item.
    """
    from ..calendars.explaining import explain as explained

    most = count_of(count, option="--count")
    schedule = read_file(context, file)
    meant = the_item(schedule, item)
    start = datetime.now(UTC) if from_ is None else moment_of(from_, meant.zone, option="--from")
    found = list(islice(explained(meant.rule, meant.zone, start - timedelta(microseconds=1)), most))
    if context.as_json:
        context.say_json(_as_json(meant, found))
        return
    context.say(plain(_headline(meant)))
    if found:
        rows = [_row(meant, each) for each in found]
        context.say_table(("TIME", "DAY", "UTC", "NOTE"), rows)
    else:
        context.say("nothing comes")


def _headline(item: Item) -> str:
    calendar = f", calendar {item.calendar_name}" if item.calendar_name else ""
    return f"{item.id}: {item.trigger}, {item.zone}{calendar}{'' if item.enabled else ', not enabled'}"


def _row(item: Item, each: Explained) -> list[str]:
    utc = each.moment.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    notes = "; ".join(note.text for note in each.notes)
    return [on_the_clock(each.moment, item.zone), weekday_of(each.moment, item.zone), f"{utc}Z", notes]


def _as_json(item: Item, found: list[Explained]) -> dict[str, object]:
    told = [
        {
            **for_machines(each.moment, item.zone),
            "marks": [{"kind": note.kind, "text": note.text} for note in each.notes],
        }
        for each in found
    ]
    head = {"item": item.id, "trigger": item.trigger, "timezone": str(item.zone), "calendar": item.calendar_name}
    return {**head, "enabled": item.enabled, "dst": item.dst, "occurrences": told}
