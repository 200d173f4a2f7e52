from __future__ import annotations

import math

import pytest
from hypothesis import given, settings, strategies as st

from aetherflow.kernel.errors import InvalidInput
from aetherflow.kernel.resolve.references import OutsideText
from aetherflow.kernel.resolve.text import PARAMETER_TYPES, fit, fit_parameter, read_parameter

out = OutsideText
CANARY = "CaNaRy-7f3a91"


def field(schema: object, value: object) -> object:
    fitted = fit({"f": value}, {"type": "object", "properties": {"f": schema}})
    return fitted["f"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        ({"type": "boolean"}, "false", False),
        ({"type": "boolean"}, "True", True),
        ({"type": "integer"}, "0x1F", 31),
        ({"type": "integer"}, " 5\n", 5),
        ({"type": "integer"}, "123456789012345678901234567890", 123456789012345678901234567890),
        ({"type": "number"}, "5", 5),
        ({"type": "number"}, "-1.5e3", -1500.0),
        ({"type": "string"}, "5", "5"),
        ({"type": "string"}, "null", "null"),
        ({"type": "string", "format": "date"}, "2026-01-31", "2026-01-31"),
        ({"type": "null"}, "~", None),
        ({"type": ["integer", "null"]}, "", None),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "null", None),
        ({"oneOf": [{"type": "boolean"}, {"type": "integer"}]}, "1", 1),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "5", "5"),
        ({"type": "array"}, '[1, "a"]', [1, "a"]),
        ({"type": "object"}, '{"a": null}', {"a": None}),
        ({"enum": [1, 2]}, "2", 2),
        ({"const": True}, "true", True),
        ({"enum": ["1", "2"]}, "2", "2"),
        ({}, "5", "5"),
        (True, "5", "5"),
        ({"allOf": [{"type": "integer"}, {"minimum": 0}]}, "5", 5),
    ],
)
def test_text_from_outside_becomes_what_is_declared(schema, text, expected):
    fitted = field(schema, out(text))
    assert fitted == expected
    assert type(fitted) is type(expected)


def test_false_from_the_environment_is_false():
    """D15: `bool("false")` was true."""
    assert field({"type": "boolean"}, out("false")) is False


@pytest.mark.parametrize("text", ["yes", "no", "on", "off", "1", "0", "", "y"])
def test_other_words_for_true_and_false_are_refused_with_a_mend(text):
    """D15."""
    with pytest.raises(InvalidInput) as raised:
        field({"type": "boolean"}, out(text))
    assert raised.value.problem.help == "write true or false"
    assert raised.value.problem.path == ("f",)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer"}, "1.0"),
        ({"type": "integer"}, "1_000"),
        ({"type": "integer"}, CANARY),
        ({"type": "number"}, ".nan"),
        ({"type": "number"}, "-.inf"),
        ({"type": "number"}, "1e999"),
        ({"type": "integer"}, "9" * 5000),
        ({"type": "null"}, CANARY),
        ({"type": "array"}, "a,b"),
        ({"type": "array"}, '{"a": 1}'),
        ({"type": "array"}, "[NaN]"),
        ({"type": "object"}, "[" * 100_000),
        ({"type": "object"}, "[1]"),
    ],
)
def test_a_misfit_is_a_located_error_that_does_not_show_the_text(schema, text):
    with pytest.raises(InvalidInput) as raised:
        field(schema, out(text))
    assert raised.value.problem.path == ("f",)
    assert text not in str(raised.value.problem)


def test_all_misfits_are_told_at_once():
    schema = {"properties": {"a": {"type": "integer"}, "b": {"items": {"type": "boolean"}}}}
    with pytest.raises(InvalidInput) as raised:
        fit({"a": out("x"), "b": [True, out("x")]}, schema, path=("inputs",))
    assert [problem.path for problem in raised.value.problems] == [("inputs", "a"), ("inputs", "b", 1)]


def test_only_text_from_outside_is_read():
    value = {"a": "5", "b": [1, "true"], "c": None}
    schema = {"properties": {"a": {"type": "integer"}, "b": {"items": {"type": "boolean"}}}}
    assert fit(value, schema) is value


def test_declared_types_are_found_behind_references_branches_and_lists():
    schema = {
        "$defs": {
            "Retry": {
                "type": "object",
                "properties": {"count": {"type": "integer"}, "next": {"$ref": "#/$defs/Retry"}},
            },
            "Loop": {"$ref": "#/$defs/Loop"},
        },
        "properties": {
            "retry": {"anyOf": [{"$ref": "#/$defs/Retry"}, {"type": "null"}]},
            "pair": {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "boolean"}],
                "items": {"type": "null"},
            },
            "loop": {"$ref": "#/$defs/Loop"},
        },
        "additionalProperties": {"type": "number"},
    }
    value = {
        "retry": {"count": out("3"), "next": {"count": out("4")}},
        "pair": [out("1"), out("true"), out("~")],
        "loop": out("5"),
        "other": out("0.5"),
    }
    assert fit(value, schema) == {
        "retry": {"count": 3, "next": {"count": 4}},
        "pair": [1, True, None],
        "loop": "5",
        "other": 0.5,
    }


def test_the_branch_is_chosen_by_the_field_that_tells_branches_apart():
    schema = {
        "oneOf": [
            {"type": "object", "properties": {"mode": {"const": "a"}, "value": {"type": "integer"}}},
            {"type": "object", "properties": {"mode": {"const": "b"}, "value": {"type": "boolean"}}},
        ]
    }
    assert fit({"mode": "a", "value": out("1")}, schema) == {"mode": "a", "value": 1}
    assert fit({"mode": "b", "value": out("true")}, schema) == {"mode": "b", "value": True}
    with pytest.raises(InvalidInput):
        fit({"mode": "b", "value": out("1")}, schema)


def test_an_empty_schema_makes_all_of_it_plain_text():
    fitted = fit({"a": [out("1"), {"b": out("x")}]}, {})
    assert fitted == {"a": ["1", {"b": "x"}]}
    assert type(fitted["a"][0]) is str  # type: ignore[index]


@pytest.mark.timeout(20)
def test_many_nested_branches_do_not_multiply():
    schema: dict[str, object] = {"type": "integer"}
    for _ in range(40):
        schema = {"anyOf": [{"type": "object", "properties": {"a": schema}}] * 4}
    value: object = out("5")
    for _ in range(40):
        value = {"a": value}
    fitted = fit(value, schema)
    for _ in range(40):
        fitted = fitted["a"]  # type: ignore[index]
    assert fitted == 5


@pytest.mark.parametrize(
    ("type_name", "text", "expected"),
    [
        ("string", "5", "5"),
        ("string", "", ""),
        ("integer", "5", 5),
        ("number", "5.5", 5.5),
        ("boolean", "true", True),
        ("date", "2024-02-29", "2024-02-29"),
        ("datetime", "2026-01-31T06:00:00Z", "2026-01-31T06:00:00+00:00"),
        ("datetime", "2026-01-31 06:00", "2026-01-31T06:00:00"),
        ("list", "[1, 2]", [1, 2]),
        ("object", '{"a": 1}', {"a": 1}),
    ],
)
def test_a_parameter_is_read_as_its_type(type_name, text, expected):
    assert read_parameter(text, type_name) == expected
    assert fit_parameter(OutsideText(text), type_name) == expected


@pytest.mark.parametrize(
    ("type_name", "text"),
    [
        ("integer", "5.5"),
        ("integer", ""),
        ("boolean", "yes"),
        ("date", "2026-02-30"),
        ("date", "20260131"),
        ("date", "2026-W01-1"),
        ("date", "٢٠٢٦-01-01"),
        ("date", "2026-01-31T00:00"),
        ("datetime", "2026-01-31"),
        ("datetime", "2026-01-31T25:00"),
        ("list", "a,b"),
        ("object", "[]"),
        ("dat", "x"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_at_its_place(type_name, text):
    with pytest.raises(InvalidInput) as raised:
        read_parameter(text, type_name, path=("params", "p"))
    assert raised.value.problem.path == ("params", "p")


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("integer", 5),
        ("number", 5),
        ("number", 0.5),
        ("boolean", False),
        ("string", "x"),
        ("list", [1]),
        ("object", {}),
    ],
)
def test_a_typed_parameter_is_kept(type_name, value):
    assert fit_parameter(value, type_name) is value


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("integer", "5"),
        ("integer", True),
        ("integer", 5.0),
        ("number", True),
        ("number", math.nan),
        ("boolean", 0),
        ("string", 5),
        ("string", None),
        ("list", "[1]"),
        ("object", []),
        ("date", 20260131),
        ("date", "31.1.2026"),
    ],
)
def test_a_typed_parameter_of_another_type_is_refused(type_name, value):
    with pytest.raises(InvalidInput):
        fit_parameter(value, type_name, path=("params", "p"))


texts = st.text(max_size=12) | st.sampled_from(["1", "true", "[1]", "{}", "1e5", "0o7", "2026-01-01", "\0", "\ud800"])


@settings(max_examples=500, deadline=None, database=None)
@given(texts, st.sampled_from(PARAMETER_TYPES))
def test_any_text_is_read_or_refused(text, type_name):
    try:
        value = read_parameter(text, type_name)
    except InvalidInput:
        return
    assert fit_parameter(value, type_name) == value
