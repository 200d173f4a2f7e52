"""The hooks through which a plugin contributes; a hook ships only with a plugin that uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from .connectors import AnyConnector
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
