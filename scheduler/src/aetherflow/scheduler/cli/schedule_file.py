"""The schedule that a command is about, and the items of it that are meant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aetherflow.kernel.api import CommandContext, InvalidInput, did_you_mean

if TYPE_CHECKING:
    from ..schedules.models import Item, Schedule


def read_file(context: CommandContext, file: str) -> Schedule:
    """The schedule of a file, for commands that run nothing; its flows may be broken.

    Raises:
        InvalidInput: all that is wrong with it.
    """
    from ..schedules.reading import read_schedule

    return read_schedule(Path(file), environment=context.environment, checks_flows=False)


def chosen(schedule: Schedule, names: Sequence[str]) -> list[Item]:
    """The items that are named, each once, or all where none is.

    Raises:
        InvalidInput: there is no item of a name.
    """
    if not names:
        return list(schedule.items.values())
    return [the_item(schedule, name) for name in dict.fromkeys(names)]


def the_item(schedule: Schedule, name: str) -> Item:
    """The item of a name.

    Raises:
        InvalidInput: there is none.
    """
    if name not in schedule.items:
        raise unknown_item(name, schedule.items)
    return schedule.items[name]


def the_enabled_item(schedule: Schedule, name: str) -> Item:
    """The item of a name, of which something is to run.

    Raises:
        InvalidInput: there is none, or nothing of it runs.
    """
    item = the_item(schedule, name)
    if not item.enabled:
        message = f"the item {name!r} is not enabled: nothing of it runs, whoever asks for it"
        raise InvalidInput(
            message, code="AF-SCHEDULE-NOT-ENABLED", help="write `enabled: true` in its place in the file"
        )
    return item


def unknown_item(name: str, known: Collection[str]) -> InvalidInput:
    """The error for a name that no item has."""
    mend = did_you_mean(name, known) if known else "the schedule has no items"
    return InvalidInput(f"the schedule has no item {name!r}", code="AF-SCHEDULE-ITEM-UNKNOWN", help=mend)
