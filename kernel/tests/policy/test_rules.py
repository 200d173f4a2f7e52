from __future__ import annotations

import pytest

from aetherflow.kernel.policy.rules import BadRule, Contribution, PluginIdentity, normalised_name, parse_rule

MAIL = PluginIdentity("mail", "aetherflow-plugin-mail", "1.4")


def _deny(text):
    return parse_rule(text, list_name="deny")


@pytest.mark.parametrize("text", ["Evil.Plug", "evil_plug", "EVIL--PLUG", "evil-plug"])
def test_every_spelling_of_a_name_is_the_same_name(text):
    assert _deny(text).matches_plugin(PluginIdentity("evil._plug", "x", "1"))


@pytest.mark.parametrize("text", ["dist:Evil_*", "dist:evil.?lug", "dist:EVIL-PLUG"])
def test_every_spelling_of_a_distribution_is_the_same_distribution(text):
    assert _deny(text).matches_plugin(PluginIdentity("other", "Evil.Plug", "1"))


@pytest.mark.parametrize(
    ("text", "matches"),
    [("mail>=1.2,<2", True), ("mail<1.4", False), ("mail == 1.4.0", True), ("mail!=1.4", False), ("sql>=1", False)],
)
def test_a_name_may_be_bound_to_versions(text, matches):
    assert _deny(text).matches_plugin(MAIL) is matches


def test_a_prerelease_does_not_slip_in_below_a_bound():
    rule = parse_rule("mail>=1.2,<2", list_name="allow")
    assert not rule.matches_plugin(PluginIdentity("mail", "m", "2.0rc1"))


@pytest.mark.parametrize(("list_name", "matches"), [("allow", False), ("deny", True)])
def test_a_version_that_nobody_can_read_is_kept_out(list_name, matches):
    rule = parse_rule("mail>=1", list_name=list_name)
    assert rule.matches_plugin(PluginIdentity("mail", "m", "unknown")) is matches


@pytest.mark.parametrize(
    ("text", "contribution"),
    [
        ("step:external.*", Contribution(kind="step", name="external.process")),
        ("connector:db:*", Contribution(kind="connector", name="db:sqlite3")),
        ("command:dr*", Contribution(kind="command", name="draw")),
        ("effect:network", Contribution(kind="step", name="x", effects=frozenset({"network", "mail"}))),
    ],
)
def test_contributions_are_matched_by_pattern_and_effect(text, contribution):
    rule = _deny(text)
    assert rule.matches_contribution(contribution)
    assert not rule.matches_plugin(MAIL)
    assert not rule.matches_contribution(Contribution(kind="step", name="other"))


def test_a_step_rule_does_not_match_a_connector_of_that_name():
    assert not _deny("step:*").matches_contribution(Contribution(kind="connector", name="db:sqlite3"))


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("stepp:zip", "'step'"),
        ("effect:netwrok", "'network'"),
        ("mail>>1", "compare with"),
        ("mail*", "dist:GLOB"),
        ("", "NAME"),
        ("connector:db", "connector:KIND:DRIVER"),
        ("step:", "step:GLOB"),
        ("dist:a b", "dist:GLOB"),
        ("dist:x>=1", "dist:GLOB"),
    ],
)
def test_a_bad_rule_is_refused_with_what_to_write(text, mend):
    with pytest.raises(BadRule) as caught:
        _deny(text)
    assert mend in caught.value.mend


def test_an_effect_can_not_allow_because_plugins_name_their_own():
    with pytest.raises(BadRule, match="what a plugin says of itself"):
        parse_rule("effect:read_files", list_name="allow")


def test_names_are_normalised_as_pep_503_says():
    assert normalised_name("Acme._-SAP") == "acme-sap"
