"""Settings do what they say, and files beside a flow can be used (D45, D48)."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.acceptance

FLOW = """
version: 1
flow: {id: places, workspace: {cleanup_policy: never}}
jobs: [{id: main, steps: [{id: s, type: write, inputs: {path: a.txt, text: hello}}]}]
"""


def test_state_and_workspace_go_where_the_settings_say(project):
    """D48: AETHERFLOW_WORK_ROOT and STATE_ROOT did nothing, and `~` made a folder of that name."""
    flow = project.write("flow.yaml", FLOW)
    home = project.folder / "home"
    home.mkdir()
    answer = project.aetherflow(
        "run", flow, HOME=str(home), AETHERFLOW_WORK_ROOT="~/work", AETHERFLOW_STATE_ROOT="~/state"
    )
    assert answer.code == 0, answer.err
    assert [path.read_text() for path in (home / "work").rglob("a.txt")] == ["hello"]
    assert (home / "state/ledger.sqlite").exists()
    assert not (project.folder / ".aetherflow").exists()
    assert not (project.folder / "~").exists()


def test_what_the_flow_says_wins_over_the_settings(project):
    flow = project.write(
        "flow.yaml", FLOW.replace("cleanup_policy: never", 'cleanup_policy: "{{env.POLICY:never}}", root: mine')
    )
    assert project.aetherflow("run", flow, AETHERFLOW_WORK_ROOT="theirs").code == 0
    assert list((project.folder / "mine").rglob("a.txt"))
    assert not (project.folder / "theirs").exists()


def test_typed_field_of_the_flow_block_may_be_a_template(project):
    """D48."""
    flow = project.write(
        "flow.yaml", FLOW.replace("cleanup_policy: never", 'root: mine, cleanup_policy: "{{env.POLICY:never}}"')
    )
    assert project.aetherflow("run", flow, POLICY="always").code == 0
    assert not list((project.folder / "mine").rglob("a.txt"))
    wrong = project.aetherflow("run", flow, "--json", POLICY="sometimes")
    assert wrong.code == 2
    assert wrong.json["errors"][0]["line"] == 3


def test_layout_names_some_folders_and_leaves_the_others(project):
    """D48: `layout: {}` ended in a KeyError."""
    flow = project.write(
        "flow.yaml",
        FLOW.replace("cleanup_policy: never", "cleanup_policy: never, root: mine, layout: {artifacts: results}"),
    )
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 0
    assert sorted(path.name for path in (project.folder / "mine/places/main/r1").iterdir() if path.is_dir()) == [
        "manifests",
        "results",
        "scratch",
    ]


def test_file_beside_the_flow_is_read_from_any_working_folder(project):
    """D45: files outside the work root were refused, and relative paths led into the empty artifacts."""
    project.write("flows/aetherflow.yaml", "")
    project.write("flows/data/in.txt", "beside")
    flow = project.write(
        "flows/daily/flow.yaml",
        """
        version: 1
        flow: {id: beside}
        jobs: [{id: main, steps: [{id: s, type: read, inputs: {path: data/in.txt}, outputs: {text: "{{result.value}}"}}]}]
        """,
    )
    for argument in (flow, "flows/daily/flow.yaml"):
        answer = project.aetherflow("run", argument, "--json")
        assert answer.code == 0, answer.err
        assert answer.json["jobs"][0]["outputs"] == {"text": "beside"}
    assert (project.folder / "flows/.aetherflow/state/ledger.sqlite").exists()


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [("AETHERFLOW_LOG_LEVEL", "LOUD", 2), ("AETHERFLOW_LOG_FORMAT", "xml", 2), ("AETHERFLOW_PLUGIN_STRICT", "1", 2)],
)
def test_setting_with_a_wrong_value_is_an_error(project, key, value, code):
    """D46, D48: a bad log level was INFO, and `1` turned a switch off."""
    flow = project.write("flow.yaml", FLOW)
    answer = project.aetherflow("run", flow, "--json", **{key: value})
    assert answer.code == code
    assert key in answer.json["errors"][0]["message"]


def test_setting_that_nothing_reads_is_told_with_the_nearest(project):
    flow = project.write("flow.yaml", FLOW)
    answer = project.aetherflow(
        "validate", flow, "--json", AETHERFLOW_LOGLEVEL="DEBUG", AETHERFLOW_CONNECTOR_CACHE_DISABLED="true"
    )
    assert answer.code == 0
    assert [problem["code"] for problem in answer.json["warnings"]] == ["AF-SETTING-UNKNOWN", "AF-NOT-YET"]
    assert "AETHERFLOW_LOG_LEVEL" in answer.json["warnings"][0]["help"]


def test_environment_files_reach_the_flow_and_not_the_process(project):
    project.write("more.env", "export GREETING='hello there'  # said\n")
    project.write("more.json", json.dumps({"COUNT": 3}))
    project.write("secrets/TOKEN_FILE", "from a folder\n")
    files = [
        {"type": "dotenv", "path": "more.env"},
        {"type": "json", "path": "more.json"},
        {"type": "dir", "path": "secrets"},
    ]
    project.write(
        "steps/environment.py",
        """
        import os
        from aetherflow.kernel.api import Rerun, StepOutputs, register_step

        class Seen(StepOutputs):
            told: list[str]

        @register_step("see", rerun=Rerun.SAFE)
        def see(one: str, two: int, three: str) -> Seen:
            return Seen(told=[one, str(two), str(len(three)), str("GREETING" in os.environ)])
        """,
    )
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: env}
        jobs: [{id: main, steps: [{id: s, type: see, inputs: {one: "{{env.GREETING}}", two: "{{env.COUNT}}", three: "{{env.TOKEN_FILE}}"}, outputs: {told: "{{result.told}}"}}]}]
        """,
    )
    answer = project.aetherflow("run", flow, "--json", AETHERFLOW_ENV_FILES_JSON=json.dumps(files))
    assert answer.code == 0, answer.err + answer.out
    assert answer.json["jobs"][0]["outputs"] == {"told": ["hello there", "3", "13", "False"]}


def test_local_plugins_of_one_run_do_not_leak_into_the_next(project, tmp_path):
    """D38: a plugin of one flow replaced a step for another flow in the same process."""
    from aetherflow.kernel.api import InvalidInput, run_flow

    project.write("one/steps.py", LOCAL.format(name="local_step", value="one"))
    project.write("two/steps.py", LOCAL.format(name="local_step", value="two"))
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: local}
        jobs: [{id: main, steps: [{id: s, type: local_step, outputs: {told: "{{result.told}}"}}]}]
        """,
    )
    told = [
        run_flow(flow, environ={"AETHERFLOW_PLUGIN_PATHS": str(project.folder / name)}).jobs[0].outputs["told"]
        for name in ("one", "two", "one")
    ]
    assert told == ["one", "two", "one"]
    with pytest.raises(InvalidInput, match="local_step"):
        run_flow(flow, environ={})


LOCAL = """
from aetherflow.kernel.api import Rerun, StepOutputs, register_step

class Told(StepOutputs):
    told: str

@register_step("{name}", rerun=Rerun.SAFE)
def step() -> Told:
    return Told(told="{value}")
"""
