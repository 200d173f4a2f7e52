"""What a template or a condition names must exist, and must have been made by then."""

from __future__ import annotations

import pytest

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
        ("inputs", "{{steps.count}} {{steps}}"),
        ("inputs", "{{steps.run-it.exit_code}} {{steps.run-it.answer}}"),
        ("inputs", "{{steps.locked.has_data}}"),
        ("inputs", "{{steps.free.whatever.it.gives}}"),
        ("inputs", "{{job.id}} {{job.outputs.n}}"),
        (
            "inputs",
            "{{params.day}} {{run.id}} {{run.date}} {{run.scheduled_time}} {{run.attempt}} {{flow_id}} {{run_id}}",
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


def test_compiled_templates_are_kept_for_the_run():
    from aetherflow.kernel.check.definitions import index_flow
    from aetherflow.kernel.spec.document import parse_document
    from aetherflow.kernel.spec.flow import read_flow

    step = b"{id: s, type: t, inputs: {a: '{{run_id}}'}, outputs: {b: '{{result.c}}'}}"
    source = b"flow: {id: x}\njobs: [{id: j, when: 'jobs.j == 1', steps: [" + step + b"]}]"
    index = index_flow(read_flow(parse_document(source, "f.yaml")))

    assert index.inputs("j", "s").render({"run_id": "r"}) == {"a": "r"}
    assert index.outputs("j", "s").render({"result": {"c": 1}}) == {"b": 1}
    assert index.when("j").evaluate({"jobs": {"j": 1}})
    assert index.inputs("j", "s") is index.inputs("j", "s")
