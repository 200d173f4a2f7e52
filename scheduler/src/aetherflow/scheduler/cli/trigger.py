"""`aetherflow-scheduler trigger`: one more run of an item, out of turn."""

from __future__ import annotations

from datetime import UTC, datetime

from aetherflow.kernel.api import CommandContext

from .ledger import asking
from .liveness import say_who_does_it
from .schedule_file import read_file, the_enabled_item
from .showing import occurrence_as_json


def trigger(context: CommandContext, file: str, item: str) -> None:
    """Have an item run once, now.

    Raises:
        InvalidInput: the schedule file can't be used, there is no such item, it is not enabled, or the folder for
            state is another's.
        StoreFailed: the ledger can't be written.
    """
    schedule = read_file(context, file)
    meant = the_enabled_item(schedule, item)
    with asking(schedule.state, schedule.file) as store:
        occurrence = store.trigger(meant.id, datetime.now(UTC))
        owners = store.owners()
    if context.as_json:
        context.say_json(occurrence_as_json(occurrence, meant.zone))
    else:
        context.say(f"triggered: {meant.id}, run {occurrence.run_id}")
        say_who_does_it(context, owners)
