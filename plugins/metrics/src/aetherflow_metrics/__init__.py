"""Hands the events of a run to a metrics module of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aetherflow.kernel.api import hookimpl

if TYPE_CHECKING:
    from aetherflow.kernel.api import Event, ObserverContext

#: Where a run's sink waits in what the observer remembers.
_SINK = "sink"


@hookimpl
def aetherflow_observe(context: ObserverContext) -> bool:
    """Import the metrics module, where one is set."""
    module = context.settings["metrics_module"]
    if not isinstance(module, str):
        return False
    from .sink import open_sink

    context.memory[_SINK] = open_sink(module)
    return True


@hookimpl
def aetherflow_event(event: Event, context: ObserverContext) -> None:
    """Call what the metrics module has for this event."""
    from .callbacks import callback_of

    call = callback_of(event)
    if call is not None:
        context.memory[_SINK].call(*call)
