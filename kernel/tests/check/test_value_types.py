"""What a template stands for fits where it goes, as far as the types of both are known."""

from __future__ import annotations

import pytest

FLOW = """\
flow: {{id: x}}
params:
  whole: {{type: integer, default: 1}}
  text: {{type: string, default: a}}
  day: {{type: date, default: "2026-01-31"}}
  list: {{type: list, default: []}}
  any: {{type: object, default: {{}}}}
jobs:
  - id: first
    outputs: {{whole: "{{{{steps.count.count}}}}", names: "{{{{steps.count.names}}}}", words: "n {{{{steps.count.count}}}}"}}
    steps:
      - {{id: count, type: acme.count, inputs: {{items: []}}, outputs: {{n: "{{{{result.count}}}}", m: "{{{{result.count:none}}}}", text: word}}}}
      - {{id: each, type: acme.count, foreach: {{items: [1]}}, inputs: {{items: []}}}}
      - {{id: lock, type: acme.lock, inputs: {{key: k, step: {{type: acme.count, inputs: {{items: []}}}}}}}}
      - {{id: run, type: acme.command, inputs: {{command: x, outputs: {{folder: made, size: 3}}}}}}
      - {{id: free, type: acme.open}}
      - {{id: s, {step}}}
  - id: second
    depends_on: [first]
    steps: [{{id: s, {later}}}]
"""
FITTING = "type: acme.open"


@pytest.fixture
def check_use(check):
    def run(step: str = FITTING, later: str = FITTING, **options: object):
        return check(FLOW.format(step=step, later=later), **options)

    return run


def least(reference: str) -> str:
    """A step that takes a whole number."""
    return f'type: acme.count, inputs: {{items: [], least: "{{{{{reference}}}}}"}}'


def to(reference: str) -> str:
    """A step that takes text."""
    return f'type: acme.send, inputs: {{to: "{{{{{reference}}}}}"}}'


@pytest.mark.parametrize(
    "step",
    [
        least("steps.count.count"),
        least("params.whole"),
        least("job.outputs.n"),
        least("steps.lock.count"),
        least("steps.run.size"),
        least("run.attempt"),
        to("params.text"),
        to("params.day"),
        to("run.id"),
        to("job.outputs.text"),
        to("steps.run.folder"),
        to("env.PLACE"),
        'type: acme.command, inputs: {command: x, timeout_seconds: "{{steps.count.count}}"}',
        'type: acme.command, inputs: {command: x, day: "{{params.day}}"}',
        'type: acme.command, inputs: {command: x, log: {stdout: "{{env.MODE:capture}}", max_kb: "{{env.KB:7}}"}}',
        'type: acme.count, inputs: {items: "{{steps.each.count}}"}',
        'type: acme.count, inputs: {items: "{{params.list}}"}',
        'type: acme.send, inputs: {to: "n {{steps.count.count}} {{run.id}} {{job.outputs.n}}"}',
        'type: acme.lock, inputs: {key: k, step: {type: acme.count, inputs: {items: [], least: "{{steps.count.count}}"}}}',
    ],
)
def test_what_fits_is_taken(check_use, step):
    assert check_use(step, environment={"PLACE": "here"}) == ()


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (least("params.text"), "a whole number, and 'params.text' is text"),
        (least("run.id"), "a whole number, and 'run.id' is text"),
        (least("steps.count.names"), "a whole number, and 'steps.count.names' is a list"),
        (least("steps.each.count"), "a whole number, and 'steps.each.count' is a list"),
        (least("job.outputs.text"), "a whole number, and 'job.outputs.text' is text"),
        (least("steps.run.folder"), "a whole number, and 'steps.run.folder' is text"),
        (to("steps.count.count"), "text, and 'steps.count.count' is a whole number"),
        (to("steps.lock.count"), "text, and 'steps.lock.count' is a whole number"),
        (to("job.outputs.n"), "text, and 'job.outputs.n' is a whole number"),
        (to("params.list"), "text, and 'params.list' is a list"),
        (to("steps.count"), "text, and 'steps.count' is a mapping"),
        ('type: acme.command, inputs: {command: x, log: "{{run.id}}"}', "a mapping, and 'run.id' is text"),
        (
            'type: acme.send, inputs: {all: "{{steps.each.count}}"}',
            "a list of texts, and 'steps.each.count' is a list of whole numbers",
        ),
        (
            'type: acme.lock, inputs: {key: k, step: {type: acme.count, inputs: {items: [], least: "{{run.id}}"}}}',
            "a whole number, and 'run.id' is text",
        ),
    ],
)
def test_what_can_not_fit_is_told_with_both_types_at_the_token(check, check_use, step, message):
    (problem,) = check_use(step)

    assert (problem.code, problem.severity) == ("AF-TYPE-MISMATCH", "error")
    assert message in problem.message
    assert problem.help
    assert check.at(problem).startswith('"{{')


def test_the_outputs_of_the_same_step_that_would_fit_are_named(check_use):
    (problem,) = check_use(least("steps.count.names"))

    assert problem.help == "of its outputs these fit: {{steps.count.count}}"


@pytest.mark.parametrize(
    ("reference", "given"),
    [("jobs.first.outputs.words", "text"), ("jobs.first.outputs.names", "a list"), ("jobs.first.status", "text")],
)
def test_outputs_of_another_job_are_followed_to_what_they_are_made_of(check_use, reference, given):
    (problem,) = check_use(later=least(reference))

    assert problem.message.endswith(f"{reference!r} is {given}")
    assert check_use(later=least("jobs.first.outputs.whole")) == ()


@pytest.mark.parametrize(
    ("step", "code", "message"),
    [
        (least("env.N:many"), "AF-TEXT-TYPE", "the default of the template does not read as that"),
        (least("env.SET"), "AF-TEXT-TYPE", "what the environment has as 'SET' does not read as that"),
        (least("steps.count.count:none"), "AF-TEXT-TYPE", "the default of the template does not read as that"),
        ('type: acme.command, inputs: {command: x, shell: "{{env.X:yes}}"}', "AF-TEXT-TYPE", "this must be a boolean"),
        (
            'type: acme.command, inputs: {command: x, log: {stdout: "{{env.X:captur}}"}}',
            "AF-WRONG-VALUE",
            "the default of the template is none of the values",
        ),
    ],
)
def test_texts_from_outside_are_read_for_what_belongs_there_and_not_shown(check_use, step, code, message):
    (problem, *rest) = check_use(step, environment={"SET": "correct-horse"})

    assert (problem.code, rest) == (code, [])
    assert message in problem.message
    assert "correct-horse" not in str(problem)


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ('type: acme.send, inputs: {to: "a {{params.list}}"}', "AF-TEMPLATE-KIND"),
        ('type: acme.open, outputs: {a: "a {{steps.count.names}}"}', "AF-TEMPLATE-KIND"),
        (to("steps.count.count.x"), "AF-UNKNOWN-REFERENCE"),
        (to("params.text.x"), "AF-UNKNOWN-REFERENCE"),
        (to("job.outputs.n.x"), "AF-UNKNOWN-REFERENCE"),
    ],
)
def test_what_can_be_no_part_and_has_no_parts_is_told(check_use, step, code):
    assert [problem.code for problem in check_use(step)] == [code]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (least("params.any.x"), "whether 'params.any' has a part 'x'"),
        (least("steps.free.x"), "whether 'steps.free.x' is there"),
        (least("steps.count.has_data"), "whether 'steps.count.has_data' fits is known only"),
        (FITTING, "the step type 'acme.open' does not declare all of its inputs"),
    ],
)
def test_what_can_not_be_known_is_a_note_and_no_problem(check, check_use, step, message):
    assert check_use(step) == ()
    assert any(message in note.message and note.code == "AF-NOT-KNOWN" for note in check.notes)
