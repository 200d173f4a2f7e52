"""The runtime profile in force: which code may run here, as a value that is decided once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..contracts.interface import BEHAVIOUR_HOOKS
from ..errors import Location
from ..quick_dataclasses import dataclass, field
from .document import Mode, WritePath
from .rules import Contribution, Grant, PluginIdentity, Rule, first_match


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether something may be used, why, and the rule that says so where one does."""

    allowed: bool
    why: str
    rule: Rule | None = None

    @property
    def where(self) -> Location | None:
        """The place of the rule."""
        return self.rule.where if self.rule else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one source says: the built-in profile, the administrator's file or the project's.

    A null list (`allow`, `grants`) leaves the question to the other layers; an empty one lets nothing in.
    """

    profile: str
    where: Location | None = None
    mode: Mode | None = None
    allow: tuple[Rule, ...] | None = None
    deny: tuple[Rule, ...] = ()
    grants: tuple[Grant, ...] | None = None
    write: tuple[WritePath, ...] | None = None
    may_write_project: bool = True
    #: Whether a plugin that is let in has all hooks where no list says which.
    grants_by_default: bool = True

    def __str__(self) -> str:
        place = f" ({self.where.file}:{self.where.line})" if self.where else " (built in)"
        return f"{self.profile}{place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeProfile:
    """All layers that apply, the widest first. Every one of them must allow; any may deny."""

    name: str
    layers: tuple[Layer, ...]
    #: Folders beside the project's artifacts that steps may write, absolute and not yet free of links.
    write_paths: tuple[Path, ...] = ()
    #: The files that the layers come from, each with its SHA-256: what a run records.
    sources: tuple[tuple[str, str], ...] = field(default=())
    #: What chose this profile and no other: an option, an environment key, a file with its line; empty where nothing.
    decided_by: str = field(default="", compare=False)

    @property
    def mode(self) -> Mode:
        """The narrowest mode of the layers."""
        return max((layer.mode for layer in self.layers if layer.mode), key=lambda mode: mode.rank, default=Mode.OPEN)

    @property
    def is_open(self) -> bool:
        """Whether what is installed may be used unless it is denied."""
        return self.mode is Mode.OPEN

    @property
    def may_load_local_plugins(self) -> bool:
        """Whether plugins may come from folders instead of distributions."""
        return self.is_open

    @property
    def allows_unmanifested(self) -> bool:
        """Whether a plugin without a manifest may be imported to learn what it contributes."""
        return self.is_open

    @property
    def may_write_project(self) -> bool:
        """Whether steps may write inside the project."""
        return all(layer.may_write_project for layer in self.layers)

    @property
    def rules(self) -> Iterator[Rule]:
        """All rules, denying ones first."""
        for layer in self.layers:
            yield from layer.deny
        for layer in self.layers:
            yield from layer.allow or ()

    @property
    def rule_about_contributions(self) -> Rule | None:
        """A rule that denies by step, connector or effect: a plugin's metadata can't answer it."""
        return next((rule for layer in self.layers for rule in layer.deny if not rule.is_about_plugin), None)

    def decide_plugin(self, plugin: PluginIdentity) -> Decision:
        """Whether the plugin may come in at all; a rule about what it contributes may still say no."""
        return self._denial(plugin) or self._admission(plugin, None)

    def decide(self, plugin: PluginIdentity, contribution: Contribution) -> Decision:
        """Whether one contribution of a plugin may be used."""
        return self._denial(plugin, contribution) or self._admission(plugin, contribution)

    @property
    def grants(self) -> tuple[Grant, ...]:
        """The grants of the narrowest list, in its order; none where no list is written."""
        return next((layer.grants for layer in reversed(self.layers) if layer.grants is not None), ())

    def decide_hook(self, plugin: PluginIdentity, hook: str) -> Decision:
        """Whether a plugin's implementation of a behaviour hook is called; the plugin must be let in as a whole."""
        decision = self.decide(plugin, Contribution(kind="hook", name=hook))
        return self._grant(plugin, hook) if decision.allowed else decision

    def granted_hooks(self, plugin: PluginIdentity) -> frozenset[str]:
        """The behaviour hooks that a plugin may implement to some effect."""
        return frozenset(hook for hook in BEHAVIOUR_HOOKS if self.decide_hook(plugin, hook).allowed)

    def _grant(self, plugin: PluginIdentity, hook: str) -> Decision:
        lists = [layer for layer in self.layers if layer.grants is not None]
        if not lists:
            sparing = next((layer for layer in self.layers if not layer.grants_by_default), None)
            if sparing is None:
                return Decision(allowed=True, why=f"profile {self.name} grants it to every plugin that is let in")
            return Decision(allowed=False, why=f"{sparing} grants only what a list of hooks names: there is none")
        granted = Decision(allowed=False, why="")
        for layer in lists:
            found = next((each for each in layer.grants or () if each.hook == hook and each.names(plugin)), None)
            if found is None:
                return Decision(allowed=False, why=f"not on the list of hooks of {layer}")
            granted = Decision(allowed=True, why=str(found))
        return granted

    def _denial(self, plugin: PluginIdentity, contribution: Contribution | None = None) -> Decision | None:
        for layer in self.layers:
            if rule := first_match(layer.deny, plugin, contribution):
                return Decision(allowed=False, why=str(rule), rule=rule)
        return None

    def _admission(self, plugin: PluginIdentity, contribution: Contribution | None) -> Decision:
        if self.is_open:
            return Decision(allowed=True, why=f"mode open, profile {self.name}")
        lists = [layer for layer in self.layers if layer.allow is not None]
        if not lists:
            narrow = next(layer for layer in self.layers if layer.mode is self.mode)
            return Decision(allowed=False, why=f"{narrow} lets in only what an allow list names: there is none")
        admitted = Decision(allowed=False, why="")
        for layer in lists:
            admitted = _admission_by(layer, plugin, contribution)
            if not admitted.allowed:
                return admitted
        return admitted


def _admission_by(layer: Layer, plugin: PluginIdentity, contribution: Contribution | None) -> Decision:
    """A plugin as a whole passes a list that names steps or connectors: each of its own is asked for later."""
    rules = layer.allow or ()
    rule = first_match(rules, plugin, contribution)
    if rule is None and contribution is None:
        rule = next((rule for rule in rules if not rule.is_about_plugin), None)
    if rule is None:
        return Decision(allowed=False, why=f"not on the allow list of {layer}")
    return Decision(allowed=True, why=str(rule), rule=rule)
