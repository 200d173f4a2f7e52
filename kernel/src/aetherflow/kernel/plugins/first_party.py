"""Which names belong to the plugins of this repository: data, generated from their manifests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..policy.rules import normalised_name
from ..quick_dataclasses import dataclass, field
from .manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstParty:
    """Steps and connectors by name, each with its distribution, and the distributions' plugins."""

    steps: Mapping[str, str] = field(default_factory=dict)
    connectors: Mapping[str, str] = field(default_factory=dict)
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


def read_first_party() -> FirstParty:
    """The table that the kernel carries."""
    data = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return FirstParty(steps=data["steps"], connectors=data["connectors"], plugins=data["plugins"])


def first_party_table(manifests: Iterable[tuple[str, Manifest]]) -> str:
    """The table as JSON text, from each first-party distribution's name and manifest.

    What it replaces is `first_party.json` beside this file; a test compares the two.
    """
    plugins: dict[str, str] = {}
    steps: dict[str, str] = {}
    connectors: dict[str, str] = {}
    for distribution, manifest in manifests:
        plugins[distribution] = manifest.name
        steps |= dict.fromkeys((step.name for step in manifest.steps), distribution)
        connectors |= dict.fromkeys((connector.name for connector in manifest.connectors), distribution)
    table = {"connectors": connectors, "plugins": plugins, "steps": steps}
    return json.dumps(table, indent=2, sort_keys=True) + "\n"
