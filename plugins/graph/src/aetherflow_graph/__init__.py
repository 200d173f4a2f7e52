"""Pictures of flows: what waits for what, as Mermaid, Graphviz DOT or SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aetherflow.kernel.api import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aetherflow.kernel.api import PluginCommand


@hookimpl
def aetherflow_commands() -> Iterable[PluginCommand]:
    """Contribute the command of this plugin."""
    from .command import GRAPH

    return (GRAPH,)
