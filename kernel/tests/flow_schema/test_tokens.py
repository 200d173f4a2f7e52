"""A template may stand wherever `validate` lets one stand, and nothing else becomes right by it."""

from __future__ import annotations

import jsonschema_rs
import pytest

from aetherflow.kernel.flow_schema.tokens import TEMPLATE_DEFINITIONS, with_templates

pytestmark = pytest.mark.unit

WHOLE, MIXED = "{{params.x}}", "a {{params.x}} b"
CASES = {
    "a whole number": ({"type": "integer", "minimum": 1}, [1, WHOLE], [0, "1", MIXED, None]),
    "a truth": ({"type": "boolean"}, [True, WHOLE], ["true", MIXED]),
    "any text": ({"type": "string"}, ["", WHOLE, MIXED], [1]),
    "a text of some form": ({"type": "string", "pattern": "^[a-z]$"}, ["a", WHOLE, MIXED], ["A", 1]),
    "one of some words": ({"enum": ["a", "b"]}, ["a", WHOLE, MIXED], ["c", 1]),
    "one of some numbers": ({"enum": [1, 2]}, [1, WHOLE], [3, MIXED]),
    "a list": ({"type": "array", "items": {"type": "integer"}}, [[], [1, WHOLE], WHOLE], [[MIXED], ["1"], MIXED]),
    "a list without repetition": ({"type": "array", "uniqueItems": True}, [[WHOLE, WHOLE]], [MIXED]),
    "a mapping": (
        {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"], "additionalProperties": False},
        [{"n": 1}, {"n": WHOLE}, WHOLE],
        [{}, {"n": 1, "m": 2}, {"n": MIXED}, MIXED],
    ),
    "a number or null": ({"anyOf": [{"type": "number"}, {"type": "null"}]}, [1, None, WHOLE], ["1", MIXED]),
    "a text or a list": ({"anyOf": [{"type": "string"}, {"type": "array"}]}, ["a", [], MIXED], [1]),
    "one of two forms of text": (
        {"oneOf": [{"type": "string", "pattern": "^a"}, {"type": "string", "pattern": "^b"}]},
        ["a", "b", WHOLE, MIXED],
        ["c"],
    ),
    "both kinds of branches": (
        {"anyOf": [{"type": "integer"}, {"type": "null"}], "oneOf": [{"minimum": 3}, {"const": None}]},
        [3, WHOLE],
        [2],
    ),
    "what stands elsewhere": ({"$ref": "#/$defs/Limit"}, [{"max": 1}, {"max": WHOLE}, WHOLE], [{"max": "1"}, MIXED]),
    "a form that depends on another key": (
        {
            "type": "object",
            "if": {"properties": {"shell": {"const": False}}},
            "then": {"properties": {"command": {"pattern": "^\\S+$"}}},
        },
        [{"command": "ls"}, {"command": MIXED}, {"command": "ls -l", "shell": True}],
        [{"command": "ls -l"}],
    ),
    "a condition that looks at a template": (
        {
            "type": "object",
            "if": {"required": ["script"], "properties": {"script": {"not": {"const": None}}}},
            "then": {"properties": {"text": {"const": None}}},
        },
        [{"script": WHOLE, "text": "a"}, {"script": MIXED, "text": "a"}, {"script": "b", "text": WHOLE}, {"text": "a"}],
        [{"script": "b", "text": "a"}],
    ),
    "anything": ({}, [1, MIXED], []),
    "nothing": (False, [], [1, WHOLE]),
}


@pytest.mark.parametrize(("schema", "right", "wrong"), CASES.values(), ids=list(CASES))
def test_a_template_stands_for_what_it_may_stand_for(schema, right, wrong):
    inputs = {
        "type": "object",
        "properties": {"value": schema},
        "$defs": {"Limit": {"type": "object", "properties": {"max": {"type": "integer"}}}},
    }
    made = with_templates(inputs, home="inputs.acme.x")
    definitions = {**TEMPLATE_DEFINITIONS, "inputs.acme.x": made, "inner_step": {}}
    whole = {"$ref": "#/$defs/inputs.acme.x", "$defs": definitions}
    validator = jsonschema_rs.validator_for(whole)

    assert [value for value in right if not validator.is_valid({"value": value})] == []
    assert [value for value in wrong if validator.is_valid({"value": value})] == []
    jsonschema_rs.meta.validate(whole)


def test_inputs_themselves_are_never_a_template():
    made = with_templates({"type": "object"})

    assert not jsonschema_rs.is_valid({**made, "$defs": TEMPLATE_DEFINITIONS}, WHOLE)


def test_what_a_profile_may_fill_up_need_not_be_there():
    schema = {
        "type": "object",
        "properties": {"retry": {"type": "object", "properties": {"n": {}}, "required": ["n"]}},
        "required": ["host"],
    }
    partial = {**with_templates(schema, is_partial=True), "$defs": TEMPLATE_DEFINITIONS}

    assert jsonschema_rs.is_valid(partial, {"retry": {}})
    assert not jsonschema_rs.is_valid(
        {**with_templates(schema), "$defs": TEMPLATE_DEFINITIONS}, {"host": "x", "retry": {}}
    )


def test_conditions_may_go_by_what_a_profile_fills_up():
    schema = {"type": "object", "if": {"not": {"required": ["url"]}}, "then": {"required": ["path"]}}

    assert jsonschema_rs.is_valid({**with_templates(schema, is_partial=True), "$defs": TEMPLATE_DEFINITIONS}, {})
    assert not jsonschema_rs.is_valid({**with_templates(schema), "$defs": TEMPLATE_DEFINITIONS}, {})


def test_marks_of_plugins_are_not_handed_on():
    made = with_templates({"type": "object", "properties": {"a": {"type": "string", "x-aetherflow": {"secret": True}}}})

    assert "x-aetherflow" not in str(made)
