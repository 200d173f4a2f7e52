"""A step is repeated for lists, and what it gives is a list."""

from __future__ import annotations

import pytest

FLOW = """\
flow: {{id: x}}
params: {{day: {{type: date}}, days: {{type: list}}, many: {{type: object}}}}
jobs:
  - id: j
    outputs: {{all: "{job_outputs}"}}
    steps:
      - {{id: one, type: acme.count, inputs: {{items: []}}}}
      - {{id: inner, type: acme.lock, inputs: {{key: k, step: {{type: acme.count, inputs: {{items: []}}}}}}}}
      - {{id: free, type: acme.open}}
      - {{id: each, type: acme.count, foreach: {foreach}, inputs: {{items: []}}, outputs: {{o: "{outputs}"}}}}
      - {{id: after, type: acme.send, inputs: {inputs}}}
      - {{id: again, type: acme.open, foreach: {again}}}
"""


@pytest.fixture
def check_at(check):
    def run(place: str, text: str):
        plain = {"foreach": "{items: [1]}", "again": "{items: [1]}", "inputs": "{to: x}"}
        places = {"job_outputs": "x", "outputs": "x", **plain, place: text}
        return check(FLOW.format(**places))

    return run


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("foreach", "{items: [1, {a: '{{params.day}}'}, '{{steps.one.count}}', 'x {{run_id}}']}"),
        ("foreach", "{items: '{{params.days}}'}"),
        ("foreach", "{items: '{{params.many.list}}'}"),
        ("foreach", "{items: '{{steps.one.names}}'}"),
        ("foreach", "{items: '{{steps.one.has_data}}'}"),
        ("foreach", "{items: '{{steps.free.whatever}}'}"),
        ("foreach", "{items: '{{env.LIST:[]}}'}"),
        ("foreach", "{matrix: {a: [1, 2], b: '{{params.days}}'}, max_parallel: 3}"),
        ("foreach", "{items: !raw ['{{x}}']}"),
        ("again", "{items: '{{steps.each.count}}'}"),
        ("outputs", "{{result.count}}"),
        ("job_outputs", "{{steps.each.count}}"),
    ],
)
def test_lists_may_be_written_or_referred_to(check_at, place, text):
    assert check_at(place, text) == ()


@pytest.mark.parametrize(
    ("place", "text", "code", "at"),
    [
        ("foreach", "{items: text}", "AF-WRONG-TYPE", "text}"),
        ("foreach", "{items: 'x {{params.days}}'}", "AF-WRONG-TYPE", "'x {{params.days}}'"),
        ("foreach", "{items: !raw '{{params.days}}'}", "AF-WRONG-TYPE", "!raw"),
        ("foreach", "{matrix: {a: [1], b: text}}", "AF-WRONG-TYPE", "text}"),
        ("foreach", "{items: '{{params.day}}'}", "AF-TYPE-MISMATCH", "'{{params.day}}'"),
        ("foreach", "{items: '{{params.many}}'}", "AF-TYPE-MISMATCH", "'{{params.many}}'"),
        ("foreach", "{matrix: {a: [1], b: '{{params.day}}'}}", "AF-TYPE-MISMATCH", "'{{params.day}}'"),
        ("foreach", "{items: '{{steps.one.count}}'}", "AF-TYPE-MISMATCH", "'{{steps.one.count}}'"),
        ("foreach", "{items: '{{steps.inner.count}}'}", "AF-TYPE-MISMATCH", "'{{steps.inner.count}}'"),
        ("foreach", "{items: '{{env.LIST:x}}'}", "AF-TEXT-TYPE", "'{{env.LIST:x}}'"),
        ("foreach", "{items: '{{run.date}}'}", "AF-TYPE-MISMATCH", "'{{run.date}}'"),
        ("foreach", "{items: '{{steps.each.count}}'}", "AF-UNKNOWN-REFERENCE", "'{{steps.each.count}}'"),
        ("foreach", "{items: '{{item}}'}", "AF-TEMPLATE-ROOT", "'{{item}}'"),
        ("outputs", "n {{result.count}}", "AF-TEMPLATE-KIND", '"n {{result.count}}"'),
        ("job_outputs", "n {{steps.each.count}}", "AF-TEMPLATE-KIND", '"n {{steps.each.count}}"'),
        ("inputs", "{to: 'n {{steps.each.count}}'}", "AF-TEMPLATE-KIND", "'n {{steps.each.count}}'"),
        ("inputs", "{to: '{{steps.each.count}}'}", "AF-TYPE-MISMATCH", "'{{steps.each.count}}'"),
        ("inputs", "{to: x, all: ['{{steps.each.count}}']}", "AF-TYPE-MISMATCH", "'{{steps.each.count}}'"),
    ],
)
def test_what_is_no_list_and_a_list_that_is_taken_for_something_else_are_errors(check, check_at, place, text, code, at):
    (problem,) = check_at(place, text)

    assert (problem.code, problem.severity) == (code, "error")
    assert problem.help
    assert check.at(problem).startswith(at)


@pytest.mark.parametrize("text", ["{items: []}", "{matrix: {a: [1], b: []}}"])
def test_an_empty_list_is_a_warning(check, check_at, text):
    (problem,) = check_at("foreach", text)

    assert (problem.code, problem.severity) == ("AF-NO-EFFECT", "warning")
    assert check.at(problem).startswith("[]")


def test_a_matrix_that_multiplies_to_too_much_is_refused_before_it_is_made(check, check_at):
    lists = ", ".join(f"{name}: {list(range(10))}" for name in "abcdef")

    (problem,) = check_at("foreach", f"{{matrix: {{{lists}}}}}")

    assert (problem.code, problem.severity) == ("AF-FOREACH-SIZE", "error")
    assert "would be repeated for 1,000,000 items, and at most 100,000" in problem.message
    assert check.at(problem).startswith("{a: [")


def test_the_inputs_of_a_repeated_step_are_checked_and_an_item_may_be_anything(check):
    found = check(
        """
        flow: {id: x}
        jobs:
          - id: j
            steps:
              - {id: s, type: acme.count, foreach: {items: "{{env.LIST:[]}}"}, inputs: {items: "{{item}}", lest: 1}}
              - {id: t, type: acme.count, foreach: {items: "{{env.LIST:[]}}"}, inputs: {items: [], least: "{{item.x}}"}}
        """
    )

    assert [(problem.code, problem.help) for problem in found] == [("AF-INPUT-UNKNOWN", "did you mean 'least'?")]
