"""The rules of allow and deny lists: what they may say, and what they match."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from ..contracts.effects import Effect
from ..contracts.spelling import did_you_mean
from ..errors import Location
from ..quick_dataclasses import dataclass

if TYPE_CHECKING:
    from .versions import VersionBound

ListName = Literal["allow", "deny"]


class RuleKind(StrEnum):
    """What a rule looks at: the word before its first colon, `name` where there is none."""

    NAME = "name"
    DISTRIBUTION = "dist"
    STEP = "step"
    CONNECTOR = "connector"
    COMMAND = "command"
    EFFECT = "effect"


@dataclass(frozen=True, slots=True)
class PluginIdentity:
    """What is known of a plugin from its distribution's metadata alone."""

    name: str
    distribution: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """A step, connector, command or hook as a manifest claims it; a connector's name is `kind:driver`."""

    kind: Literal["step", "connector", "command", "hook"]
    name: str
    effects: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of an allow or deny list, with the place where it stands."""

    list_name: ListName
    text: str
    kind: RuleKind
    pattern: str
    bounds: tuple[VersionBound, ...] = ()
    where: Location | None = None

    def __str__(self) -> str:
        place = f" ({self.where.file}:{self.where.line})" if self.where else ""
        return f'{self.list_name} "{self.text}"{place}'

    @property
    def is_about_plugin(self) -> bool:
        """Whether a distribution's metadata is enough to decide it."""
        return self.kind in {RuleKind.NAME, RuleKind.DISTRIBUTION}

    def matches_plugin(self, plugin: PluginIdentity) -> bool:
        """Whether it names this plugin as a whole."""
        if self.kind is RuleKind.DISTRIBUTION:
            return fnmatchcase(normalised_name(plugin.distribution), self.pattern)
        return self.names(plugin) and self._admits(plugin.version)

    def names(self, plugin: PluginIdentity) -> bool:
        """Whether it bears the plugin's name, whatever the version."""
        return self.kind is RuleKind.NAME and normalised_name(plugin.name) == self.pattern

    def matches_contribution(self, contribution: Contribution) -> bool:
        """Whether it names this step, connector or command, or one of its effects."""
        if self.kind is RuleKind.EFFECT:
            return self.pattern in contribution.effects
        return self.kind.value == contribution.kind and fnmatchcase(contribution.name, self.pattern)

    def _admits(self, version_text: str) -> bool:
        if not self.bounds:
            return True
        from .versions import parse_version

        version = parse_version(version_text)
        if version is None:  # not to be told: no reason to let it in, and a reason to keep it out
            return self.list_name == "deny"
        return all(bound.admits(version) for bound in self.bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One hook that a plugin may implement to some effect, with the place where that is written."""

    plugin: str
    hook: str
    where: Location | None = None

    def __str__(self) -> str:
        place = f" ({self.where.file}:{self.where.line})" if self.where else ""
        return f'hooks "{self.plugin}: {self.hook}"{place}'

    def names(self, plugin: PluginIdentity) -> bool:
        """Whether it bears the plugin's name."""
        return normalised_name(self.plugin) == normalised_name(plugin.name)


class BadRule(ValueError):
    """A text that is no rule; `mend` says what to write."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.mend = mend


@lru_cache(maxsize=1024)
def normalised_name(name: str) -> str:
    """The name as PEP 503 compares it: `Evil.Plug` and `evil_plug` are one."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_plugin_name(text: str) -> bool:
    """Whether a plugin may be called so: no version and no pattern."""
    match = re.fullmatch(_NAME_RULE, text)
    return match is not None and not match["bounds"] and match["name"] == text


def parse_rule(text: str, *, list_name: ListName, where: Location | None = None) -> Rule:
    """Read one rule.

    Raises:
        BadRule: the text follows none of the forms.
    """
    kind, pattern, bounds = _split(text.strip())
    if kind is RuleKind.EFFECT and list_name == "allow":
        message = f"{text!r} can't allow: effects are what a plugin says of itself"
        raise BadRule(message, "allow by name, dist: or step:, and deny by effect:")
    return Rule(list_name=list_name, text=text.strip(), kind=kind, pattern=pattern, bounds=bounds, where=where)


_FORMS = 'write NAME, "NAME>=1.2,<2", dist:GLOB, step:GLOB, connector:KIND:DRIVER, command:GLOB or effect:EFFECT'
# As texts: compiled when a rule is read, which most projects have none of.
_NAME_RULE = r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?P<bounds>[<>=!].*)?"
_GLOB = r"[A-Za-z0-9._*?\[\]!-]+"
_CONNECTOR_GLOB = r"[A-Za-z0-9._*?\[\]!-]+:[A-Za-z0-9._*?\[\]!-]+"


def _split(text: str) -> tuple[RuleKind, str, tuple[VersionBound, ...]]:
    word, colon, rest = text.partition(":")
    if not colon:
        return _name_rule(text)
    prefixes = [kind.value for kind in RuleKind if kind is not RuleKind.NAME]
    if word not in prefixes:
        message = f"{text!r} is no rule: {word!r} is nothing that rules look at"
        raise BadRule(message, did_you_mean(word, prefixes))
    kind = RuleKind(word)
    return kind, _pattern(kind, rest, text), ()


def _name_rule(text: str) -> tuple[RuleKind, str, tuple[VersionBound, ...]]:
    match = re.fullmatch(_NAME_RULE, text)
    if match is None:
        message = f"{text!r} is no rule"
        raise BadRule(message, _FORMS)
    bounds = _bounds(match["bounds"])
    if bounds is None:
        message = f"{text!r} is no rule: {match['bounds']!r} compares with no version"
        raise BadRule(message, "compare with ==, !=, >=, <=, > or <, joined by commas: mail>=1.2,<2")
    return RuleKind.NAME, normalised_name(match["name"]), bounds


def _bounds(text: str | None) -> tuple[VersionBound, ...] | None:
    if not text:
        return ()
    from .versions import parse_bounds

    return parse_bounds(text)


def _pattern(kind: RuleKind, pattern: str, text: str) -> str:
    if kind is RuleKind.EFFECT:
        return _effect(pattern, text)
    if not re.fullmatch(_CONNECTOR_GLOB if kind is RuleKind.CONNECTOR else _GLOB, pattern):
        message = f"{text!r} is no rule: {pattern!r} is no pattern of {kind.value} names"
        raise BadRule(message, _FORMS)
    return normalised_name(pattern) if kind is RuleKind.DISTRIBUTION else pattern


def _effect(name: str, text: str) -> str:
    known = [effect.value for effect in Effect]
    if name not in known:
        message = f"{text!r} is no rule: there is no effect {name!r}"
        raise BadRule(message, did_you_mean(name, known))
    return name


def first_match(rules: Iterable[Rule], plugin: PluginIdentity, contribution: Contribution | None = None) -> Rule | None:
    """The first rule that matches the plugin, or what it contributes where that is given."""
    for rule in rules:
        if rule.is_about_plugin:
            if rule.matches_plugin(plugin):
                return rule
        elif contribution is not None and rule.matches_contribution(contribution):
            return rule
    return None
