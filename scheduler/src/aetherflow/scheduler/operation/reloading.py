"""The schedule file read again: a good one is in force from now on, a bad one changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ..schedules.reading import read_schedule
from .opening import Operation

if TYPE_CHECKING:
    from ..schedules.models import Item, Schedule

#: So many items are named that were changed, and of others that there are more.
_MOST_NAMED = 20


def reload(operation: Operation) -> None:
    """Read the schedule file again, and say what became of it."""
    from aetherflow.kernel.api import AetherFlowError

    operation.notifier.reloading()
    before = operation.scheduler.schedule
    try:
        schedule = _read(operation)
        operation.scheduler.replace(schedule)
    except AetherFlowError as error:
        for problem in error.problems:
            operation.teller.problem(problem)
        operation.teller.tell("ERROR", "schedule_kept", problems=len(error.problems))
    else:
        operation.teller.schedule("schedule_reload", schedule, **_changes(before.items, schedule.items))
    finally:
        operation.notifier.ready()


def _read(operation: Operation) -> Schedule:
    from aetherflow.kernel.api import InvalidInput

    surroundings = operation.launcher.surroundings
    schedule = read_schedule(operation.file, environment=surroundings.environment, profile=surroundings.profile)
    if schedule.state != operation.scheduler.schedule.state:
        raise InvalidInput(
            "the folder of the state is another one, and a scheduler stays with its own",
            code="AF-SCHEDULE-STATE-MOVED",
            help="restart the scheduler, with the old state moved to the new place",
        )
    return schedule


def _changes(before: Mapping[str, Item], after: Mapping[str, Item]) -> dict[str, str]:
    """The ids of items that are new, gone, or others than they were."""
    both = [id_ for id_ in after if id_ in before]
    return {
        "added": _listed([id_ for id_ in after if id_ not in before]),
        "removed": _listed([id_ for id_ in before if id_ not in after]),
        "changed": _listed([id_ for id_ in both if _is_changed(before[id_], after[id_])]),
    }


def _is_changed(before: Item, after: Item) -> bool:
    # What is compiled of the parameters is never the same; the parameters are compared.
    return replace(after, run_texts=before.run_texts) != before


def _listed(ids: list[str]) -> str:
    more = f" and {len(ids) - _MOST_NAMED} more" if len(ids) > _MOST_NAMED else ""
    return f"{', '.join(ids[:_MOST_NAMED])}{more}"
