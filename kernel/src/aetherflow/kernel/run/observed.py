"""A run with observers: opened before anything has happened, closed when the run and its ledger are."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from ..contracts.observers import ObserverContext
from ..events.opening import open_observers
from ..quick_dataclasses import field_names, replace
from .crew import note_left_behind

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from ..check.preparation import Surroundings
    from ..contracts.events import Event
    from ..contracts.records import Json
    from ..events.bus import EventBus
    from ..resolve.settings import Settings
    from .request import RunResult

    Tell = Callable[[Event], None]
    Together = Callable[[], AbstractContextManager[None]]


def run_observed(surroundings: Surroundings, run: Callable[[Tell, Together], RunResult], bus: EventBus) -> RunResult:
    """Do a run that tells what happens to the observers of its profile too.

    Args:
        surroundings: what the run stands in.
        run: does it, given how one event is told, and in which context many are told together.
        bus: who is told in any case.

    Raises:
        InvalidInput: an observer can't do what it was told to; nothing has run.
        RefusedByPolicy: it may not do it here.
    """
    observers = open_observers(
        surroundings.index, context=lambda: observer_context(surroundings), redactor=surroundings.redactor
    )
    if observers is None:
        return run(bus.tell, bus.together)
    try:
        # They may be slow: what the others are told is shown at once, and not held for what follows.
        result = run(observers.watching(bus.tell), nullcontext)
    except BaseException as error:
        if not observers.close(is_stopped=True):
            note_left_behind(error)
        raise
    has_ended = observers.close(is_stopped=result.is_asked_to_stop)
    # What an observer is still busy with must not keep the process from leaving.
    return result if has_ended else replace(result, has_left_behind=True)


def observer_context(surroundings: Surroundings) -> ObserverContext:
    """What one observer is given, with a memory of its own."""
    return ObserverContext(
        project=surroundings.project.folder.resolve(),
        environment=surroundings.environment.values,
        settings=_as_json(surroundings.settings),
    )


def _as_json(settings: Settings) -> dict[str, Json]:
    return {name: _json_of(getattr(settings, name)) for name in field_names(type(settings))}


def _json_of(value: object) -> Json:
    if isinstance(value, Path):
        return str(value)
    return [str(each) for each in value] if isinstance(value, tuple) else value  # type: ignore[return-value]  # settings are paths and JSON values
