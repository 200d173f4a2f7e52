"""Rules that match nothing installed: a sign that somebody misspelt one, and more in a locked profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from ..contracts.spelling import did_you_mean
from ..errors import Problem, RefusedByPolicy
from ..policy.document import Mode
from ..policy.profile import RuntimeProfile
from ..policy.rules import Contribution, Grant, PluginIdentity, Rule, RuleKind, normalised_name
from .first_party import FirstParty
from .records import PluginRecord


def refuse_idle_rules(profile: RuntimeProfile, records: Sequence[PluginRecord], first_party: FirstParty) -> None:
    """Refuse to start where a rule of a locked profile matches nothing.

    Raises:
        RefusedByPolicy: holds one problem for each such rule.
    """
    if profile.mode is not Mode.LOCKED:
        return
    problems = [
        _problem(rule, records, severity="error")
        for rule in profile.rules
        # Denying what is not installed here, but exists, is no mistake.
        if not (rule.list_name == "deny" and _is_known(rule, first_party))
        and not any(_matches(rule, record) for record in records)
    ]
    problems += [_idle_grant(grant, records, severity="error") for grant in _idle_grants(profile, records)]
    if problems:
        raise RefusedByPolicy.of(problems)


def warn_of_idle_rules(
    profile: RuntimeProfile, records: Sequence[PluginRecord], first_party: FirstParty
) -> tuple[Problem, ...]:
    """A warning for each rule that matches nothing and is not known to be right; a locked profile refuses instead."""
    if profile.mode is Mode.LOCKED:
        return ()
    known = {normalised_name(name) for name in first_party.plugins.values()}
    rules = (
        _problem(rule, records, severity="warning")
        for rule in profile.rules
        if not _is_known(rule, first_party) and not any(_may_match(rule, record) for record in records)
    )
    grants = (
        _idle_grant(grant, records, severity="warning")
        for grant in _idle_grants(profile, records)
        if normalised_name(grant.plugin) not in known or _bearer(grant, records)
    )
    return (*rules, *grants)


def _problem(rule: Rule, records: Sequence[PluginRecord], *, severity: Literal["error", "warning"]) -> Problem:
    return Problem(
        code="AF-POLICY-RULE-IDLE",
        message=f"{rule} matches nothing that is installed",
        help=_mend(rule, records),
        where=rule.where,
        severity=severity,
    )


def _idle_grants(profile: RuntimeProfile, records: Sequence[PluginRecord]) -> Iterator[Grant]:
    """The grants of a plugin that is not here, or that does not implement the hook as far as is known."""
    for layer in profile.layers:
        for grant in layer.grants or ():
            record = _bearer(grant, records)
            if record is None or (record.manifest is not None and grant.hook not in record.manifest.hooks):
                yield grant


def _bearer(grant: Grant, records: Sequence[PluginRecord]) -> PluginRecord | None:
    return next((record for record in records if grant.names(record.identity)), None)


def _idle_grant(grant: Grant, records: Sequence[PluginRecord], *, severity: Literal["error", "warning"]) -> Problem:
    record = _bearer(grant, records)
    if record is None:
        mend = (
            f"install it, mend the name or take it out; {did_you_mean(grant.plugin, [each.name for each in records])}"
        )
    else:
        mend = f"{record.name} {record.version} does not implement {grant.hook}: take it out"
    return Problem(
        code="AF-POLICY-RULE-IDLE",
        message=f"{grant} matches nothing that is installed",
        help=mend,
        where=grant.where,
        severity=severity,
    )


def _matches(rule: Rule, record: PluginRecord) -> bool:
    if rule.is_about_plugin:
        return rule.matches_plugin(record.identity)
    return any(rule.matches_contribution(each) for each in (record.manifest.contributions if record.manifest else ()))


def _may_match(rule: Rule, record: PluginRecord) -> bool:
    """Whether the rule has something to do with the plugin, as far as is known."""
    if not rule.is_about_plugin and record.manifest is None:
        return True  # what it contributes is not known
    keeps_out_others = rule.list_name == "deny" and rule.names(record.identity)
    return keeps_out_others or _matches(rule, record)


def _is_known(rule: Rule, first_party: FirstParty) -> bool:
    """Whether it is spelt right, installed or not: effects are a closed set, and so are first-party names."""
    if rule.kind is RuleKind.EFFECT:
        return True
    if rule.is_about_plugin:
        plugins = [PluginIdentity(name, distribution, "") for distribution, name in first_party.plugins.items()]
        return any(rule.names(plugin) or rule.matches_plugin(plugin) for plugin in plugins)
    known = [Contribution(kind="step", name=name) for name in first_party.steps]
    known += [Contribution(kind="connector", name=name) for name in first_party.connectors]
    known += [Contribution(kind="command", name=name) for name in first_party.commands]
    return any(rule.matches_contribution(each) for each in known)


def _mend(rule: Rule, records: Sequence[PluginRecord]) -> str:
    contributions = [each for record in records for each in (record.manifest.contributions if record.manifest else ())]
    match rule.kind:
        case RuleKind.NAME:
            known = [record.name for record in records]
        case RuleKind.DISTRIBUTION:
            known = [record.distribution for record in records]
        case _:
            known = [each.name for each in contributions if each.kind == rule.kind.value]
    named = next((record for record in records if rule.names(record.identity)), None)
    if named is not None:
        return f"{named.name} {named.version} is installed"
    return f"install it, mend the rule or take it out; {did_you_mean(rule.pattern, known)}"
