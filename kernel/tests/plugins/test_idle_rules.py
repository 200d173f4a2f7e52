"""Rules that match nothing are told: a misspelt one keeps nobody out."""

from __future__ import annotations

import pytest

from aetherflow.kernel.errors import RefusedByPolicy
from aetherflow.kernel.plugins.index import build_index


@pytest.fixture
def build(site):
    """The index of a project with these rules."""

    def build(mode, *, allow=(), deny=(), folders=()):
        lists = f"allow: {list(allow)}, deny: {list(deny)}"
        site.policy(f"profiles:\n  internal_fast:\n    plugins: {{mode: {mode}, {lists}}}\n")
        return build_index(site.profile(), local_folders=folders, search_path=[str(site.folder)])

    return build


@pytest.mark.parametrize("mode", ["open", "listed"])
@pytest.mark.parametrize("rule", ["evli", "evil-plugn", "step:evli.*", "connector:db:evli", "dist:evli"])
def test_a_rule_that_matches_nothing_is_a_warning_at_its_place(site, build, mode, rule):
    site.install("evil")
    for name in ("allow", "deny"):
        (warning,) = build(mode, **{name: [rule]}).warnings
        assert (warning.code, warning.severity) == ("AF-POLICY-RULE-IDLE", "warning")
        assert f'{name} "{rule}"' in warning.message
        assert (warning.where.file, warning.where.line) == ("aetherflow.yaml", 3)


def test_the_spelling_that_was_meant_is_proposed(site, build):
    site.install("evil")
    (warning,) = build("open", deny=["evli"]).warnings
    assert "did you mean 'evil'?" in warning.help


@pytest.mark.parametrize("mode", ["open", "listed"])
@pytest.mark.parametrize("name", ["allow", "deny"])
@pytest.mark.parametrize(
    "rule", ["evil", "step:evil.*", "process", "sql>=3", "step:external.process", "dist:aetherflow-plugin-*"]
)
def test_what_is_installed_or_known_gives_no_warning(site, build, mode, name, rule):
    site.install("evil")
    assert build(mode, **{name: [rule]}).warnings == ()


@pytest.mark.parametrize("rule", ["effect:mail", "evil<1"])
def test_denying_what_may_come_later_gives_no_warning(site, build, rule):
    site.install("evil")
    assert build("open", deny=[rule]).warnings == ()


def test_an_allowed_version_that_is_not_the_installed_one_is_told(site, build):
    site.install("evil", version="1.0")
    (warning,) = build("listed", allow=["evil>=2"]).warnings
    assert warning.help == "evil 1.0 is installed"


def test_a_plugin_that_does_not_say_what_it_contributes_may_be_meant(site, build):
    site.install("evil", manifest=False)
    assert build("open", deny=["step:evil.count"]).warnings == ()
    assert site.imported() == []


def test_a_rule_about_a_local_step_is_not_idle(site, build, tmp_path):
    text = "from aetherflow.kernel.api import register_step\n\n@register_step('shout')\ndef shout() -> None: ...\n"
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "mine.py").write_text(text)
    with build("open", deny=["step:shout"], folders=[tmp_path / "steps"]) as index:
        assert index.warnings == ()
    with build("open", deny=["step:shoot"], folders=[tmp_path / "steps"]) as index:
        assert [warning.code for warning in index.warnings] == ["AF-POLICY-RULE-IDLE"]


def test_a_locked_profile_refuses_as_before(site, build):
    site.install("evil")
    for rules in ({"allow": ["evli"]}, {"allow": ["evil"], "deny": ["evli"]}, {"allow": ["process"]}):
        with pytest.raises(RefusedByPolicy) as caught:
            build("locked", **rules)
        assert caught.value.problem.code == "AF-POLICY-RULE-IDLE"
    assert build("locked", allow=["evil"], deny=["process"]).warnings == ()
