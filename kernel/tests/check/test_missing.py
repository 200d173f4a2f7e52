"""What may be missing by then has a default, or a condition that looks at it first."""

from __future__ import annotations

import pytest

FLOW = """\
flow: {{id: x}}
jobs:
  - id: j
    outputs: {{all: "{{{{steps.perhaps.count}}}}"}}
    steps:
      - {{id: perhaps, type: acme.count, when: run.attempt > 1, inputs: {{items: []}}}}
      - {{id: tried, type: acme.count, continue_on_error: true, inputs: {{items: []}}}}
      - {{id: each, type: acme.count, when: item > 1, foreach: {{items: [1]}}, inputs: {{items: []}}}}
      - {{id: sure, type: acme.count, inputs: {{items: []}}}}
      - {{id: after, type: acme.open, when: {when}, inputs: {{a: "{inputs}"}}, outputs: {{o: "{outputs}"}}}}
finally:
  - id: tidy
    when: {tidy_when}
    steps: [{{id: t, type: acme.open, inputs: {{a: "{tidy}"}}}}]
on_failure:
  - id: tell
    steps: [{{id: t, type: acme.open, inputs: {{a: "{tell}"}}, outputs: {{m: "x"}}}}]
  - id: more
    steps: [{{id: t, type: acme.open, inputs: {{a: "{{{{jobs.tell.outputs.m}}}}"}}}}]
"""
PLACES = {"when": "", "inputs": "x", "outputs": "x", "tidy": "x", "tidy_when": "", "tell": "x"}


@pytest.fixture
def check_places(check):
    def run(**places: str):
        return check(FLOW.format(**{**PLACES, **places}))

    return run


@pytest.mark.parametrize(
    "places",
    [
        {"inputs": "{{steps.perhaps.count:0}} {{steps.tried.count:0}} {{steps.sure.count}}"},
        {"inputs": "{{steps.each.count}}"},
        {"inputs": "{{steps.perhaps}}"},
        {"inputs": "{{steps.perhaps.count}}", "when": "steps.perhaps.count > 1"},
        {"when": "steps.perhaps.count > 1 and steps.tried.count > 1"},
        {"tell": "{{failure.error}}"},
        {"tidy": "{{failure}}"},
        {"tidy": "{{failure.error:none}}"},
        {"tidy": "{{failure.error}}", "tidy_when": "failure.job_id != null"},
        {"tidy": "{{jobs.tell.status:none}} {{jobs.tell.outputs.m:none}} {{jobs.j.status}} {{jobs}}"},
        {"tidy": "{{jobs.tell.status}}", "tidy_when": "jobs.tell.status != null"},
    ],
)
def test_what_is_there_or_is_looked_at_first_may_be_named(check_places, places):
    assert check_places(**places) == ()


@pytest.mark.parametrize(
    ("place", "text", "why"),
    [
        ("inputs", "{{steps.perhaps.count}}", "is skipped where its condition does not hold"),
        ("outputs", "{{steps.perhaps.count}}", "is skipped where its condition does not hold"),
        ("inputs", "{{steps.tried.count}}", "the job goes on where the step 'tried' failed"),
        ("tidy", "{{failure.error}}", "there is no failure where all went well"),
        ("tidy", "{{jobs.tell}}", "the job 'tell' of `on_failure` does not run where all went well"),
        ("tidy", "{{jobs.tell.status}}", "the job 'tell' of `on_failure` does not run where all went well"),
        ("tidy", "{{jobs.tell.outputs.m}}", "the job 'tell' of `on_failure` does not run where all went well"),
    ],
)
def test_what_may_be_missing_without_a_default_is_a_warning(check, check_places, place, text, why):
    (problem,) = check_places(**{place: text})

    assert (problem.code, problem.severity) == ("AF-MAY-BE-MISSING", "warning")
    assert why in problem.message
    assert f"{text[:-2]}:…}}}}" in problem.help
    assert "depend" not in problem.help
    assert check.at(problem).startswith(f'"{text}"')


@pytest.mark.parametrize(
    ("reference", "is_mended_by_it"),
    [("jobs.some.outputs.n", True), ("jobs.some.skip_reason", False), ("jobs.sure.outputs.n", False)],
)
def test_to_depend_on_another_job_is_a_mend_only_where_its_outputs_are_there_then(check, reference, is_mended_by_it):
    steps = 'steps: [{id: s, type: acme.count, inputs: {items: []}, outputs: {n: "{{result.count}}"}'
    (problem,) = check(
        f"""
        flow: {{id: x}}
        jobs:
          - {{id: some, when: run.attempt > 1, {steps}}}]}}
          - {{id: sure, {steps}, when: run.attempt > 1}}]}}
          - {{id: last, steps: [{{id: s, type: acme.open, inputs: {{a: "{{{{{reference}}}}}"}}}}]}}
        """
    )

    assert problem.code == "AF-MAY-BE-MISSING"
    assert ("or let the job depend on 'some'" in problem.help) is is_mended_by_it
    assert ("depend" in problem.help) is is_mended_by_it


@pytest.mark.parametrize("name", ["reason", "skipped"])
def test_what_only_a_skip_gives_is_missing_where_there_was_none(check_places, name):
    (problem,) = check_places(inputs=f"{{{{steps.sure.{name}}}}}")

    assert (problem.code, "only where the step 'sure' was skipped" in problem.message) == ("AF-MAY-BE-MISSING", True)


def test_time_that_a_run_was_planned_for_is_missing_unless_it_is_started_with_one(check):
    flow = """
        flow: {id: x}
        jobs:
          - {id: j, steps: [{id: s, type: acme.open, inputs: {a: "{{run.scheduled_time}}"}}]}
        """

    (problem,) = check(flow)

    assert problem.code == "AF-MAY-BE-MISSING"
    assert "'run.scheduled_time' may be missing: only a scheduler says" in problem.message
    assert check(flow, scheduled=True) == ()
