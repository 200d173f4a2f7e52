from __future__ import annotations

import pytest

from aetherflow.kernel.errors import RefusedByPolicy
from aetherflow.kernel.policy.document import Mode
from aetherflow.kernel.policy.rules import Contribution, PluginIdentity

EXCEL = PluginIdentity("excel", "aetherflow-plugin-excel", "0.4.0")
MAIL = PluginIdentity("mail", "aetherflow-plugin-mail", "1.4.0")
OTHER = PluginIdentity("other", "acme-other", "1.0")

FLOOR = """
    profile: enterprise
    profiles:
      enterprise:
        plugins:
          mode: locked
          allow: [excel, "mail>=1.2,<2", "dist:acme-*"]
          deny: ["step:external.process", "effect:network"]
      strict:
        extends: enterprise
        plugins: {allow: [excel]}
      lab:
        extends: internal_fast
"""


def step(name, *effects):
    return Contribution(kind="step", name=name, effects=frozenset(effects))


def connector(name):
    return Contribution(kind="connector", name=name, effects=frozenset())


def test_without_a_file_what_is_installed_may_be_used(decide):
    profile = decide()
    assert profile.name == "internal_fast"
    assert profile.is_open
    assert profile.decide_plugin(OTHER).allowed
    assert profile.may_write_project
    assert profile.may_load_local_plugins
    assert profile.allows_unmanifested
    assert profile.sources == ()


def test_enterprise_denies_by_default(decide):
    profile = decide(requested="enterprise")
    assert profile.mode is Mode.LOCKED
    decision = profile.decide_plugin(EXCEL)
    assert not decision.allowed
    assert "enterprise (built in)" in decision.why
    assert not profile.may_write_project
    assert not profile.may_load_local_plugins
    assert not profile.allows_unmanifested


def test_a_refined_enterprise_lets_in_what_its_list_names(decide):
    profile = decide(FLOOR)
    assert profile.name == "enterprise"
    assert [profile.decide_plugin(each).allowed for each in (EXCEL, MAIL, OTHER)] == [True, True, True]
    assert profile.decide_plugin(EXCEL).why == 'allow "excel" (aetherflow.yaml:7)'
    stranger = profile.decide_plugin(PluginIdentity("stranger", "stranger", "1"))
    assert stranger.why == "not on the allow list of enterprise (aetherflow.yaml:4)"


def test_a_denial_names_the_rule_and_its_line(decide):
    profile = decide(FLOOR)
    decision = profile.decide(OTHER, step("acme.fetch", "network"))
    assert not decision.allowed
    assert decision.why == 'deny "effect:network" (aetherflow.yaml:8)'
    assert decision.where.line == 8


def test_deny_beats_allow_in_an_open_profile_too(decide):
    profile = decide("profiles: {internal_fast: {plugins: {allow: [excel], deny: [excel]}}}")
    assert not profile.decide_plugin(EXCEL).allowed
    assert profile.decide_plugin(OTHER).allowed


def test_a_child_needs_the_leave_of_each_list_above(decide):
    profile = decide(FLOOR, requested="strict")
    assert [profile.decide_plugin(each).allowed for each in (EXCEL, MAIL, OTHER)] == [True, False, False]
    assert not profile.decide(EXCEL, step("external.process")).allowed


def test_an_allow_list_may_name_single_steps(decide):
    profile = decide(
        "profiles: {enterprise: {plugins: {allow: ['step:acme.count', 'connector:db:*']}}}", requested="enterprise"
    )
    assert profile.decide_plugin(OTHER).allowed
    assert profile.decide(OTHER, step("acme.count")).allowed
    assert not profile.decide(OTHER, step("acme.send")).allowed
    assert profile.decide(OTHER, connector("db:x")).allowed
    assert not profile.decide(OTHER, connector("sftp:x")).allowed


@pytest.mark.parametrize(
    "choice",
    [
        {"requested": "internal_fast"},
        {"requested": "lab"},
        {"environ": {"AETHERFLOW_PROFILE": "internal_fast"}},
        {"environ": {"AETHERFLOW_MODE": "internal_fast"}},
        {"environ": {"AETHERFLOW_MODE": "lab"}},
    ],
)
def test_nobody_chooses_a_profile_beside_the_floor(decide, choice):
    with pytest.raises(RefusedByPolicy) as caught:
        decide(FLOOR, **choice)
    assert caught.value.problem.code == "AF-PROFILE-FLOOR"
    assert caught.value.problem.where.line == 2
    assert "enterprise, strict" in caught.value.problem.help


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        ({}, "enterprise"),
        ({"requested": "strict"}, "strict"),
        ({"environ": {"AETHERFLOW_PROFILE": "strict"}}, "strict"),
        ({"environ": {"AETHERFLOW_MODE": "enterprise"}}, "enterprise"),
        ({"environ": {"AETHERFLOW_PROFILE": "strict", "AETHERFLOW_MODE": "lab"}}, "strict"),
        ({"requested": "strict", "environ": {"AETHERFLOW_PROFILE": "lab"}}, "strict"),
        ({"environ": {"AETHERFLOW_PROFILE": "", "AETHERFLOW_MODE": ""}}, "enterprise"),
    ],
)
def test_the_floor_and_what_extends_it_may_be_chosen(decide, choice, name):
    assert decide(FLOOR, **choice).name == name


def test_a_mode_that_does_not_exist_is_not_taken_for_the_open_one(decide):
    """D35: the ancestor took `mode: Yolo` for internal_fast."""
    with pytest.raises(RefusedByPolicy) as caught:
        decide(environ={"AETHERFLOW_MODE": "Yolo"})
    assert caught.value.problem.code == "AF-PROFILE-UNKNOWN"
    assert "AETHERFLOW_MODE" in caught.value.problem.message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("profile: enterprize", "AF-PROFILE-UNKNOWN"),
        ("profiles: {prod: {}}", "AF-POLICY-EXTENDS"),
        ("profiles: {prod: {extends: enterprize}}", "AF-POLICY-EXTENDS"),
        ("profiles: {enterprise: {extends: internal_fast}}", "AF-POLICY-EXTENDS"),
        ("profiles: {prod: {extends: prod}}", "AF-POLICY-EXTENDS"),
        ("profiles: {enterprise: {plugins: {mode: open}}}", "AF-POLICY-WIDENS"),
        ("profiles: {prod: {extends: enterprise, plugins: {mode: listed}}}", "AF-POLICY-WIDENS"),
        (
            (
                "profiles: {prod: {extends: internal_fast, plugins: {mode: listed}},"
                " test: {extends: prod, plugins: {mode: open}}}"
            ),
            "AF-POLICY-WIDENS",
        ),
    ],
)
def test_a_profile_that_stands_on_nothing_or_widens_refuses_to_start(decide, text, code):
    with pytest.raises(RefusedByPolicy) as caught:
        decide(text)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert caught.value.problem.where.file == "aetherflow.yaml"


def test_profiles_in_a_circle_are_each_told(decide):
    with pytest.raises(RefusedByPolicy) as caught:
        decide("profiles: {one: {extends: two}, two: {extends: one}}")
    assert ["one -> two -> one" in caught.value.problems[0].message, len(caught.value.problems)] == [True, 2]


def test_a_profile_of_the_same_file_can_not_add_to_one_that_names_no_list(decide):
    profile = decide(
        "profiles: {enterprise: {plugins: {deny: [mail]}}, prod: {extends: enterprise, plugins: {allow: [excel]}}}",
        requested="prod",
    )
    assert not profile.decide_plugin(EXCEL).allowed


def test_the_first_file_may_say_what_the_built_in_enterprise_lets_in(decide):
    profile = decide("profiles: {prod: {extends: enterprise, plugins: {allow: [excel]}}}", requested="prod")
    assert profile.decide_plugin(EXCEL).allowed
    assert not profile.decide_plugin(MAIL).allowed


class TestAdministrator:
    def test_its_denials_hold_in_every_project(self, decide):
        profile = decide(FLOOR, administrator="profiles: {internal_fast: {plugins: {deny: [excel]}}}")
        decision = profile.decide_plugin(EXCEL)
        assert not decision.allowed
        assert "policy.yaml:1" in decision.why
        assert profile.decide_plugin(MAIL).allowed

    def test_both_must_allow(self, decide):
        profile = decide(
            FLOOR, administrator="profile: enterprise\nprofiles: {enterprise: {plugins: {allow: [excel, sql]}}}"
        )
        assert [profile.decide_plugin(each).allowed for each in (EXCEL, MAIL, OTHER)] == [True, False, False]

    def test_a_project_can_not_fill_in_a_list_that_it_leaves_out(self, decide):
        profile = decide(FLOOR, administrator="profile: enterprise")
        decision = profile.decide_plugin(EXCEL)
        assert not decision.allowed
        assert "policy.yaml:1" in decision.why

    def test_its_floor_holds_where_a_project_has_a_wider_one(self, decide):
        profile = decide("profile: internal_fast", administrator="profile: enterprise")
        assert profile.mode is Mode.LOCKED
        assert not profile.may_load_local_plugins
        assert not profile.may_write_project

    def test_its_floor_is_the_default_of_projects_that_say_nothing(self, decide):
        assert decide(administrator="profile: enterprise").name == "enterprise"

    def test_nobody_chooses_a_profile_beside_its_floor(self, decide):
        with pytest.raises(RefusedByPolicy) as caught:
            decide(requested="internal_fast", administrator="profile: enterprise")
        assert caught.value.problem.where.file.endswith("policy.yaml")

    def test_a_project_may_extend_its_profiles(self, decide):
        profile = decide(
            "profiles: {daily: {extends: acme, plugins: {deny: [mail]}}}",
            administrator="profile: acme\nprofiles: {acme: {extends: enterprise, plugins: {allow: [excel, mail]}}}",
            requested="daily",
        )
        assert [profile.decide_plugin(each).allowed for each in (EXCEL, MAIL)] == [True, False]

    def test_a_project_can_not_put_one_of_its_profiles_elsewhere(self, decide):
        with pytest.raises(RefusedByPolicy) as caught:
            decide(
                "profiles: {acme: {extends: internal_fast}}",
                administrator="profile: acme\nprofiles: {acme: {extends: enterprise}}",
            )
        assert caught.value.problem.code == "AF-POLICY-EXTENDS"

    def test_an_unknown_key_in_it_refuses_to_start(self, decide):
        with pytest.raises(RefusedByPolicy):
            decide(administrator="profil: enterprise")

    def test_a_run_can_record_both_files(self, decide):
        sources = decide(FLOOR, administrator="profile: enterprise").sources
        assert [len(digest) for _, digest in sources] == [64, 64]


class TestWritePaths:
    def test_a_profile_names_folders_relative_to_the_project(self, decide, tmp_path):
        profile = decide("profiles: {enterprise: {paths: {write: [out, /srv/exports]}}}", requested="enterprise")
        assert [str(path) for path in profile.write_paths] == [str(tmp_path / "project" / "out"), "/srv/exports"]

    def test_a_child_may_name_folders_inside_those_of_its_parent(self, decide, tmp_path):
        profile = decide(
            "profiles: {enterprise: {paths: {write: [out]}}, prod: {extends: enterprise, paths: {write: [out/daily]}}}",
            requested="prod",
        )
        assert profile.write_paths == (tmp_path / "project" / "out" / "daily",)

    @pytest.mark.parametrize("path", ["other", "out/../other", "/srv", "out/../../x"])
    def test_a_child_can_not_name_other_folders(self, decide, path):
        text = (
            "profiles: {enterprise: {paths: {write: [out]}},"
            f" prod: {{extends: enterprise, paths: {{write: ['{path}']}}}}}}"
        )
        with pytest.raises(RefusedByPolicy) as caught:
            decide(text, requested="prod")
        assert caught.value.problem.code == "AF-POLICY-WIDENS"

    def test_a_project_can_not_add_to_the_administrator_s_folders(self, decide):
        with pytest.raises(RefusedByPolicy) as caught:
            decide(
                "profiles: {enterprise: {paths: {write: [/srv]}}}",
                administrator="profile: enterprise\nprofiles: {enterprise: {paths: {write: [/srv/exports]}}}",
            )
        assert caught.value.problem.code == "AF-POLICY-WIDENS"
