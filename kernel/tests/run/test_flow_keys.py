"""What docs/flow.md says of the keys that tell how jobs and steps are run, from the outside."""

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


def test_a_step_is_tried_again_as_often_as_it_says(project):
    """D40: a step-level `retry` was accepted, and without effect."""
    answer = run(
        project,
        """
        flow: {id: x}
        jobs:
          - id: j
            steps: [{id: s, type: fail, inputs: {witness: seen}, retry: {max_attempts: 3}}]
        """,
    )

    assert answer.code == 1
    assert project.lines("seen") == ["s 1", "s 2", "s 3"]


@pytest.mark.parametrize(("pattern", "count"), [("AF-STEP-*", 2), ("AF-CONNECTOR*", 1)])
def test_a_step_is_tried_again_only_after_the_errors_that_it_names(project, pattern, count):
    run(
        project,
        f"""
        flow: {{id: x}}
        jobs:
          - id: j
            steps:
              - {{id: s, type: fail, inputs: {{witness: seen}}, retry: {{max_attempts: 2, on_errors: ["{pattern}"]}}}}
        """,
    )

    assert len(project.lines("seen")) == count


def test_a_step_that_may_run_once_only_is_tried_again_where_nothing_was_done(project):
    text = """
    flow: {{id: {name}}}
    jobs:
      - id: j
        steps:
          - {{id: s, type: fail, rerun: ONCE, inputs: {{witness: {name}, kind: {kind}}}, retry: {{max_attempts: 2}}}}
    """
    run(project, text.format(name="nothing", kind="nothing"))
    run(project, text.format(name="step", kind="step"))

    assert (len(project.lines("nothing")), len(project.lines("step"))) == (2, 1)


def test_a_new_start_begins_a_new_series_of_attempts(project):
    text = """
    flow: {id: x}
    jobs: [{id: j, steps: [{id: s, type: fail, inputs: {witness: seen}, retry: {max_attempts: 2}}]}]
    """
    run(project, text, "--run-id", "r")
    run(project, text, "--run-id", "r")

    assert project.lines("seen") == ["s 1", "s 2", "s 3", "s 4"]


def test_the_time_of_a_step_and_of_a_job_ends_it(project):
    answer = run(
        project,
        """
        flow: {id: x, concurrency: {max_parallel_jobs: 2}}
        jobs:
          - {id: j, steps: [{id: s, type: hang, timeout_seconds: 0.2, inputs: {ready: a}}]}
          - {id: k, timeout_seconds: 0.2, steps: [{id: s, type: hang, inputs: {ready: b}}]}
        """,
    )

    assert answer.code == 1
    assert statuses(answer) == {"j": "TIMED_OUT", "k": "TIMED_OUT"}
    assert [job["steps"][0]["error_code"] for job in answer.json["jobs"]] == ["AF-TIMED-OUT", "AF-TIMED-OUT"]


def test_a_job_goes_on_after_an_error_that_is_allowed_and_so_does_a_resume(project):
    text = """
    flow: {id: x}
    jobs:
      - id: j
        outputs: {value: "{{steps.s.value}}"}
        steps:
          - {id: s, type: fail, continue_on_error: true, inputs: {witness: seen}}
          - {id: t, type: say, inputs: {value: "{{steps.s.value:none}}"}, outputs: {told: "{{result.value}}"}}
          - {id: u, type: fail, inputs: {unless: mended}}
    """
    run(project, text, "--run-id", "r")
    (project.folder / "mended").touch()
    answer = run(project, text, "--run-id", "r")

    assert (answer.code, statuses(answer)) == (0, {"j": "SUCCESS"})
    assert steps(answer)["s"][0] == "FAILED"
    assert outputs(answer) == {"told": "none", "value": None}
    assert len(project.lines("seen")) == 1


def test_a_step_runs_for_each_item_and_its_outputs_are_lists_in_their_order(project):
    answer = run(
        project,
        """
        flow: {id: x}
        params: {none: {type: list, default: []}}
        jobs:
          - id: j
            steps:
              - id: s
                type: say
                when: item.a != 1 or item.b != "x"
                foreach: {matrix: {a: [1, 2], b: [x, y]}, max_parallel: 3}
                inputs: {value: "{{item_index}}{{item.b}}", witness: seen}
                outputs: {values: "{{result.value}}"}
              - {id: n, type: say, foreach: {items: "{{params.none}}"}, outputs: {nothing: "{{result.value}}"}}
              - {id: k, type: say, when: item > 9, foreach: {items: [1]}, outputs: {skipped: "{{result.value}}"}}
        """,
    )

    assert answer.code == 0
    assert outputs(answer) == {"values": [None, "1y", "2x", "3y"], "nothing": [], "skipped": [None]}
    assert (steps(answer)["n"][0], steps(answer)["k"][0]) == ("SUCCESS", "SKIPPED")
    assert len(project.lines("seen")) == 3


REPEATED = """
flow: {{id: x}}
jobs:
  - id: j
    steps:
      - id: s
        type: fail
        foreach: {{items: {items}}}
        inputs: {{unless: "{{{{item}}}}", witness: seen}}
        outputs: {{values: "{{{{result.value}}}}"}}
"""


def test_a_resume_runs_only_the_items_that_are_not_done(project):
    (project.folder / "a").touch()
    first = run(project, REPEATED.format(items="[a, b, c]"), "--run-id", "r")
    started = len(project.lines("seen"))
    (project.folder / "b").touch()
    (project.folder / "c").touch()
    second = run(project, REPEATED.format(items="[a, b, c]"), "--run-id", "r")

    assert (first.code, started) == (1, 2), "the third item does not start after the second failed"
    assert "item 1" in steps(first)["s"][1]
    assert (second.code, len(project.lines("seen"))) == (0, 4)
    assert outputs(second) == {"values": ["mended", "mended", "mended"]}


def test_a_resume_with_other_items_is_an_error_where_some_are_done(project):
    (project.folder / "a").touch()
    run(project, REPEATED.format(items="[a, b]"), "--run-id", "r")
    answer = run(project, REPEATED.format(items="[b, a]"), "--run-id", "r")

    assert (answer.code, answer.json["jobs"][0]["steps"][0]["error_code"]) == (1, "AF-FOREACH-CHANGED")


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


def test_no_other_job_starts_after_one_that_failed_where_the_flow_fails_fast(project):
    answer = run(
        project,
        """
        flow: {id: x, concurrency: {fail_fast: true}}
        jobs:
          - {id: bad, steps: [{id: s, type: fail}]}
          - {id: beside, steps: [{id: s, type: say}]}
        finally: [{id: last, steps: [{id: s, type: say}]}]
        """,
    )

    assert statuses(answer) == {"bad": "FAILED", "beside": "CANCELLED", "last": "SUCCESS"}


def test_a_reference_orders_jobs_that_could_run_at_the_same_time(project):
    answer = run(
        project,
        """
        flow: {id: x, concurrency: {max_parallel_jobs: 4}}
        jobs:
          - {id: a, outputs: {v: "{{steps.s.value}}"}, steps: [{id: s, type: say, inputs: {value: 7}}]}
          - {id: b, steps: [{id: s, type: fail}]}
          - id: c
            outputs: {seen: "{{steps.s.value}}"}
            steps: [{id: s, type: say, inputs: {value: "{{jobs.a.outputs.v}} {{jobs.b.status}}"}}]
        """,
    )

    assert outputs(answer, 2) == {"seen": "7 FAILED"}


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


def test_jobs_at_the_end_run_in_each_start_that_has_something_to_do(project):
    text = ENDING.format(work="fail, inputs: {unless: mended}", last="say")
    run(project, text, "--run-id", "r")
    (project.folder / "mended").touch()
    run(project, text, "--run-id", "r")
    run(project, text, "--run-id", "r")

    assert len(project.lines("tidied")) == 2


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
