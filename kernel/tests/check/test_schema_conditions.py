"""Conditions of a schema are told with their author's words, and left open where they go by a template."""

from __future__ import annotations

import pytest

CONTRADICTIONS = [
    # what stands in the inputs, code, where it points at, what helps
    ("mode: upsert", "AF-INPUT-MISSING", "inputs: {", "name a key"),
    ("mode: upsert, key: []", "AF-WRONG-VALUE", "[]", "name a key"),
    ("mode: upsert, key: x", "AF-WRONG-TYPE", "x}", ""),
    # What a condition says of a value of which enough is told is not told.
    ("text: [a], script: b", "AF-WRONG-TYPE", "[a]", ""),
    ("text: a, script: b", "AF-WRONG-VALUE", "a, script", "give one of both"),
    ("file: a, source: b", "AF-WRONG-VALUE", "b}", "give one of the two"),
    ("names: {other: 1, taken: 2}", "AF-WRONG-VALUE", "taken", "choose another name"),
    ('names: {taken: "{{params.day}}"}', "AF-WRONG-VALUE", "taken", "choose another name"),
    ("more: {log: {kind: file}}", "AF-INPUT-MISSING", "log: {", "name a file"),
    # A template beside does not matter.
    ('mode: upsert, text: "{{params.day}}"', "AF-INPUT-MISSING", "inputs: {", "name a key"),
    ('text: a, script: b, file: "{{params.day}}"', "AF-WRONG-VALUE", "a, script", "give one of both"),
    ('more: {log: {kind: file}, other: "{{params.day}}"}', "AF-INPUT-MISSING", "log: {", "name a file"),
]


@pytest.mark.parametrize(
    ("inputs", "code", "points_at", "mend"), CONTRADICTIONS, ids=[case[0] for case in CONTRADICTIONS]
)
def test_a_contradiction_is_one_problem_at_its_place(check, check_step, inputs, code, points_at, mend):
    (problem,) = check_step(f"type: acme.store, inputs: {{{inputs}}}")

    assert (problem.code, problem.severity) == (code, "error")
    assert check.at(problem).startswith(points_at)
    assert mend in problem.help


@pytest.mark.parametrize(
    "inputs",
    [
        "mode: append",
        "mode: upsert, key: [a]",
        "text: a, script: null",
        "script: a, text: null",
        "file: a, source: a",
        "source: a",
        "names: {other: 1}",
        "more: {log: {kind: server}}",
    ],
)
def test_what_does_not_contradict_itself_is_accepted(check_step, inputs):
    assert check_step(f"type: acme.store, inputs: {{{inputs}}}") == ()


@pytest.mark.parametrize(
    "inputs",
    [
        # What the condition goes by,
        'mode: "{{params.any.part}}", key: []',
        'mode: "{{params.any.part}}"',
        'text: a, script: "{{params.any.part}}"',
        'text: a, script: "b{{params.day}}"',
        'more: {log: {kind: "{{params.any.part}}"}}',
        'more: {log: "{{params.any.part}}"}',
        # and what it is about.
        'mode: upsert, key: "{{params.any.part}}"',
        'text: "{{params.any.part}}", script: b',
        'file: "{{params.any.part}}", source: b',
        'file: a, source: "{{params.any.part}}"',
        'names: "{{params.any}}"',
    ],
)
def test_a_condition_that_goes_by_a_template_is_left_open(check_step, inputs):
    assert check_step(f"type: acme.store, inputs: {{{inputs}}}") == ()


MAIL = (
    "flow: {{id: x}}\nresources: {{post: {{kind: mail, driver: acme, profile: p, config: {{{config}}}}}}}\njobs: []\n"
)


@pytest.mark.parametrize(
    ("profile", "codes"),
    [
        ({"host": "h"}, ["AF-INPUT-MISSING"]),
        ({"password": "x"}, []),
        ({"password": "{{env.X:x}}"}, []),
    ],
)
def test_conditions_go_by_what_a_profile_adds(check, profile, codes):
    problems = check(MAIL.format(config="user: u"), profiles={"p": {"config": profile}})

    assert [problem.code for problem in problems if problem.code.startswith("AF-INPUT")] == codes


def test_conditions_are_left_open_where_the_profile_is_not_known(check):
    problems = check(MAIL.format(config="user: u"), profiles=None)

    assert not [problem for problem in problems if problem.code.startswith("AF-INPUT")]
