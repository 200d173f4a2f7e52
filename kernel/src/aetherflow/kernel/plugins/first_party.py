"""Which names belong to the plugins of this repository: data, generated from their manifests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..contracts.interface import RESERVED_COMMANDS
from ..policy.rules import normalised_name
from ..quick_dataclasses import dataclass, field
from .manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstParty:
    """Steps, connectors and commands by name, each with its distribution, and the distributions' plugins."""

    steps: Mapping[str, str] = field(default_factory=dict)
    connectors: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)
    plugins: Mapping[str, str] = field(default_factory=dict)

    def may_claim(self, step: str, *, distribution: str, plugin: str) -> str | None:
        """Why a plugin may not call a step so, or null where it may."""
        owner = self.steps.get(step)
        if owner is not None:
            return None if owner == normalised_name(distribution) else f"step {step!r} is reserved to {owner}"
        prefix, dot, _ = step.partition(".")
        if normalised_name(distribution) in self.plugins or (
            dot and normalised_name(prefix) == normalised_name(plugin)
        ):
            return None
        return f"step {step!r} must start with {plugin + '.'!r}, the plugin's own name"

    def may_call(self, command: str, *, distribution: str) -> str | None:
        """Why a plugin may not call a command so, or null where it may."""
        if command in RESERVED_COMMANDS:
            return f"command {command!r} is reserved to the kernel"
        owner = self.commands.get(command)
        if owner is None or owner == normalised_name(distribution):
            return None
        return f"command {command!r} is reserved to {owner}"


def read_first_party() -> FirstParty:
    """The table that the kernel carries."""
    data = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return FirstParty(**data)


def first_party_table(manifests: Iterable[tuple[str, Manifest]]) -> str:
    """The table as JSON text, from each first-party distribution's name and manifest.

    What it replaces is `first_party.json` beside this file; a test compares the two.
    """
    plugins: dict[str, str] = {}
    steps: dict[str, str] = {}
    connectors: dict[str, str] = {}
    commands: dict[str, str] = {}
    for distribution, manifest in manifests:
        plugins[distribution] = manifest.name
        steps |= dict.fromkeys((step.name for step in manifest.steps), distribution)
        connectors |= dict.fromkeys((connector.name for connector in manifest.connectors), distribution)
        commands |= dict.fromkeys((command.name for command in manifest.commands), distribution)
    table = {"commands": commands, "connectors": connectors, "plugins": plugins, "steps": steps}
    return json.dumps(table, indent=2, sort_keys=True) + "\n"
