"""A condition compares what can be compared, and could hold or not."""

from __future__ import annotations

import pytest

FLOW = """\
flow: {{id: x}}
params:
  whole: {{type: integer, default: 1}}
  text: {{type: string, default: a}}
  list: {{type: list, default: []}}
jobs:
  - id: first
    steps:
      - {{id: count, type: acme.count, inputs: {{items: []}}, outputs: {{n: "{{{{result.count}}}}", any: "{{{{result.has_data}}}}"}}}}
      - {{id: s, type: acme.count, when: "{step}", inputs: {{items: []}}}}
  - id: beside
    steps: [{{id: s, type: acme.count, inputs: {{items: []}}}}]
  - id: second
    depends_on: [first]
    when: "{job}"
    steps: [{{id: s, type: acme.count, inputs: {{items: []}}}}]
  - id: third
    depends_on: [second]
    steps: [{{id: s, type: acme.count, inputs: {{items: []}}}}]
  - id: fourth
    depends_on: [third]
    steps: [{{id: s, type: acme.count, inputs: {{items: []}}}}]
"""


@pytest.fixture
def check_when(check):
    def run(*, step: str = "run.attempt > 1", job: str = "run.attempt > 1"):
        return check(FLOW.format(step=step, job=job), environment={"N": "1", "WORD": "many", "FLAG": "false"})

    return run


@pytest.mark.parametrize(
    "condition",
    [
        "jobs.first.outputs.n > 0",
        "jobs.first.outputs.n == null or params.whole == 1.0",
        "jobs.beside.status == 'FAILED' or jobs.beside.status != 'SUCCESS'",
        "env.N > 1 and env.N == 'a'",
        "env.FLAG and env.N < params.whole and env.FLAG == true and env.WORD == params.text",
        "jobs.first.outputs.any > 1 or jobs.first.outputs.any == 'x'",
        "not params.list",
        "params.text > 'a' and params.text != 'b'",
        "1 < params.whole < 5",
    ],
)
def test_what_may_hold_or_not_is_taken(check_when, condition):
    assert check_when(job=condition) == ()


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("true", "always holds"),
        ("1 == 1.0", "always holds"),
        ("false or not true", "never holds"),
        ("false and run.attempt > 1", "never holds"),
        ("true or run.attempt > 1", "always holds"),
        ("run.attempt > null", "never holds"),
        ("params.whole == 'one'", "never holds: 'params.whole' is a whole number, and 'one' is text"),
        ("params.text != 1", "always holds"),
        ("jobs.beside.status == 'SUCESS'", "'jobs.beside.status' can only be SUCCESS, SKIPPED"),
        ("jobs.first.status == 'FAILED'", "'jobs.first.status' can only be SUCCESS"),
        ("run.attempt > 1 and params.text == true", "never holds"),
    ],
)
def test_what_never_or_always_holds_is_told_with_its_reason(check, check_when, condition, told):
    first, *later = check_when(job=condition)

    assert (first.code, first.severity) == ("AF-WHEN-CONSTANT", "warning")
    assert told in first.message
    assert first.help
    assert check.at(first).startswith(f'"{condition}')
    assert {problem.code for problem in later} <= {"AF-UNREACHABLE"}


def test_a_misspelt_status_is_answered_with_the_nearest_one(check_when):
    first, *_ = check_when(job="jobs.beside.status == 'SUCESS'")

    assert first.help == "did you mean 'SUCCESS'?"


@pytest.mark.parametrize("place", ["step", "job"])
@pytest.mark.parametrize(
    "condition", ["params.text > 1", "params.list < params.whole", "1 < 'a'", "true > run.attempt"]
)
def test_what_has_no_order_is_an_error_in_jobs_and_steps(check_when, place, condition):
    (problem,) = check_when(**{place: condition})

    assert (problem.code, problem.severity) == ("AF-WHEN-TYPES", "error")


@pytest.mark.parametrize(
    "condition", ["env.WORD", "not env.N", "env.WORD > 1", "params.whole == env.WORD", "true == env.N"]
)
def test_texts_of_the_environment_that_are_not_what_they_are_compared_with_are_errors(check_when, condition):
    first, *_ = check_when(job=condition)

    assert (first.code, first.severity) == ("AF-WHEN-TYPES", "error")
    assert "in the environment" in first.message


def test_jobs_behind_one_that_never_runs_are_told_as_well(check_when):
    found = check_when(job="false")

    assert [(problem.code, problem.path) for problem in found] == [
        ("AF-WHEN-CONSTANT", ("jobs", 2, "when")),
        ("AF-UNREACHABLE", ("jobs", 3, "depends_on", 0)),
        ("AF-UNREACHABLE", ("jobs", 4, "depends_on", 0)),
    ]


@pytest.mark.parametrize(
    ("condition", "mend"),
    [
        ("params.whole == '1'", "write 1 without quotes"),
        ("'1' < params.whole", "write 1 without quotes"),
        ("params.whole > 'one'", "compare numbers with numbers, and texts with texts"),
        ("params.whole == true", "compare values of one type"),
    ],
)
def test_a_text_that_reads_as_what_it_is_compared_with_loses_its_quotes(check_when, condition, mend):
    problem, *_ = check_when(job=condition)

    assert problem.help == mend
