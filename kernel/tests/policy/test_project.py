from __future__ import annotations

import pytest

from aetherflow.kernel.errors import RefusedByPolicy
from aetherflow.kernel.policy.project import find_project


def test_the_project_is_the_nearest_folder_upward_with_the_file(tmp_path):
    (tmp_path / "aetherflow.yaml").write_text("settings: {log_level: INFO}\n")
    inner = tmp_path / "flows" / "daily"
    inner.mkdir(parents=True)
    flow = inner / "flow.yaml"
    flow.write_text("")
    project = find_project(flow)
    assert project.folder == tmp_path
    assert project.settings == {"log_level": "INFO"}


def test_without_the_file_the_project_is_the_flow_s_folder(tmp_path):
    project = find_project(tmp_path / "flow.yaml")
    assert project.folder == tmp_path
    assert project.document is None
    assert project.settings == {}


def test_an_empty_file_marks_a_project_that_says_nothing(tmp_path):
    (tmp_path / "aetherflow.yaml").write_text("")
    assert find_project(tmp_path).document is not None


def test_every_unknown_key_refuses_to_start_with_its_place_and_the_nearest_one(tmp_path):
    (tmp_path / "aetherflow.yaml").write_text(
        "profle: enterprise\nprofiles:\n  enterprise:\n    plugins: {alow: [], deny: []}\n    path: {}\n"
    )
    with pytest.raises(RefusedByPolicy) as caught:
        find_project(tmp_path)
    found = [(problem.where.line, problem.where.column, problem.help) for problem in caught.value.problems]
    assert found == [
        (1, 1, "did you mean 'profile'?"),
        (5, 5, "did you mean 'paths'?"),
        (4, 15, "did you mean 'allow'?"),
    ]
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[]", "AF-POLICY-VALUE"),
        ("profile: 7", "AF-POLICY-VALUE"),
        ("profiles: {x y: {}}", "AF-POLICY-VALUE"),
        ("profiles: {enterprise: {plugins: {mode: opened}}}", "AF-POLICY-VALUE"),
        ("profiles: {enterprise: {plugins: {allow: excel}}}", "AF-POLICY-VALUE"),
        ("profiles: {enterprise: {plugins: {allow: }}}", "AF-POLICY-VALUE"),
        ("profiles: {enterprise: {plugins: {allow: [1.2]}}}", "AF-POLICY-VALUE"),
        ("profiles: {enterprise: {plugins: {deny: ['stepp:x']}}}", "AF-POLICY-RULE"),
        ("profiles: {enterprise: {plugins: {lock: plugins.lock.json}}}", "AF-POLICY-LATER"),
        ("profiles: {enterprise: {plugins: {hooks: {otel: [aetherflow_evnt]}}}}", "AF-POLICY-VALUE"),
        ("profiles: {enterprise: {plugins: {hooks: {otel: [aetherflow_steps]}}}}", "AF-POLICY-VALUE"),
        ("profiles: {enterprise: {paths: {write: ['~/out']}}}", "AF-POLICY-VALUE"),
        ("profiles: {enterprise: {plugins: !raw {mode: open}}}", "AF-POLICY-VALUE"),
        ("settings: [1]", "AF-POLICY-VALUE"),
    ],
)
def test_what_can_not_be_understood_refuses_to_start(tmp_path, text, code):
    (tmp_path / "aetherflow.yaml").write_text(text)
    with pytest.raises(RefusedByPolicy) as caught:
        find_project(tmp_path)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert caught.value.problem.where is not None


def test_an_empty_list_of_hooks_grants_nothing_and_is_accepted(tmp_path):
    (tmp_path / "aetherflow.yaml").write_text("profiles: {enterprise: {plugins: {hooks: {acme-otel: []}}}}")
    assert find_project(tmp_path).policy.profiles["enterprise"].allow is None


def test_a_file_that_is_no_yaml_refuses_to_start(tmp_path):
    (tmp_path / "aetherflow.yaml").write_text("profile: [")
    with pytest.raises(RefusedByPolicy):
        find_project(tmp_path)


def test_a_link_that_leads_nowhere_is_not_taken_for_no_policy(tmp_path):
    (tmp_path / "aetherflow.yaml").symlink_to(tmp_path / "gone.yaml")
    with pytest.raises(RefusedByPolicy):
        find_project(tmp_path)


def test_a_folder_under_the_file_s_name_is_not_taken_for_no_policy(tmp_path):
    (tmp_path / "aetherflow.yaml").mkdir()
    with pytest.raises(RefusedByPolicy):
        find_project(tmp_path)


def test_a_misnamed_file_is_not_passed_over(tmp_path):
    (tmp_path / "aetherflow.yml").write_text("profile: enterprise\n")
    with pytest.raises(RefusedByPolicy) as caught:
        find_project(tmp_path)
    assert caught.value.problem.code == "AF-POLICY-FILE-NAME"


def test_a_misspelt_mode_is_told_with_the_nearest_one_as_it_is_written(tmp_path):
    (tmp_path / "aetherflow.yaml").write_text("profiles: {enterprise: {plugins: {mode: lockd}}}\n")

    with pytest.raises(RefusedByPolicy) as caught:
        find_project(tmp_path)

    assert caught.value.problem.help == "did you mean 'locked'?"
