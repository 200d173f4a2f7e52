"""`aetherflow graph`, as a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .readers import read_dot, read_mermaid, read_svg

pytestmark = pytest.mark.acceptance

FLOW = """
version: 1
flow: {id: f}
jobs:
  - {id: a, description: "The \\"first\\" & <best>", steps: [{id: s, type: work, outputs: {x: "{{result.value}}"}}]}
  - {id: b, depends_on: [a], when: jobs.a.outputs.x > 1, steps: [{id: s, type: pay}]}
  - {id: c, depends_on: [b], steps: [{id: s, type: work, inputs: {value: "{{jobs.a.outputs.x}}"}, foreach: {items: [1, 2]}}, {id: t, type: work}]}
on_failure: [{id: tell, steps: [{id: s, type: work}]}]
finally: [{id: tidy, steps: [{id: s, type: work, inputs: {value: "{{jobs.c.status}}"}}]}]
"""
EDGES = [("a", "b", False), ("b", "c", False), ("a", "c", True), ("c", "tidy", True)]
JOBS = [
    ["a", '“The "first" & <best>”', "1 step"],
    ["b", "when jobs.a.outputs.x > 1", "1 step · ONCE"],
    ["c", "2 steps · foreach"],
    ["tell", "1 step"],
    ["tidy", "1 step"],
]


def test_flow_is_drawn_as_mermaid_by_default(project):
    project.write("flow.yaml", FLOW)
    answer = project.graph("flow.yaml")
    read = read_mermaid(answer.out)
    assert (answer.code, answer.err) == (0, "")
    assert (read.labels, read.groups) == (JOBS, [["on_failure"], ["finally"]])
    names = [label[0] for label in JOBS]
    assert [(names[int(source[1:])], names[int(target[1:])], dashed) for source, target, dashed in read.edges] == EDGES


def test_flow_is_drawn_as_dot(project):
    project.write("flow.yaml", FLOW)
    read = read_dot(project.graph("flow.yaml", "--format", "dot").out)
    assert (sorted(read.labels), sorted(read.groups)) == (sorted(JOBS), [["finally"], ["on_failure"]])
    assert sorted(read.edges) == sorted(EDGES)


def test_flow_is_drawn_as_svg_with_its_steps(project):
    project.write("flow.yaml", FLOW)
    read = read_svg(project.graph("flow.yaml", "--format", "svg", "--steps").out)
    assert read.labels[:3] == [JOBS[0][:2], ["s", "work · SAFE"], JOBS[1][:2]]
    assert ["s", "work · SAFE", "foreach 2 items"] in read.labels
    assert ["s", "pay · ONCE"] in read.labels
    assert [dashed for *_, dashed in read.edges] == [dashed for *_, dashed in EDGES]


@pytest.mark.parametrize("name", ["x.svg", "x.dot", "x.gv", "x.mmd", "x"])
def test_name_of_the_file_says_the_format(project, name):
    project.write("flow.yaml", FLOW)
    reader = {".svg": read_svg, ".dot": read_dot, ".gv": read_dot}.get(Path(name).suffix, read_mermaid)
    answer = project.graph("flow.yaml", "--output", name)
    assert (answer.code, answer.out) == (0, f"written: {name}\n")
    assert reader((project.folder / name).read_text(encoding="utf-8")).groups


def test_same_flow_gives_the_same_bytes_whatever_the_seed_of_hashes(project):
    project.write("flow.yaml", FLOW)
    for name in ("mermaid", "dot", "svg"):
        texts = {project.graph("flow.yaml", "--format", name, "--steps", PYTHONHASHSEED=seed).out for seed in "123"}
        assert len(texts) == 1


def test_answer_in_json_holds_jobs_and_edges_and_the_picture(project):
    project.write("flow.yaml", FLOW)
    answer = project.graph("flow.yaml", "--json").json
    kinds = {False: "depends_on", True: "refers_to"}
    assert answer["edges"] == [
        {"from": source, "to": target, "kind": kinds[dashed]} for source, target, dashed in EDGES
    ]
    assert [(job["id"], job["section"]) for job in answer["jobs"]][2:] == [
        ("c", "jobs"),
        ("tell", "on_failure"),
        ("tidy", "finally"),
    ]
    assert (answer["flow_id"], answer["format"], answer["written"]) == ("f", "mermaid", None)
    assert answer["text"] == project.graph("flow.yaml").out
    written = project.graph("flow.yaml", "--output", "x.svg", "--json").json
    assert (written["format"], written["written"], written["text"]) == ("svg", "x.svg", None)


def test_what_is_wrong_with_a_flow_is_told_as_validate_tells_it(project):
    project.write("flow.yaml", FLOW.replace("depends_on: [a]", "depends_on: [nope]").replace("type: pay", "type: pya"))
    answer = project.graph("flow.yaml", "--output", "x.svg")
    assert (answer.code, answer.out) == (2, "")
    assert "flow.yaml:6:26: error AF-UNKNOWN-JOB: there is no job 'nope'\n   6 | " in answer.err
    assert "error AF-UNKNOWN-STEP: there is no step 'pya' here" in answer.err
    assert [error["line"] for error in project.graph("flow.yaml", "--json").json["errors"]] == [6, 6]
    assert not (project.folder / "x.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["flow.yaml", "--format", "png"], "AF-USAGE", "there is no format 'png'"),
        (["flow.yaml", "--output", "no/x.svg"], "AF-GRAPH-OUTPUT", "there is no folder no"),
        (["flow.yaml", "--output", "steps"], "AF-GRAPH-OUTPUT", "steps is no ordinary file"),
        (["flow.yaml", "--output", "link.yaml"], "AF-GRAPH-OUTPUT", "link.yaml is the flow itself"),
        (["flow.yaml", "--output", "./flow.yaml"], "AF-GRAPH-OUTPUT", "flow.yaml is the flow itself"),
        (["flow.yaml", "--output", "x" * 300], "AF-GRAPH-OUTPUT", "can't be written: File name too long"),
        (["flow.yaml", "--output", ""], "AF-GRAPH-OUTPUT", ". is no ordinary file"),
        (["missing.yaml"], "AF-FILE-MISSING", "there is no such file"),
        ([], "AF-USAGE", "FLOW"),
    ],
)
def test_what_can_not_be_done_is_told_and_changes_nothing(project, arguments, code, told):
    project.write("flow.yaml", FLOW)
    (project.folder / "link.yaml").symlink_to("flow.yaml")
    answer = project.graph(*arguments, "--json")
    assert answer.code == 2
    assert (answer.json["errors"][0]["code"], told in answer.json["errors"][0]["message"]) == (code, True)
    assert (project.folder / "flow.yaml").read_text() == FLOW
    assert sorted(path.name for path in project.folder.iterdir()) == ["flow.yaml", "link.yaml", "steps"]


def test_file_is_replaced_through_a_folder_that_is_a_link(project):
    project.write("flow.yaml", FLOW)
    (project.folder / "real").mkdir()
    (project.folder / "real" / "x.svg").write_text("old")
    (project.folder / "link").symlink_to("real")
    assert project.graph("flow.yaml", "--output", "link/x.svg").code == 0
    assert [path.name for path in (project.folder / "real").iterdir()] == ["x.svg"]
    assert read_svg((project.folder / "real" / "x.svg").read_text(encoding="utf-8")).groups


def test_no_other_plugin_is_imported_and_no_ledger_opened(project):
    project.write(
        "flow.yaml",
        "version: 1\nflow: {id: f}\njobs: [{id: a, steps: [{id: s, type: check_items, inputs: {items: x}}]}]\n",
    )
    answer = project.graph("flow.yaml", AETHERFLOW_PLUGIN_PATHS="")
    assert answer.code == 0
    assert {name.partition(".")[0] for name in answer.modules if name.startswith("aetherflow_")} == {"aetherflow_graph"}
    assert not answer.modules & {"apsw", "pydantic", "typer"}
    assert not (project.folder / ".aetherflow").exists()


def test_profile_of_the_flow_s_project_holds_for_what_the_flow_uses(project):
    project.write("flow.yaml", FLOW)
    project.write("aetherflow.yaml", "profiles: {p: {extends: internal_fast, plugins: {deny: ['step:pay']}}}\n")
    assert project.graph("flow.yaml").code == 0
    refused = project.graph("flow.yaml", "--profile", "p")
    assert refused.code == 3
    assert "error AF-PLUGIN-DENIED: step 'pay'" in refused.err


def test_profile_of_another_folder_s_project_is_known(project):
    (project.folder / "other").mkdir()
    project.write("other/flow.yaml", "version: 1\nflow: {id: f}\njobs: []\n")
    project.write(
        "other/aetherflow.yaml",
        "profiles: {p: {extends: internal_fast}, q: {extends: internal_fast, plugins: {deny: [graph]}}}\n",
    )
    assert project.graph("other/flow.yaml", "--profile", "p", AETHERFLOW_PLUGIN_PATHS="").code == 0
    assert project.graph("other/flow.yaml", "--profile", "q", AETHERFLOW_PLUGIN_PATHS="").code == 3


def test_secret_of_the_environment_is_in_no_picture(project):
    project.write("flow.yaml", FLOW.replace("The ", "correct-horse "))
    for format_name in ("mermaid", "dot", "svg"):
        project.graph("flow.yaml", "--format", format_name, "--output", "x", MY_TOKEN="correct-horse")
        assert "horse" not in (project.folder / "x").read_text(encoding="utf-8")


def test_manifest_says_what_the_code_gives():
    checked = subprocess.run(
        [sys.executable, "-m", "aetherflow.kernel", "plugins", "manifest", "graph", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_thousand_jobs_are_drawn_in_seconds(project):
    jobs = [
        f"  - {{id: j{n}, depends_on: [{', '.join(f'j{n - back}' for back in (1, 9) if n >= back)}], steps: [{{id: s, type: work}}]}}"
        for n in range(1000)
    ]
    project.write("flow.yaml", "\n".join(["version: 1", "flow: {id: f}", "jobs:", *jobs]) + "\n")
    for name in ("mermaid", "dot", "svg"):
        answer = project.graph("flow.yaml", "--format", name)
        assert (answer.code, len(answer.out) > 50_000) == (0, True)
