"""Inputs are checked by the manifest's schema, each problem at its key or value."""

from __future__ import annotations

import pytest

WRONG = [
    # what stands in the step, code, where it points at, what helps
    ("type: acme.command, inputs: {comand: x}", "AF-INPUT-UNKNOWN", "comand: x", "did you mean 'command'?"),
    (
        "type: acme.command, inputs: {command: x, timeout_secs: 3}",
        "AF-INPUT-UNKNOWN",
        "timeout_secs",
        "did you mean 'timeout_seconds'?",
    ),
    ("type: acme.command, inputs: {}", "AF-INPUT-MISSING", "inputs: {}", "write `command: …` here"),
    ("type: acme.command", "AF-INPUT-MISSING", "{id: s", "write `command: …` here"),
    ("type: acme.command, inputs: {command: 7}", "AF-WRONG-TYPE", "7}", "write it in quotes"),
    ("type: acme.command, inputs: {command: [a, 7]}", "AF-WRONG-TYPE", "7]", "write it in quotes"),
    ("type: acme.command, inputs: {command: []}", "AF-WRONG-VALUE", "[]", ""),
    (
        "type: acme.command, inputs: {command: x, shell: yes}",
        "AF-WRONG-TYPE",
        "yes}",
        "write true, which is what 'yes' was before YAML 1.2",
    ),
    (
        "type: acme.command, inputs: {command: x, shell: 'off'}",
        "AF-WRONG-TYPE",
        "'off'",
        "write false, which is what 'off' was before YAML 1.2",
    ),
    (
        "type: acme.command, inputs: {command: x, timeout_seconds: '3'}",
        "AF-WRONG-TYPE",
        "'3'",
        "write it without quotes",
    ),
    ("type: acme.command, inputs: {command: x, timeout_seconds: 0}", "AF-WRONG-VALUE", "0}", ""),
    (
        "type: acme.command, inputs: {command: x, log: {stdot: capture}}",
        "AF-INPUT-UNKNOWN",
        "stdot",
        "did you mean 'stdout'?",
    ),
    (
        "type: acme.command, inputs: {command: x, log: {stdout: captur}}",
        "AF-WRONG-VALUE",
        "captur}",
        "did you mean 'capture'?",
    ),
    (
        "type: acme.command, inputs: {command: x, log: {stdout: 7}}",
        "AF-WRONG-VALUE",
        "7}",
        "there is: capture, inherit",
    ),
    ("type: acme.command, inputs: {command: x, log: {max_kb: 2000}}", "AF-WRONG-VALUE", "2000", ""),
    ("type: acme.command, inputs: {command: x, log: x}", "AF-WRONG-TYPE", "x}", "write it as a mapping: {key: value}"),
    (
        "type: acme.command, inputs: {command: x, day: 2026-02-30}",
        "AF-WRONG-VALUE",
        "2026-02-30",
        "write a date like 2026-01-31",
    ),
    ("type: acme.command, inputs: {command: x, zone: cet}", "AF-WRONG-VALUE", "cet}", "write capitals"),
    (
        "type: acme.command, inputs: {command: x, user: somebody}",
        "AF-WRONG-VALUE",
        "somebody}",
        "write no blanks, or set shell: true",
    ),
    (
        "type: acme.command, inputs: {command: x, sink: {kind: server, port: 1}}",
        "AF-INPUT-MISSING",
        "sink:",
        "write `host: …` here",
    ),
    (
        "type: acme.command, inputs: {command: x, sink: {kind: file, pth: x}}",
        "AF-INPUT-UNKNOWN",
        "pth",
        "did you mean 'path'?",
    ),
    ("type: acme.command, inputs: {command: x, sink: {kind: server, host: h, port: x}}", "AF-WRONG-TYPE", "x}", ""),
    (
        "type: acme.query, inputs: {sql: x, resource: warehuose}",
        "AF-UNKNOWN-RESOURCE",
        "warehuose",
        "did you mean 'warehouse'?",
    ),
    ("type: acme.query, inputs: {sql: x, resource: post}", "AF-WRONG-RESOURCE", "post}", "name another one: warehouse"),
    (
        "type: acme.copy, inputs: {pairs: [{to: warehouse}, {to: post}]}",
        "AF-WRONG-RESOURCE",
        "post}",
        "name another one: warehouse",
    ),
    ("type: acme.cuont, inputs: {}", "AF-UNKNOWN-STEP", "acme.cuont", "did you mean 'acme.count'?"),
    (
        "type: acme.lock, inputs: {key: k, step: {type: acme.cuont}}",
        "AF-UNKNOWN-STEP",
        "acme.cuont",
        "did you mean 'acme.count'?",
    ),
    (
        "type: acme.lock, inputs: {key: k, step: {type: acme.command, inputs: {comand: x}}}",
        "AF-INPUT-UNKNOWN",
        "comand",
        "did you mean 'command'?",
    ),
]


@pytest.mark.parametrize(("text", "code", "points_at", "mend"), WRONG, ids=[case[0] for case in WRONG])
def test_a_wrong_input_is_one_problem_at_its_place(check, check_step, text, code, points_at, mend):
    """D40: missing and misspelt inputs, unknown resources and step types were found only when running."""
    (problem,) = check_step(text)

    assert (problem.code, problem.severity) == (code, "error")
    assert check.at(problem).startswith(points_at)
    assert mend in problem.help


@pytest.mark.parametrize(
    "text",
    [
        "type: acme.command, inputs: {command: x}",
        "type: acme.command, inputs: {command: [a, b], shell: true, timeout_seconds: null}",
        "type: acme.command, inputs: {command: !raw '{{x}}', sink: {kind: file, path: p}}",
        "type: acme.query, inputs: {sql: x}",
        "type: acme.query, inputs: {sql: x, resource: warehouse}",
        "type: acme.open, inputs: {anything: [goes]}",
        "type: acme.lock, inputs: {key: k, step: {id: i, type: acme.count, inputs: {items: []}}}",
    ],
)
def test_inputs_that_fit_are_accepted(check_step, text):
    assert check_step(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        'command: x, timeout_seconds: "{{params.any.part}}"',
        'command: x, shell: "{{params.any.part}}"',
        'command: x, log: "{{params.any.part}}"',
        'command: x, log: {stdout: "{{params.day}}"}',
        'command: x, log: {stdout: "cap{{params.day}}"}',
        'command: x, day: "{{params.day}}"',
        'command: x, day: "2026-{{params.day}}"',
        'command: x, sink: {kind: "{{params.day}}", path: p}',
        'command: x, sink: "{{params.any.part}}"',
        'command: [a, "{{params.day}}"]',
        'command: "a {{params.day}}"',
    ],
)
def test_what_depends_on_a_template_is_left_open(check_step, text):
    assert check_step(f"type: acme.command, inputs: {{{text}}}") == ()


@pytest.mark.parametrize(
    ("text", "code", "points_at"),
    [
        ('command: x, timeout_seconds: "3{{params.day}}"', "AF-WRONG-TYPE", '"3{{'),
        ('command: x, log: "a {{params.day}}"', "AF-WRONG-TYPE", '"a {{'),
        ('command: x, log: {stdot: "{{params.day}}"}', "AF-INPUT-UNKNOWN", "stdot"),
        ('comand: "{{params.day}}"', "AF-INPUT-UNKNOWN", "comand"),
        ('command: x, log: ["{{params.day}}"]', "AF-WRONG-TYPE", '["{{'),
        ('command: {a: "{{params.day}}"}', "AF-WRONG-TYPE", '{a: "{{'),
    ],
)
def test_what_is_wrong_whatever_the_template_gives_is_told(check, check_step, text, code, points_at):
    (problem,) = check_step(f"type: acme.command, inputs: {{{text}}}")

    assert problem.code == code
    assert check.at(problem).startswith(points_at)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (".inf", "this must be a finite number or nothing, not infinity"),
        ("-.inf", "this must be a finite number or nothing, not infinity"),
        (".nan", "this must be a finite number or nothing, not NaN"),
    ],
)
def test_where_a_number_belongs_that_is_not_finite_it_says_so(check_step, number, told):
    (problem,) = check_step(f"type: acme.command, inputs: {{command: x, timeout_seconds: {number}}}")

    assert (problem.code, problem.message) == ("AF-WRONG-TYPE", told)


def test_inputs_beside_a_broken_template_are_checked_too(check_step):
    found = check_step("type: acme.command, inputs: {command: '{{ % }}', shell: yes}")

    assert [problem.code for problem in found] == ["AF-TEMPLATE", "AF-WRONG-TYPE"]


def test_a_resource_that_a_template_names_is_left_open(check_step):
    assert check_step('type: acme.query, inputs: {sql: x, resource: "{{params.day}}"}') == ()


def test_no_message_shows_the_value(check_step):
    """S28: a password written where something else belongs."""
    for text in (
        "shell: hunter2",
        "timeout_seconds: hunter2",
        "log: {stdout: hunter2}",
        "day: hunter2",
        "sink: hunter2",
    ):
        (problem,) = check_step(f"type: acme.command, inputs: {{command: x, {text}}}")
        assert "hunter2" not in str(problem)


def test_a_schema_that_would_have_to_be_fetched_is_its_plugins_fault(check_step):
    (problem,) = check_step("type: acme.remote, inputs: {a: 1}")

    assert problem.code == "AF-PLUGIN-SCHEMA"


@pytest.mark.parametrize("sql", ['"{{params.day}}"', '"SELECT {{params.day}}"'])
def test_a_template_in_a_text_that_is_code_is_warned_of(check, check_step, sql):
    (problem,) = check_step(f'type: acme.query, inputs: {{sql: {sql}, params: {{day: "{{{{params.day}}}}"}}}}')

    assert (problem.code, problem.severity) == ("AF-CODE-TEMPLATE", "warning")
    assert check.at(problem).startswith(sql)
    assert "give the value in `params`" in problem.help


def test_values_beside_a_text_that_is_code_are_templates_like_others(check_step):
    sql = "SELECT '{}', '${x}', :day"

    assert check_step(f'type: acme.query, inputs: {{sql: "{sql}", params: {{day: "{{{{params.day}}}}"}}}}') == ()
