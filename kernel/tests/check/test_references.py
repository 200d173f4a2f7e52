"""What a template or a condition names must exist, and must have been made by then."""

from __future__ import annotations

import textwrap

import pytest

from aetherflow.kernel.check.indexing import index_flow
from aetherflow.kernel.spec.document import parse_document
from aetherflow.kernel.spec.flow import read_flow

FLOW = """\
flow: {{id: x}}
params: {{day: {{type: date}}}}
jobs:
  - id: first
    steps:
      - {{id: count, type: acme.count, inputs: {{items: []}}, outputs: {{n: "{{{{result.count}}}}"}}}}
      - {{id: run-it, type: acme.command, inputs: {{command: x, outputs: {{answer: 1}}}}}}
      - {{id: locked, type: acme.lock, inputs: {{key: k, step: {{type: acme.count, inputs: {{items: []}}}}}}}}
      - {{id: free, type: acme.open}}
      - {{id: here, type: acme.open, inputs: {{a: "{inputs}"}}, outputs: {{o: "{outputs}"}}}}
      - {{id: late, type: acme.count, inputs: {{items: []}}, outputs: {{z: 1}}}}
  - id: second
    when: {when}
    steps:
      - {{id: other, type: acme.open, inputs: {{b: "{second}"}}}}
  - id: third
    steps: [{{id: count2, type: acme.open, outputs: {{m: 1}}}}]
"""


@pytest.fixture
def check_at(check):
    def run(place: str, text: str, **options):
        places = {"inputs": "x", "outputs": "x", "when": "", "second": "x", place: text}
        return check(FLOW.format(**places), **options)

    return run


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("inputs", "{{steps.count.count}}"),
        ("inputs", "{{steps.count}}"),
        ("inputs", "{{steps.run-it.exit_code}} {{steps.run-it.answer}}"),
        ("inputs", "{{steps.locked.has_data}}"),
        ("inputs", "{{steps.free.whatever.it.gives}}"),
        ("inputs", "{{job.id}} {{job.outputs.n}}"),
        (
            "inputs",
            "{{params.day}} {{run.id}} {{run.date}} {{run.scheduled_time:never}} {{run.attempt}} {{flow_id}} {{run_id}}",
        ),
        ("outputs", "{{result.whatever}} {{job.outputs.n}}"),
        ("second", "{{jobs.first.outputs.n}} {{jobs.first.outputs.z}} {{jobs.first.status}}"),
        ("when", "jobs.first.outputs.n > 3 and jobs.first.status == 'SUCCESS' and params.day != null"),
    ],
)
def test_what_exists_by_then_may_be_named(check_at, place, text):
    assert check_at(place, text) == ()


WRONG = [
    ("inputs", "{{steps.cuont.count}}", "did you mean 'count'?"),
    ("inputs", "{{steps.count.cuont}}", "did you mean 'count'?"),
    ("inputs", "{{steps.count.cuont:0}}", "did you mean 'count'?"),
    ("inputs", "a {{steps.run-it.anser}}", "did you mean 'answer'?"),
    ("inputs", "{{steps.locked.has_dat}}", "did you mean 'has_data'?"),
    ("inputs", "{{steps.late.count}}", "move it up"),
    ("inputs", "{{steps.here.count}}", "refer to an earlier one"),
    ("outputs", "{{steps.here.count}}", "{{result.…}}"),
    ("inputs", "{{steps.other.count}}", "{{jobs.second.outputs.…}}"),
    ("inputs", "{{params.dya}}", "did you mean 'day'?"),
    ("inputs", "{{run.dat}}", "did you mean 'date'?"),
    ("inputs", "{{job.outputs.nn}}", "did you mean 'n'?"),
    ("inputs", "{{job.outputs.z}}", "move it up"),
    ("inputs", "{{job.outputs.o}}", "move it up"),
    ("inputs", "{{job.name}}", "there is: id, outputs"),
    ("inputs", "{{jobs.first.outputs.n}}", "earlier one"),
    ("inputs", "{{flow_id.x}}", "{{flow_id}}"),
    ("inputs", "{{env.HOME.x}}", "{{env.HOME}}"),
    ("second", "{{jobs.frist.outputs.n}}", "did you mean 'first'?"),
    ("second", "{{jobs.first.outputs.nn}}", "did you mean 'n'?"),
    ("second", "{{jobs.first.outptus.n}}", "did you mean 'outputs'?"),
    ("second", "{{jobs.third.outputs.m}}", "move it up"),
    ("second", "{{jobs.second.outputs.m}}", "earlier one"),
    ("second", "{{steps.count.count}}", "{{jobs.first.outputs.…}}"),
    ("when", "jobs.frist.outputs.n > 3", "did you mean 'first'?"),
    ("when", "jobs.third.outputs.m > 3", "move it up"),
    ("when", "not jobs.first.outputs.mm", "there is: n, o, z"),
    ("when", "params.dya == null", "did you mean 'day'?"),
]


@pytest.mark.parametrize(("place", "text", "mend"), WRONG)
def test_what_does_not_exist_by_then_is_one_problem_at_its_place(check, check_at, place, text, mend):
    """D40, D44: references were checked only when they were used, hours into a run."""
    (problem,) = check_at(place, text, environment={"HOME": "/"})

    assert problem.code == "AF-UNKNOWN-REFERENCE"
    assert mend in problem.help
    assert check.at(problem).strip('"').startswith(text)


@pytest.mark.parametrize(
    ("place", "text", "code"),
    [
        ("inputs", "{{result.x}}", "AF-TEMPLATE-ROOT"),
        ("inputs", "{{secrets.x}}", "AF-TEMPLATE-ROOT"),
        ("inputs", "{{item}}", "AF-TEMPLATE-ROOT"),
        ("inputs", "{% if x %}", "AF-TEMPLATE"),
        ("when", "steps.count.count > 1", "AF-WHEN-NAME"),
        ("when", "jobs.first.outputs.n >", "AF-WHEN-SYNTAX"),
    ],
)
def test_what_can_not_be_read_is_located(check, check_at, place, text, code):
    (problem,) = check_at(place, text)

    assert problem.code == code
    assert check.at(problem).strip('"').startswith(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("params: {a: {type: string, default: '{{params.b}}'}}", "AF-TEMPLATE-ROOT"),
        ("params: {a: {type: string, default: '{{run.attempt}}'}}", "AF-UNKNOWN-REFERENCE"),
        ("resources: {a: {kind: mail, driver: acme, config: {host: '{{params.b}}'}}}", "AF-TEMPLATE-ROOT"),
    ],
)
def test_each_field_has_its_own_roots(check, text, code):
    (problem,) = check(f"flow: {{id: x}}\n{text}\njobs: []\n")

    assert problem.code == code


PARTS = """\
flow: {{id: x, concurrency: {{max_parallel_jobs: {at_once}}}}}
params: {{list: {{type: list}}}}
jobs:
  - id: first
    outputs: {{all: "{{{{steps.count.count}}}}", more: "{job_outputs}"}}
    steps:
      - {{id: count, type: acme.count, inputs: {{items: []}}, outputs: {{n: "{{{{result.count}}}}"}}}}
      - {{id: guarded, type: acme.open, when: {step_when}, inputs: {{a: "{inputs}"}}}}
      - id: each
        type: acme.count
        when: {item_when}
        foreach: {{matrix: {{region: [n, s], size: "{{{{params.list}}}}"}}}}
        inputs: {{items: ["{item}"]}}
        outputs: {{counts: "{{{{result.count}}}}", o: "{item_outputs}"}}
      - {{id: late, type: acme.count, inputs: {{items: ["{after}"]}}}}
  - id: second
    steps: [{{id: s, type: acme.open, inputs: {{a: "{second}"}}}}]
on_failure:
  - id: tell
    when: {tell_when}
    steps: [{{id: t, type: acme.open, inputs: {{a: "{tell}"}}}}]
finally:
  - id: tidy
    outputs: {{end: "x"}}
    steps: [{{id: t, type: acme.open, inputs: {{a: "{tidy}"}}}}]
"""
PLACES = [
    "job_outputs",
    "step_when",
    "inputs",
    "item_when",
    "item",
    "item_outputs",
    "after",
    "second",
    "tell_when",
    "tell",
    "tidy",
    "at_once",
]


@pytest.fixture
def check_parts(check):
    def run(place: str, text: str, at_once: int = 1):
        places = {**dict.fromkeys(PLACES, "x"), "step_when": "", "item_when": "", "tell_when": "", "at_once": at_once}
        return check(PARTS.format(**{**places, place: text}), environment={"X": "true"})

    return run


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("job_outputs", "{{steps.late.count}} {{job.outputs.n}} {{flow_id}}"),
        (
            "step_when",
            "steps.count.count > 1 and job.outputs.n > 1 and params.list == null or env.X and run.attempt > 1",
        ),
        ("item_when", "item.region == 'n' and item_index > 0 and steps.count.count > item.size"),
        ("item", "{{item.region}} {{item.size.whatever}} {{item_index}} {{steps.count.count}}"),
        ("item_outputs", "{{result.has_data}}"),
        ("after", "{{steps.each.count}}"),
        ("second", "{{jobs.first.outputs.all}} {{jobs.first.outputs.n}}"),
        ("tell_when", "failure.job_id == 'first' and jobs.first.status == 'FAILED'"),
        ("tell", "{{failure.job_id}} {{failure.step_id}} {{failure.status}} {{failure.error}} {{failure.error_code}}"),
        ("tell", "{{failure}} {{jobs.second.status}}"),
        ("tidy", "{{failure.error:none}} {{jobs.tell.status:none}} {{jobs.first.outputs.all:none}}"),
    ],
)
def test_what_exists_by_then_may_be_named_in_every_part(check_parts, place, text):
    assert check_parts(place, text) == ()


@pytest.mark.parametrize(
    ("place", "text", "code", "mend"),
    [
        ("step_when", "steps.late.count > 1", "AF-UNKNOWN-REFERENCE", "move it up"),
        ("step_when", "steps.guarded.count > 1", "AF-UNKNOWN-REFERENCE", "refer to an earlier one"),
        ("step_when", "steps.cuont.count > 1", "AF-UNKNOWN-REFERENCE", "did you mean 'count'?"),
        ("step_when", "steps.count.cuont > 1", "AF-UNKNOWN-REFERENCE", "did you mean 'count'?"),
        ("step_when", "steps.s.a > 1", "AF-UNKNOWN-REFERENCE", "write jobs.second.outputs.… here"),
        ("step_when", "env.X.y", "AF-UNKNOWN-REFERENCE", "write env.X"),
        ("step_when", "jobs.second.outputs.m", "AF-UNKNOWN-REFERENCE", "move it up"),
        ("step_when", "item > 1", "AF-WHEN-NAME", "only in inputs and `when` of a step with `foreach`"),
        ("step_when", "flow_id == 1", "AF-WHEN-NAME", "only in inputs and outputs"),
        ("step_when", "result.count", "AF-WHEN-NAME", "only in `outputs` of a step"),
        ("step_when", "failure.job_id", "AF-WHEN-NAME", "only in jobs of `on_failure` and `finally`"),
        ("tell_when", "steps.t.x", "AF-WHEN-NAME", "only in steps, and in `outputs` of their job"),
        ("inputs", "{{item}}", "AF-TEMPLATE-ROOT", "only in inputs and `when` of a step with `foreach`"),
        ("inputs", "{{item_index}}", "AF-TEMPLATE-ROOT", "only in inputs and `when` of a step with `foreach`"),
        ("inputs", "{{failure.error}}", "AF-TEMPLATE-ROOT", "only in jobs of `on_failure` and `finally`"),
        ("item_outputs", "{{item.region}}", "AF-TEMPLATE-ROOT", "only in inputs and `when` of a step with `foreach`"),
        ("item", "{{item.regoin}}", "AF-UNKNOWN-REFERENCE", "did you mean 'region'?"),
        ("item_when", "item.sise == 1", "AF-UNKNOWN-REFERENCE", "did you mean 'size'?"),
        ("item", "{{item_index.x}}", "AF-UNKNOWN-REFERENCE", "write {{item_index}}"),
        ("after", "{{steps.each.count.x}}", "AF-UNKNOWN-REFERENCE", "write {{steps.each.count}}"),
        ("item_outputs", "{{result.count.x}}", "AF-UNKNOWN-REFERENCE", "write {{result.count}}"),
        ("job_outputs", "{{job.outputs.all}}", "AF-UNKNOWN-REFERENCE", "refer to what it is made of"),
        ("job_outputs", "{{job.outputs.more}}", "AF-UNKNOWN-REFERENCE", "refer to what it is made of"),
        ("job_outputs", "{{steps.leat.count}}", "AF-UNKNOWN-REFERENCE", "did you mean 'late'?"),
        ("job_outputs", "{{result.count}}", "AF-TEMPLATE-ROOT", "only in `outputs` of a step"),
        ("job_outputs", "{{jobs.second.status}}", "AF-UNKNOWN-REFERENCE", "earlier"),
        ("after", "{{job.outputs.all}}", "AF-UNKNOWN-REFERENCE", "refer to what it is made of"),
        ("second", "{{jobs.first.outputs.al}}", "AF-UNKNOWN-REFERENCE", "did you mean 'all'?"),
        ("second", "{{jobs.tell.status}}", "AF-UNKNOWN-REFERENCE", "refer to an earlier job"),
        ("second", "{{jobs.tidy.outputs.end}}", "AF-UNKNOWN-REFERENCE", "refer to an earlier job"),
        ("tell", "{{jobs.tidy.outputs.end}}", "AF-UNKNOWN-REFERENCE", "refer to an earlier job"),
        ("tell", "{{failure.eror}}", "AF-UNKNOWN-REFERENCE", "did you mean 'error'?"),
        ("tell", "{{failure.error.x}}", "AF-UNKNOWN-REFERENCE", "write {{failure.error}}"),
        ("tell_when", "failure == null", "AF-UNKNOWN-REFERENCE", "look at failure.job_id"),
        ("tell_when", "failure.job == 'first'", "AF-UNKNOWN-REFERENCE", "did you mean 'job_id'?"),
    ],
)
def test_what_is_not_there_in_a_part_or_a_field_is_told_with_a_mend(check, check_parts, place, text, code, mend):
    (problem,) = check_parts(place, text)

    assert problem.code == code
    assert mend in problem.help
    assert check.at(problem).strip('"').startswith(text)


def test_a_reference_to_a_part_that_runs_later_says_which(check_parts):
    (problem,) = check_parts("second", "{{jobs.tidy.status}}")

    assert problem.message == "the job 'tidy' stands in `finally`, which runs after all of `jobs`"


def test_all_jobs_at_once_are_only_certain_where_one_runs_after_the_other(check, check_parts):
    assert check_parts("second", "{{jobs}}") == ()

    (problem,) = check_parts("second", "{{jobs}}", at_once=2)

    assert (problem.code, problem.help) == ("AF-UNKNOWN-REFERENCE", "name one job: {{jobs.ID.outputs.NAME}}")
    assert check.at(problem).startswith('"{{jobs}}"')


def test_an_unknown_step_type_makes_no_second_problem_where_its_outputs_are_used(check):
    found = check(
        """
        flow: {id: x}
        jobs:
          - id: j
            steps:
              - {id: a, type: acme.cuont, outputs: {n: "{{result.count}}"}}
              - {id: b, type: acme.open, inputs: {x: "{{steps.a.count}} {{job.outputs.n}}"}}
        """
    )

    assert [problem.code for problem in found] == ["AF-UNKNOWN-STEP"]


def index_of(text: str):
    return index_flow(read_flow(parse_document(textwrap.dedent(text).encode(), "f.yaml")))


def test_compiled_templates_are_kept_for_the_run():
    step = "{id: s, type: t, inputs: {a: '{{run_id}}'}, outputs: {b: '{{result.c}}'}}"
    index = index_of(f"flow: {{id: x}}\njobs: [{{id: j, when: 'jobs.j == 1', steps: [{step}]}}]")

    assert index.inputs("j", "s").render({"run_id": "r"}) == {"a": "r"}
    assert index.outputs("j", "s").render({"result": {"c": 1}}) == {"b": 1}
    assert index.when("j").evaluate({"jobs": {"j": 1}})
    assert index.inputs("j", "s") is index.inputs("j", "s")
    assert index.step_when("j", "s") is None
    assert index.named_jobs() == {}, "a job does not wait for itself"
    assert index.job_outputs("j").render({}) == {}


def test_what_a_step_and_a_job_say_besides_is_compiled_for_the_run():
    index = index_of(
        """
        flow: {id: x}
        jobs:
          - id: j
            outputs: {all: "{{steps.s.n}}"}
            steps:
              - {id: s, type: t, when: item > 1, foreach: {items: ["{{run_id}}", 2]}, inputs: {a: "{{item}}"}}
              - {id: m, type: t, foreach: {matrix: {a: "{{params.x}}"}}}
        finally: [{id: f, when: "failure.job_id == null", steps: []}]
        """
    )

    condition = index.step_when("j", "s")
    assert condition is not None
    assert condition.evaluate({"item": 2})
    assert index.foreach("j", "s").render({"run_id": "r"}) == ["r", 2]
    assert index.foreach("j", "m").render({"params": {"x": [1]}}) == {"a": [1]}
    assert index.inputs("j", "s").render({"item": 2}) == {"a": 2}
    assert index.job_outputs("j").render({"steps": {"s": {"n": 3}}}) == {"all": 3}
    assert index.when("f").evaluate({"failure": {"job_id": None}})
    assert [(job.job.id, job.number, job.section) for job in index.jobs.values()] == [
        ("j", 0, "jobs"),
        ("f", 1, "finally"),
    ]


def test_every_field_may_name_a_job_and_so_come_after_it():
    fields = {
        "a": "when: jobs.first.status == 'SUCCESS', steps: []",
        "b": "outputs: {o: '{{jobs.first.status}}'}, steps: []",
        "c": "steps: [{id: s, type: t, when: jobs.first.status == 'SUCCESS'}]",
        "d": "steps: [{id: s, type: t, foreach: {items: '{{jobs.first.outputs.l}}'}}]",
        "e": "steps: [{id: s, type: t, inputs: {x: '{{jobs.first.status}} {{jobs.a.status}}'}}]",
        "f": "steps: [{id: s, type: t, outputs: {x: '{{jobs.first.status}}'}}]",
        "g": "steps: [{id: s, type: t}]",
    }
    jobs = "".join(f"  - {{id: {name}, {text}}}\n" for name, text in fields.items())
    index = index_of(f"flow: {{id: x}}\njobs:\n  - {{id: first, steps: []}}\n{jobs}")

    assert index.named_jobs() == {
        **{name: frozenset({"first"}) for name in "abcdf"},
        "e": frozenset({"first", "a"}),
    }
    assert index.jobs_named_by("e") == ("first", "a")
    assert index.jobs_named_by("g") == ()


def test_outputs_of_a_step_are_not_named_as_those_of_a_job_are(check_parts):
    (problem,) = check_parts("after", "{{steps.count.outputs.count}}")

    assert (problem.code, problem.help) == ("AF-UNKNOWN-REFERENCE", "write {{steps.count.count}}")
