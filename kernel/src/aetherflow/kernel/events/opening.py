"""The observers of a run are found, imported and asked before anything has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InvalidInput, PluginError, RefusedByPolicy
from ..plugins.boundary import told
from ..plugins.host import PluginHost
from ..quick_dataclasses import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..contracts.events import Event
    from ..contracts.observers import ObserverContext
    from ..plugins.index import PluginIndex
    from ..plugins.records import PluginRecord
    from .lines import Redact
    from .observers import Observers, Patience

EVENT_HOOK, OPENING_HOOK = "aetherflow_event", "aetherflow_observe"


def open_observers(
    index: PluginIndex, *, context: Callable[[], ObserverContext], redactor: Redact, patience: Patience | None = None
) -> Observers | None:
    """Import the plugins whose `aetherflow_event` is granted, and ask each whether it observes this run.

    Args:
        index: the plugins, and what the runtime profile grants them.
        context: makes what one observer is given.
        redactor: takes secrets out of what observers hear, and of what is told of them.
        patience: how long they are waited for.

    Raises:
        InvalidInput: an observer can't do what it was told to.
        RefusedByPolicy: it may not do it here.
    """
    host = PluginHost(index)
    observing = []
    for record in index.granted(EVENT_HOOK):
        take = _opened(record, host, context(), redactor)
        if take is not None:
            observing.append((record.name, take))
    if not observing:
        return None
    from .observers import Observers, Patience

    return Observers(observing, redactor=redactor, patience=patience or Patience())


def _opened(
    record: PluginRecord, host: PluginHost, context: ObserverContext, redactor: Redact
) -> Callable[[Event], object] | None:
    """What takes a plugin's events; null where it does not observe this run."""
    try:
        behaviours = host.behaviours(record)
    except PluginError as error:
        # A broken plugin hurts only the flows that use it; that it hears nothing of this one is said.
        _say(redactor, f"{error.problem.message}: it observes nothing ({error.problem.help})")
        return None
    try:
        observes = behaviours.get(OPENING_HOOK, _always)(context=context)
    except (InvalidInput, RefusedByPolicy) as error:
        raise _masked(error, redactor) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - an observer must never end a run
        _say(redactor, f"observer {record.name} broke at the start: {told(error)}; it observes nothing")
        return None
    take = behaviours[EVENT_HOOK]
    return None if observes is False else lambda event: take(event=event, context=context)


def _always(*, context: ObserverContext) -> bool:
    return True


def _say(redactor: Redact, text: str) -> None:
    from .observers import say

    say(redactor, text)


def _masked(error: InvalidInput | RefusedByPolicy, redactor: Redact) -> InvalidInput | RefusedByPolicy:
    kind = InvalidInput if isinstance(error, InvalidInput) else RefusedByPolicy
    return kind.of(
        replace(problem, message=redactor.redact(problem.message), help=redactor.redact(problem.help))
        for problem in error.problems
    )
