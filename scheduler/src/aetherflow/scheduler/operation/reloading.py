"""The schedule file read again: a good one is in force from now on, a bad one changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..schedules.reading import read_schedule
from .opening import Operation

if TYPE_CHECKING:
    from ..schedules.models import Schedule


def reload(operation: Operation) -> None:
    """Read the schedule file again, and say what became of it."""
    from aetherflow.kernel.api import AetherFlowError

    operation.notifier.reloading()
    try:
        schedule = _read(operation)
        operation.scheduler.replace(schedule)
    except AetherFlowError as error:
        for problem in error.problems:
            operation.teller.problem(problem)
        operation.teller.tell("ERROR", "schedule_kept", problems=len(error.problems))
    else:
        operation.teller.schedule("schedule_reload", schedule)
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
