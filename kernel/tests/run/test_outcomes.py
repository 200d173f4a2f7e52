"""How runs, jobs and steps end, and what the program answers."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.acceptance


def statuses(answer):
    return {job["job_id"]: job["status"] for job in answer.json["jobs"]}


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("step", "it went wrong"),
        ("plain", "ValueError: something broke"),
        ("exit", "SystemExit: 0"),
        ("wrong", "returned dict"),
        ("nan", "no JSON form"),
    ],
)
def test_step_that_fails_in_any_way_fails_its_job_and_the_run(project, kind, code):
    """D13: a step that reported failure, left the process or gave nonsense still succeeded."""
    flow = project.write(
        "flow.yaml",
        f"""
        version: 1
        flow: {{id: fails}}
        jobs: [{{id: main, steps: [{{id: bad, type: fail, inputs: {{kind: {kind}}}}}]}}]
        """,
    )
    answer = project.aetherflow("run", flow, "--json")
    assert answer.code == 1
    assert answer.json["status"] == "FAILED"
    assert code in answer.json["jobs"][0]["steps"][0]["reason"]
    assert "Traceback" not in answer.err


def test_independent_jobs_go_on_and_dependents_are_blocked_when_a_job_fails(project):
    """D30: one failure stopped everything, and the rest left no trace."""
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: independent}
        jobs:
          - {id: bad, steps: [{id: s, type: fail}]}
          - {id: below, depends_on: [bad], steps: [{id: s, type: say, inputs: {witness: seen}}]}
          - {id: beside, steps: [{id: s, type: say, inputs: {witness: seen}}]}
        """,
    )
    answer = project.aetherflow("run", flow, "--json")
    assert answer.code == 1
    assert statuses(answer) == {"bad": "FAILED", "below": "BLOCKED", "beside": "SUCCESS"}
    assert "'bad'" in answer.json["jobs"][1]["reason"]
    assert len(project.lines("seen")) == 1


def test_jobs_skipped_by_when_see_null_for_what_was_not_produced(project):
    """D44: a missing output killed the run instead of being false."""
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: gates}
        jobs:
          - {id: count, steps: [{id: s, type: nothing_to_do, outputs: {rows: "{{result.value}}"}}]}
          - {id: work, when: jobs.count.outputs.rows > 0, steps: [{id: s, type: say, inputs: {value: 1}, outputs: {done: "{{result.value}}"}}]}
          - {id: after, when: jobs.work.outputs.done == null, steps: [{id: s, type: say, inputs: {value: "{{jobs.work.outputs.done:never}}"}, outputs: {told: "{{result.value}}"}}]}
        """,
    )
    answer = project.aetherflow("run", flow, "--json")
    assert answer.code == 0, answer.err
    assert statuses(answer) == {"count": "SUCCESS", "work": "SKIPPED", "after": "SUCCESS"}
    assert answer.json["jobs"][0]["outputs"] == {"rows": None}
    assert answer.json["jobs"][2]["outputs"] == {"told": "never"}


def test_run_whose_jobs_were_all_skipped_is_skipped_and_answers_0(project):
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: nothing}
        jobs:
          - {id: a, when: "false", steps: [{id: s, type: say}]}
          - {id: b, depends_on: [a], steps: [{id: s, type: say}]}
        """,
    )
    answer = project.aetherflow("run", flow, "--json")
    assert (answer.code, answer.json["status"]) == (0, "SKIPPED")
    assert statuses(answer) == {"a": "SKIPPED", "b": "BLOCKED"}


def test_artifacts_stay_until_the_end_of_the_run_and_go_then(project):
    """D29: the artifacts of a job were removed before the next job started."""
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: handover, workspace: {root: work}}
        jobs:
          - {id: make, steps: [{id: s, type: write, inputs: {path: out/report.txt, text: hello}, outputs: {file: "{{result.path}}"}}]}
          - {id: use, steps: [{id: s, type: read, inputs: {path: "{{jobs.make.outputs.file}}"}, outputs: {text: "{{result.value}}"}}]}
        """,
    )
    answer = project.aetherflow("run", flow, "--run-id", "r1", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["jobs"][1]["outputs"] == {"text": "hello"}
    assert not list((project.folder / "work").rglob("report.txt"))


@pytest.mark.parametrize(("policy", "fails", "kept"), [
    ("on_success", False, False), ("on_success", True, True), ("always", True, False), ("never", False, True),
])  # fmt: skip
def test_workspace_is_kept_or_removed_as_the_policy_says(project, policy, fails, kept):
    flow = project.write(
        "flow.yaml",
        f"""
        version: 1
        flow: {{id: kept, workspace: {{root: work, cleanup_policy: {policy}}}}}
        jobs:
          - id: make
            steps:
              - {{id: s, type: write, inputs: {{path: a.txt, text: hello}}}}
              - {{id: t, type: {"fail" if fails else "say"}}}
        """,
    )
    project.aetherflow("run", flow, "--run-id", "r1")
    assert bool(list((project.folder / "work").rglob("a.txt"))) is kept


def test_one_job_runs_on_the_results_of_an_earlier_run(project):
    """D31: a job run alone was always blocked, and answered 0."""
    flow = project.write("flow.yaml", DEPENDENT)
    assert project.aetherflow("run", flow, "--run-id", "whole").code == 0

    alone = project.aetherflow("run", flow, "--flow-job", "use", "--json")

    assert alone.code == 0, alone.err
    assert [(job["job_id"], job["status"]) for job in alone.json["jobs"]] == [("use", "SUCCESS")]
    assert alone.json["jobs"][0]["outputs"] == {"got": 5}
    assert project.lines("seen") == ["s 1"]


def test_one_job_without_an_earlier_run_says_what_is_missing(project):
    flow = project.write("flow.yaml", DEPENDENT)
    alone = project.aetherflow("run", flow, "--flow-job", "use", "--json")
    assert alone.code == 2
    assert alone.json["errors"][0]["code"] == "AF-JOB-NEEDS-EARLIER"
    assert "'make'" in alone.json["errors"][0]["message"]


def test_job_that_does_not_exist_is_an_error_with_the_nearest_name(project):
    flow = project.write("flow.yaml", DEPENDENT)
    answer = project.aetherflow("run", flow, "--flow-job", "usee", "--json")
    assert answer.code == 2
    assert answer.json["errors"][0]["help"] == "did you mean 'use'?"


def test_one_job_of_a_run_that_did_it_already_keeps_its_result(project):
    flow = project.write("flow.yaml", DEPENDENT)
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 0
    again = project.aetherflow("run", flow, "--run-id", "r1", "--flow-job", "make", "--json")
    assert again.code == 0
    assert statuses(again)["make"] == "SUCCESS"
    assert project.lines("seen") == ["s 1"]


DEPENDENT = """
version: 1
flow: {id: dependent}
jobs:
  - {id: make, steps: [{id: s, type: say, inputs: {value: 5, witness: seen}, outputs: {made: "{{result.value}}"}}]}
  - {id: use, depends_on: [make], steps: [{id: s, type: say, inputs: {value: "{{jobs.make.outputs.made}}"}, outputs: {got: "{{result.value}}"}}]}
"""


def test_parameters_are_typed_defaulted_and_fixed_at_the_first_start(project):
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: params}
        params:
          day: {type: date, default: "{{run.date}}"}
          limit: {type: integer, default: "{{env.LIMIT:10}}"}
          names: {type: list}
        jobs:
          - id: main
            steps:
              - {id: s, type: say, inputs: {value: ["{{params.limit}}", "{{params.names}}", "{{run.id}}"]}, outputs: {all: "{{result.value}}"}}
              - {id: t, type: fail, inputs: {unless: mended}}
        """,
    )
    answer = project.aetherflow("run", flow, "--run-id", "r1", "--param", 'names=["a"]', "--json", LIMIT="7")
    assert answer.json["jobs"][0]["outputs"] == {"all": [7, ["a"], "r1"]}
    project.write("mended", "")

    resumed = project.aetherflow("run", flow, "--run-id", "r1", "--json", LIMIT="99")
    assert resumed.code == 0, resumed.err
    assert resumed.json["jobs"][0]["outputs"] == {"all": [7, ["a"], "r1"]}
    same = project.aetherflow("run", flow, "--run-id", "r1", "--param", 'names=[ "a" ]')
    assert same.code == 0, same.err
    other = project.aetherflow("run", flow, "--run-id", "r1", "--param", 'names=["b"]', "--json")
    assert (other.code, other.json["errors"][0]["code"]) == (2, "AF-PARAMETER-FIXED")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--param", "names=[]", "--param", "limit=ten"], "AF-TEXT-TYPE"),
        (["--param", "names=[]", "--param", "day=2026-02-30"], "AF-TEXT-TYPE"),
        ([], "AF-PARAMETER-MISSING"),
        (["--param", "names=[]", "--param", "limt=1"], "AF-PARAMETER-UNKNOWN"),
        (["--param", "names"], "AF-USAGE"),
    ],
)
def test_parameter_that_does_not_fit_is_an_error_and_nothing_runs(project, arguments, code):
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: params}
        params: {day: {type: date, default: 2026-01-01}, limit: {type: integer, default: 1}, names: {type: list}}
        jobs: [{id: main, steps: [{id: s, type: say, inputs: {witness: seen}}]}]
        """,
    )
    answer = project.aetherflow("run", flow, *arguments, "--json")
    assert answer.code == 2
    assert [problem["code"] for problem in answer.json["errors"]] == [code]
    assert project.lines("seen") == []


def test_booleans_and_numbers_from_the_environment_have_the_type_that_the_step_declares(project):
    """D15: `false` from the environment was true."""
    project.write(
        "steps/more.py",
        """
        from aetherflow.kernel.api import StepOutputs, register_step, Rerun

        class Got(StepOutputs):
            told: list[str]

        @register_step("typed", rerun=Rerun.SAFE)
        def typed(flag: bool, count: int, text: str) -> Got:
            return Got(told=[repr(flag), repr(count), repr(text)])
        """,
    )
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: typed}
        jobs:
          - id: main
            steps: [{id: s, type: typed, inputs: {flag: "{{env.FLAG:true}}", count: "{{env.COUNT:3}}", text: "{{env.TEXT:5}}"}, outputs: {told: "{{result.told}}"}}]
        """,
    )
    answer = project.aetherflow("run", flow, "--json", FLAG="false", COUNT="12", TEXT="022")
    assert answer.json["jobs"][0]["outputs"] == {"told": ["False", "12", "'022'"]}
    wrong = project.aetherflow("run", flow, "--json", FLAG="yes")
    assert wrong.code == 2
    assert (wrong.json["errors"][0]["code"], wrong.json["errors"][0]["help"]) == ("AF-TEXT-TYPE", "write true or false")
