"""Conditions of steps, outputs of jobs, and what jobs at the end see, from the outside."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.acceptance


def run(project, text: str, *arguments: str):
    return project.aetherflow("run", project.write("flow.yaml", text), *arguments, "--json")


def statuses(answer) -> dict[str, str]:
    return {job["job_id"]: job["status"] for job in answer.json["jobs"]}


def steps(answer, job: int = 0) -> dict[str, tuple[str, str]]:
    return {step["step_id"]: (step["status"], step["reason"]) for step in answer.json["jobs"][job]["steps"]}


def outputs(answer, job: int = 0) -> dict[str, object]:
    return answer.json["jobs"][job]["outputs"]


def test_a_step_whose_condition_does_not_hold_is_skipped_and_its_job_goes_on(project):
    """D44: a step-level `when` was accepted, and without effect."""
    answer = run(
        project,
        """
        flow: {id: x}
        jobs:
          - id: j
            outputs: {skipped: "{{steps.b.skipped}}", reason: "{{steps.b.reason}}", value: "{{steps.b.value}}"}
            steps:
              - {id: a, type: say, inputs: {value: 3}}
              - {id: b, type: say, when: steps.a.value > 3, on_no_data: skip_job, inputs: {witness: seen}}
              - {id: c, type: say, when: steps.a.value == 3 and steps.b.skipped, inputs: {witness: seen}}
        """,
    )

    assert answer.code == 0
    assert steps(answer)["b"] == ("SKIPPED", "condition=false")
    assert project.lines("seen") == ["c 1"]
    assert outputs(answer) == {"skipped": True, "reason": "condition=false", "value": None}


def test_a_list_that_multiplies_to_too_much_while_running_is_an_error(project):
    lists = ", ".join(f"{name}: '{{{{params.l}}}}'" for name in "abcdef")
    answer = run(
        project,
        f"""
        flow: {{id: x}}
        params: {{l: {{type: list, default: {list(range(10))}}}}}
        jobs: [{{id: j, steps: [{{id: s, type: say, foreach: {{matrix: {{{lists}}}}}}}]}}]
        """,
    )

    assert answer.json["jobs"][0]["steps"][0]["error_code"] == "AF-FOREACH-SIZE"


ENDING = """
flow: {{id: x}}
jobs:
  - {{id: ok, outputs: {{o: "{{{{steps.s.value}}}}"}}, steps: [{{id: s, type: say, inputs: {{value: 1}}}}]}}
  - {{id: work, outputs: {{o: "{{{{steps.s.value}}}}"}}, steps: [{{id: s, type: {work}}}]}}
on_failure:
  - id: tell
    steps:
      - id: t
        type: say
        inputs: {{value: "{{{{failure.job_id}}}} {{{{failure.step_id}}}} {{{{failure.status}}}} {{{{failure.error_code}}}}"}}
        outputs: {{told: "{{{{result.value}}}}"}}
finally:
  - id: tidy
    steps:
      - {{id: t, type: say, inputs: {{value: "{{{{failure.job_id:none}}}} {{{{jobs.tell.status:none}}}}", witness: tidied}},
         outputs: {{told: "{{{{result.value}}}}"}}}}
  - {{id: last, steps: [{{id: t, type: {last}}}]}}
"""


def test_jobs_at_the_end_hear_of_the_first_failure(project):
    answer = run(project, ENDING.format(work="fail", last="say"))

    assert answer.code == 1
    assert statuses(answer) == {
        "ok": "SUCCESS",
        "work": "FAILED",
        "tell": "SUCCESS",
        "tidy": "SUCCESS",
        "last": "SUCCESS",
    }
    assert (outputs(answer, 0), outputs(answer, 1)) == ({"o": 1}, {"o": None})
    assert outputs(answer, 2) == {"told": "work s FAILED AF-STEP-FAILED"}
    assert outputs(answer, 3) == {"told": "work SUCCESS"}


def test_where_nothing_failed_only_the_jobs_of_finally_run_and_one_that_fails_fails_the_run(project):
    good = run(project, ENDING.format(work="say", last="say"))
    bad = run(project, ENDING.format(work="say", last="fail"))

    assert (good.code, statuses(good)) == (
        0,
        {"ok": "SUCCESS", "work": "SUCCESS", "tidy": "SUCCESS", "last": "SUCCESS"},
    )
    assert outputs(good, 2) == {"told": "none none"}
    assert (bad.code, bad.json["status"], statuses(bad)["work"]) == (1, "FAILED", "SUCCESS")


def test_a_job_that_is_skipped_for_want_of_data_gives_its_outputs_and_one_that_is_not_wanted_gives_none(project):
    answer = run(
        project,
        """
        flow: {id: x}
        jobs:
          - id: empty
            outputs: {a: "{{steps.s.value}}", b: "{{steps.t.value}}", c: 5}
            steps:
              - {id: s, type: nothing_to_do, on_no_data: skip_job}
              - {id: t, type: say}
          - {id: unwanted, when: "false", outputs: {c: 5}, steps: [{id: s, type: say}]}
        """,
    )

    assert statuses(answer) == {"empty": "SKIPPED", "unwanted": "SKIPPED"}
    assert outputs(answer, 0) == {"a": None, "b": None, "c": 5}
    assert outputs(answer, 1) == {"c": None}


def test_outputs_may_be_nested_deeply(watched):
    watched.project.write(
        "steps/deep.py",
        """
        from aetherflow.kernel.api import Rerun, StepContext, StepOutputs, register_step

        class Deep(StepOutputs):
            value: object

        @register_step("deep", rerun=Rerun.SAFE)
        def deep(context: StepContext, depth: int) -> Deep:
            value = []
            for _ in range(depth):
                value = [value]
            return Deep(value=value)
        """,
    )
    result = watched.run(
        """
        version: 1
        flow: {id: f}
        jobs:
          - {id: a, steps: [{id: s, type: deep, inputs: {depth: 220}, outputs: {value: "{{result.value}}"}}]}
        """
    )
    value, depth = result.jobs[0].outputs["value"], 0
    while value:
        value, depth = value[0], depth + 1
    assert depth == 220
