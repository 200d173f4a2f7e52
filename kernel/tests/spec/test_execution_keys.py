"""How steps, jobs and flows are run: `when`, `retry`, time limits, `foreach`, outputs of jobs, jobs at the end."""

from __future__ import annotations

import textwrap

import pytest

from aetherflow.kernel.errors import InvalidInput, Problem
from aetherflow.kernel.spec.document import Raw, parse_document
from aetherflow.kernel.spec.flow import examine_flow, read_flow
from aetherflow.kernel.spec.models import Concurrency, Flow, Foreach, Locks, Retry, Step


def read(text: str) -> Flow:
    return read_flow(parse_document(textwrap.dedent(text).encode(), "f.yaml"))


def problems(text: str) -> tuple[Problem, ...]:
    return examine_flow(parse_document(textwrap.dedent(text).encode(), "f.yaml")).problems


def with_step(text: str) -> str:
    return f"flow: {{id: x}}\njobs:\n  - {{id: j, steps: [{{id: s, type: t, {text}}}]}}\n"


def with_block(text: str) -> str:
    return f"flow: {{id: x, {text}}}\njobs: []\n"


def step_of(text: str) -> Step:
    return read(with_step(text)).jobs[0].steps[0]


def test_everything_that_says_how_a_step_is_run_is_read():
    """D40: step-level `retry`, `timeout` and `when` were accepted, and without effect."""
    step = step_of(
        "when: params.x > 1, timeout_seconds: 0.5, continue_on_error: true, retry: {max_attempts: 3, backoff_seconds: 2,"
        " backoff_multiplier: 1.5, max_backoff_seconds: 60, jitter: 0.1, on_errors: [AF-CONNECTOR*, AF-TIMED-OUT]}"
    )

    assert (step.when, step.timeout_seconds, step.continue_on_error) == ("params.x > 1", 0.5, True)
    assert step.retry == Retry(
        path=("jobs", 0, "steps", 0, "retry"),
        max_attempts=3,
        backoff_seconds=2,
        backoff_multiplier=1.5,
        max_backoff_seconds=60,
        jitter=0.1,
        on_errors=("AF-CONNECTOR*", "AF-TIMED-OUT"),
    )


def test_a_step_that_says_nothing_is_run_once_without_conditions_and_limits():
    step = step_of("inputs: {}")

    assert (step.when, step.retry, step.timeout_seconds, step.continue_on_error) == (None, None, None, False)
    assert step.foreach is None


def test_one_wait_for_ever_attempt_is_as_long_as_the_other_by_default():
    retry = step_of("retry: {max_attempts: 2}").retry

    assert retry is not None
    assert (retry.backoff_seconds, retry.backoff_multiplier, retry.max_backoff_seconds) == (0, 1, None)
    assert (retry.jitter, retry.on_errors) == (0, ())


def test_a_step_is_repeated_for_a_list_a_template_or_a_matrix():
    path = ("jobs", 0, "steps", 0, "foreach")

    assert step_of("foreach: {items: [1, a]}").foreach == Foreach(path=path, items=[1, "a"])
    assert step_of("foreach: {items: '{{params.x}}', max_parallel: 4}").foreach == Foreach(
        path=path, items="{{params.x}}", max_parallel=4
    )
    assert step_of("foreach: {matrix: {a: [1], b: '{{params.x}}'}, max_parallel: 2}").foreach == Foreach(
        path=path, matrix={"a": [1], "b": "{{params.x}}"}, max_parallel=2
    )


def test_jobs_have_outputs_and_time_limits_and_stand_in_three_parts():
    flow = read(
        """
        flow: {id: x, concurrency: {max_parallel_jobs: 4, fail_fast: true}, locks: {scope: flow, wait_seconds: 30}}
        jobs: [{id: a, timeout_seconds: 60, outputs: {n: "{{steps.s.count}}"}, steps: [{id: s, type: t}]}]
        on_failure: [{id: b, steps: []}, {id: b2, depends_on: [b], steps: []}]
        finally: [{id: c, steps: []}]
        """
    )

    assert (flow.concurrency, flow.locks) == (
        Concurrency(max_parallel_jobs=4, fail_fast=True),
        Locks(scope="flow", ttl_seconds=60, wait_seconds=30),
    )
    assert (flow.jobs[0].timeout_seconds, flow.jobs[0].outputs) == (60, {"n": "{{steps.s.count}}"})
    assert [[job.id for job in jobs] for jobs in flow.sections.values()] == [["a"], ["b", "b2"], ["c"]]
    assert [job.id for job in flow.all_jobs] == ["a", "b", "b2", "c"]
    assert flow.on_failure[1].path == ("on_failure", 1)


@pytest.mark.parametrize(
    ("text", "code", "column", "mend"),
    [
        ("when: true", "AF-WRONG-TYPE", 44, "write it in quotes"),
        ("timeout_seconds: 0", "AF-WRONG-VALUE", 55, "write a number above 0, or leave the key out"),
        ("timeout_seconds: '5'", "AF-WRONG-TYPE", 55, "write it without quotes"),
        ("timeout_seconds: .inf", "AF-WRONG-VALUE", 55, "leave the key out where there is no limit"),
        ("timeout_seconds: .nan", "AF-WRONG-VALUE", 55, "leave the key out where there is no limit"),
        (f"timeout_seconds: 1{'0' * 400}", "AF-WRONG-VALUE", 55, "write 31622400 or less"),
        ("continue_on_error: yes", "AF-WRONG-TYPE", 57, "write true, which is what 'yes' was before YAML 1.2"),
        ("retry: 3", "AF-WRONG-TYPE", 45, ""),
        ("retry: {}", "AF-MISSING-KEY", 38, "write `max_attempts: …` here"),
        ("retry: {max_attempts: 0}", "AF-WRONG-VALUE", 60, "write 1 or more"),
        ("retry: {max_attempts: 2.5}", "AF-WRONG-TYPE", 60, ""),
        ("retry: {max_attempts: 2000}", "AF-WRONG-VALUE", 60, "write 1000 or less"),
        ("retry: {max_attempts: 2, delay: 3}", "AF-UNKNOWN-KEY", 63, "there is: "),
        ("retry: {max_attempts: 2, backoff: 3}", "AF-UNKNOWN-KEY", 63, "did you mean 'backoff_seconds'?"),
        ("retry: {max_attempts: 2, backoff_seconds: -1}", "AF-WRONG-VALUE", 80, "write 0 or more"),
        ("retry: {max_attempts: 2, backoff_multiplier: 0.5}", "AF-WRONG-VALUE", 83, "write 1 or more"),
        ("retry: {max_attempts: 2, jitter: 2}", "AF-WRONG-VALUE", 71, "write 1 or less"),
        ("retry: {max_attempts: 2, on_errors: AF-X}", "AF-WRONG-TYPE", 74, "write it as a list: [a, b]"),
        ("retry: {max_attempts: 2, on_errors: []}", "AF-WRONG-VALUE", 74, "leave the key out"),
        ("retry: {max_attempts: 2, on_errors: [AF-X, ConnectorError]}", "AF-WRONG-VALUE", 81, "AF-CONNECTOR*"),
        ("retry: {max_attempts: 2, on_errors: ['af-*']}", "AF-WRONG-VALUE", 75, "codes look like"),
        (
            "retry: {max_attempts: 2, backoff_seconds: 9, max_backoff_seconds: 8}",
            "AF-WRONG-VALUE",
            104,
            "write 9 or more",
        ),
        ("foreach: [a]", "AF-WRONG-TYPE", 47, ""),
        ("foreach: {}", "AF-WRONG-VALUE", 47, "write `items: […]` here"),
        ("foreach: {max_parallel: 2}", "AF-WRONG-VALUE", 47, "write `items: […]` here"),
        ("foreach: {items: [a], matrix: {b: [c]}}", "AF-WRONG-VALUE", 47, "keep one of them"),
        ("foreach: {item: [a]}", "AF-UNKNOWN-KEY", 48, "did you mean 'items'?"),
        ("foreach: {items: {a: b}}", "AF-WRONG-TYPE", 55, ""),
        ("foreach: {items: 3}", "AF-WRONG-TYPE", 55, ""),
        ("foreach: {items: [a], max_parallel: 0}", "AF-WRONG-VALUE", 74, "write 1 or more"),
        ("foreach: {items: [a], max_parallel: 5000}", "AF-WRONG-VALUE", 74, "write 1024 or less"),
        ("foreach: {matrix: {}}", "AF-WRONG-VALUE", 56, "write `NAME: […]` here"),
        ("foreach: {matrix: [a]}", "AF-WRONG-TYPE", 56, ""),
        ("foreach: {matrix: {a: 1}}", "AF-WRONG-TYPE", 60, ""),
        ("foreach: {matrix: {a.b: [1]}}", "AF-ID", 57, "choose another id"),
    ],
)
def test_what_a_step_can_not_mean_is_told_at_its_place(text, code, column, mend):
    (problem,) = problems(with_step(text))

    assert (problem.code, str(problem.where)) == (code, f"f.yaml:3:{column}")
    assert mend in problem.help


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (with_block("concurrency: {max_parallel_jobs: 0}"), "AF-WRONG-VALUE", "f.yaml:1:48"),
        (with_block("concurrency: {max_parallel_jobs: 2000}"), "AF-WRONG-VALUE", "f.yaml:1:48"),
        (with_block("concurrency: {fail_fast: 1}"), "AF-WRONG-TYPE", "f.yaml:1:40"),
        (with_block("concurrency: {parallel: 2}"), "AF-UNKNOWN-KEY", "f.yaml:1:29"),
        (with_block("locks: {wait_seconds: -1}"), "AF-WRONG-VALUE", "f.yaml:1:37"),
        (with_block(f"locks: {{ttl_seconds: {'9' * 400}}}"), "AF-WRONG-VALUE", "f.yaml:1:36"),
        ("flow: {id: x}\njobs: [{id: j, timeout_seconds: -3, steps: []}]", "AF-WRONG-VALUE", "f.yaml:2:33"),
        ("flow: {id: x}\njobs: [{id: j, outputs: {a.b: 1}, steps: []}]", "AF-ID", "f.yaml:2:26"),
        ("flow: {id: x}\njobs: [{id: j, retry: {}, steps: []}]", "AF-UNKNOWN-KEY", "f.yaml:2:16"),
        ("flow: {id: x}\njobs: []\nfinally: {}", "AF-WRONG-TYPE", "f.yaml:3:10"),
        ("flow: {id: x}\njobs: []\nfinaly: []", "AF-UNKNOWN-KEY", "f.yaml:3:1"),
    ],
)
def test_what_a_flow_or_job_can_not_mean_is_told_at_its_place(text, code, place):
    (problem,) = problems(text)

    assert (problem.code, str(problem.where)) == (code, place)


def test_the_limit_of_parallel_jobs_may_come_from_the_environment():
    document = parse_document(
        b"flow: {id: x, concurrency: {max_parallel_jobs: '{{env.N}}', fail_fast: '{{env.F}}'}}\njobs: []", "f"
    )

    flow = read_flow(document, render=lambda value, _path: {"{{env.N}}": "8", "{{env.F}}": "true"}.get(value, value))

    assert flow.concurrency == Concurrency(max_parallel_jobs=8, fail_fast=True)


def test_an_unreadable_list_is_told_and_not_taken_as_a_missing_one():
    assert [problem.code for problem in problems(with_step("foreach: {items: 3}"))] == ["AF-WRONG-TYPE"]
    text = "flow: {id: x}\njobs: [{id: j, steps: 3}, {id: k, steps: [{id: s, type: t, foreach: {}}]}]"
    assert [problem.code for problem in problems(text)] == ["AF-WRONG-TYPE", "AF-WRONG-VALUE"]


# ------------------------------------------------------------------------------------------------- ids and order


def test_two_jobs_of_different_parts_need_two_ids():
    (problem,) = problems("flow: {id: x}\njobs: [{id: tell, steps: []}]\nfinally: [{id: Tell, steps: []}]")

    assert (problem.code, str(problem.where)) == ("AF-DUPLICATE-ID", "f.yaml:3:12")
    assert "line 2" in problem.help


def test_an_output_that_a_step_promotes_is_none_that_the_job_gives():
    (problem,) = problems(
        """\
        flow: {id: x}
        jobs:
          - id: j
            outputs: {m: 1, n: 2}
            steps: [{id: s, type: t, outputs: {n: "{{result.n}}"}}]
        """
    )

    assert (problem.code, str(problem.where)) == ("AF-DUPLICATE-ID", "f.yaml:4:21")
    assert "step 's'" in problem.message


PARTS = """\
flow: {{id: x}}
jobs:
  - {{id: first, steps: []}}
  - {{id: second, depends_on: [{jobs}], steps: []}}
on_failure:
  - {{id: tell, depends_on: [{on_failure}], steps: []}}
finally:
  - {{id: tidy, steps: []}}
  - {{id: leave, depends_on: [{finally_}], steps: []}}
"""
NOTHING = {"jobs": "", "on_failure": "", "finally_": ""}


@pytest.mark.parametrize(
    ("part", "name", "message", "mend"),
    [
        ("jobs", "tell", "stands in `on_failure`, which runs after all of `jobs`", "move one of the two"),
        ("jobs", "tidy", "stands in `finally`, which runs after all of `jobs`", "move one of the two"),
        ("on_failure", "first", "stands in `jobs`, which has ended by then in any case", "{{jobs.first.status}}"),
        ("on_failure", "tidy", "stands in `finally`, which runs after all of `on_failure`", "move one of the two"),
        ("finally_", "tell", "stands in `on_failure`, which has ended by then", "{{jobs.tell.status}}"),
    ],
)
def test_a_job_can_not_wait_for_one_of_another_part(part, name, message, mend):
    (problem,) = problems(PARTS.format(**{**NOTHING, part: name}))

    assert problem.code == "AF-JOB-ORDER"
    assert message in problem.message
    assert mend in problem.help


@pytest.mark.parametrize(("name", "code"), [("leave", "AF-SELF-DEPENDENCY"), ("tydi", "AF-UNKNOWN-JOB")])
def test_within_a_part_the_order_is_checked_as_among_jobs(name, code):
    assert [problem.code for problem in problems(PARTS.format(**{**NOTHING, "finally_": name}))] == [code]
    assert problems(PARTS.format(**{**NOTHING, "finally_": "tidy", "jobs": "first"})) == ()


# ---------------------------------------------------------------------------------------------------------- !raw


def test_raw_in_front_of_a_whole_mapping_or_list_is_kept_on_each_of_its_parts():
    step = step_of("inputs: !raw {a: '{{x}}'}, outputs: !raw {o: '{{y}}'}, foreach: {items: !raw ['{{z}}']}")

    assert (step.inputs, step.outputs) == ({"a": Raw("{{x}}")}, {"o": Raw("{{y}}")})
    assert step.foreach is not None
    assert step.foreach.items == [Raw("{{z}}")]


def test_raw_in_front_of_a_default_keeps_it_from_being_rendered():
    flow = read("flow: {id: x}\nparams: {a: {type: string, default: !raw '{{x}}'}}\njobs: []")

    assert flow.parameters["a"].default == Raw("{{x}}")


def test_raw_elsewhere_changes_nothing():
    step = step_of("when: !raw params.x, retry: !raw {max_attempts: !raw 2}")

    assert step.when == "params.x"
    assert step.retry is not None


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(InvalidInput) as caught:
        read(with_step("retry: {max_attempts: 0, jitter: 7}, timeout_seconds: x, foreach: {}, when: 1"))

    assert len(caught.value.problems) == 5
