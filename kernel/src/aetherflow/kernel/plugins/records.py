"""What the index knows of each plugin, step and connector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..contracts.effects import Rerun
from ..policy.rules import PluginIdentity
from ..quick_dataclasses import dataclass, field
from .manifest import Manifest

if TYPE_CHECKING:
    from ..contracts.commands import CommandParameter, PluginCommand
    from ..contracts.connectors import AnyConnector
    from ..contracts.steps import AnyStep


class PluginState(StrEnum):
    """How a plugin stands; the last two are known only after it was imported."""

    READY = "ready"
    DENIED = "denied"
    INVALID = "invalid"
    INCOMPATIBLE = "incompatible"
    CONFLICT = "conflict"
    ACTIVE = "active"
    BROKEN = "broken"


#: The error code of each state that keeps a plugin from being used.
STATE_CODES: Mapping[PluginState, str] = {
    PluginState.DENIED: "AF-PLUGIN-DENIED",
    PluginState.INVALID: "AF-PLUGIN-INVALID",
    PluginState.INCOMPATIBLE: "AF-PLUGIN-INCOMPATIBLE",
    PluginState.CONFLICT: "AF-PLUGIN-CONFLICT",
    PluginState.BROKEN: "AF-PLUGIN-BROKEN",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPlugin:
    """What a plugin contributes, by name; a connector's name is `kind:driver`."""

    steps: Mapping[str, type[AnyStep]]
    connectors: Mapping[str, type[AnyConnector]]
    commands: Mapping[str, PluginCommand] = field(default_factory=dict)
    hooks: tuple[str, ...] = ()
    #: The behaviour hooks that are granted, each called with all arguments of its specification.
    behaviours: Mapping[str, Callable[..., object]] = field(default_factory=dict)
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginRecord:
    """One plugin: where it comes from, how it stands and why."""

    name: str
    #: The distribution's name; for a local folder its path.
    distribution: str
    version: str
    anchor: str
    state: PluginState = PluginState.READY
    why: str = ""
    #: What to do about it.
    mend: str = ""
    #: The interface version of the manifest; empty where there is none.
    interface: str = ""
    manifest: Manifest | None = None
    #: The folder of the package, beside which no other one is imported; null for one without a manifest.
    folder: Path | None = None
    is_local: bool = False
    #: Already imported while the index was built: local folders and plugins without a manifest.
    loaded: LoadedPlugin | None = field(default=None, compare=False, repr=False)

    @property
    def identity(self) -> PluginIdentity:
        """What policy decides about."""
        return PluginIdentity(self.name, self.distribution, self.version)

    @property
    def is_ready(self) -> bool:
        """Whether anything of it may be used."""
        return self.state in {PluginState.READY, PluginState.ACTIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEntry:
    """A step that flows may name."""

    name: str
    plugin: PluginRecord
    summary: str
    effects: frozenset[str]
    rerun: Rerun
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    outputs_from: Mapping[str, str] | None
    #: Whether it may skip itself, and then give none of its outputs.
    may_skip: bool = True

    @property
    def inner_step(self) -> str | None:
        """The input in which the step stands whose outputs this one gives; null where it gives its own."""
        place = (self.outputs_from or {}).get("step")
        return None if place is None else place.removeprefix("inputs.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorEntry:
    """A connector that resources may name."""

    kind: str
    driver: str
    plugin: PluginRecord
    protocol: str
    summary: str
    config: Mapping[str, Any]
    options: Mapping[str, Any]
    effects: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandEntry:
    """A command that a plugin adds to the program."""

    name: str
    plugin: PluginRecord
    summary: str
    parameters: tuple[CommandParameter, ...]
