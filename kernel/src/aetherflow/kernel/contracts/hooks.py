"""The hooks through which a plugin contributes; a hook ships only with a plugin that uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from .commands import PluginCommand
    from .connectors import AnyConnector
    from .events import Event
    from .observers import ObserverContext
    from .steps import AnyStep

hookspec = pluggy.HookspecMarker("aetherflow")
hookimpl = pluggy.HookimplMarker("aetherflow")


@hookspec
def aetherflow_steps() -> Iterable[type[AnyStep] | Callable[..., Any]]:
    """The step classes, and the functions marked with `register_step`, of this plugin."""
    return ()


@hookspec
def aetherflow_connectors() -> Iterable[type[AnyConnector]]:
    """The connector classes of this plugin."""
    return ()


@hookspec
def aetherflow_commands() -> Iterable[PluginCommand]:
    """The commands that this plugin adds to `aetherflow`; asked when one of them, or a step, is used."""
    return ()


@hookspec
def aetherflow_observe(context: ObserverContext) -> bool | None:
    """Asked once, before anything of a run or a scheduler has happened: whether this plugin observes it.

    `False` leaves the run alone: it gets no events. Comes with the grant of `aetherflow_event`.

    Raises:
        InvalidInput: what the observer was told to do can't be done: the run does not start (exit code 2).
        RefusedByPolicy: it may not be done here (exit code 3).
    """


@hookspec
def aetherflow_event(event: Event, context: ObserverContext) -> None:
    """Something happened in a run or a scheduler; called where the runtime profile grants it, one event at a time.

    What it raises is told once and ends nothing; after three failures in a row it gets no more events.
    An implementation may leave `context` out.
    """
