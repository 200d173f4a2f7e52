"""What is plainly right is right to the library too, and most inputs are plain enough to do without it."""

from __future__ import annotations

import jsonschema_rs
import pytest
from hypothesis import given, strategies as st

from aetherflow.kernel.check.plain_schemas import is_plain, plainly_fits

pytestmark = pytest.mark.unit

BOUNDS = st.integers(0, 3) | st.sampled_from([-1, 1.5, "1", None, True])
TEXTS = st.sampled_from(["a", "b", "", "é", "long text"])
TYPES = ["array", "boolean", "integer", "null", "number", "object", "string", "text", ["string", "null"], 7]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 4) | st.sampled_from([0.0, 1.0, 1.5, 2**60, 1e300]) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def schemas_around(inner):
    """Schemas as plugins have them, some of them with a mistake."""
    keywords = {
        "type": st.sampled_from(TYPES),
        "title": TEXTS | st.just(7),
        "description": TEXTS,
        "default": VALUES,
        "minimum": BOUNDS,
        "maximum": BOUNDS,
        "minLength": BOUNDS,
        "maxLength": BOUNDS,
        "minItems": BOUNDS,
        "maxItems": BOUNDS,
        "pattern": st.just("^a"),
        "enum": st.lists(VALUES, max_size=3),
        "required": st.lists(TEXTS, max_size=2) | st.just("a"),
        "additionalProperties": st.booleans() | inner,
        "properties": st.dictionaries(TEXTS, inner, max_size=2) | st.just([]),
        "items": inner,
        "anyOf": st.lists(inner, max_size=2),
    }
    wanted = st.lists(st.sampled_from(sorted(keywords)), max_size=3, unique=True)
    return wanted.flatmap(lambda names: st.fixed_dictionaries({name: keywords[name] for name in names}))


SCHEMAS = st.recursive(st.just({}) | st.sampled_from(TYPES).map(lambda kind: {"type": kind}), schemas_around)


@given(SCHEMAS, VALUES)
def test_what_is_plainly_right_is_right_to_the_library(schema, value):
    if not is_plain(schema):
        return
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    if plainly_fits(value, schema):
        assert validator.is_valid(value)


INTEGER = {"type": "integer", "minimum": 0, "maximum": 9}
OBJECT = {"type": "object", "properties": {"n": INTEGER}, "required": ["n"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (INTEGER, 0),
        (INTEGER, 9),
        ({"type": "number"}, 1.5),
        ({"type": "null"}, None),
        ({"type": "boolean"}, False),
        ({"type": "string", "minLength": 1, "maxLength": 2, "enum": ["ab"]}, "ab"),
        ({"type": "array", "items": INTEGER, "minItems": 1}, [1, 2]),
        ({"anyOf": [{"type": "array", "items": {}}, {"type": "string"}], "description": "Items."}, [1, "a", {}]),
        (OBJECT, {"n": 3}),
        ({**OBJECT, "additionalProperties": {"type": "string"}}, {"n": 3, "other": "text"}),
        ({"type": "object"}, {"any": [1]}),
    ],
)
def test_a_right_value_is_plainly_right(schema, value):
    assert is_plain(schema)
    assert plainly_fits(value, schema)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (INTEGER, -1),
        (INTEGER, 10),
        (INTEGER, True),
        (INTEGER, 1.0),
        ({"type": "number"}, float("nan")),
        ({"type": "integer"}, 2**60),
        ({"type": "string", "maxLength": 1}, "ab"),
        ({"type": "string", "enum": ["a"]}, "b"),
        ({"type": "array", "items": INTEGER}, ["1"]),
        ({"type": "array", "maxItems": 0}, [1]),
        ({"anyOf": [INTEGER, {"type": "null"}]}, "1"),
        (OBJECT, {}),
        (OBJECT, {"n": 1, "other": 2}),
        (OBJECT, {"n": "1"}),
        ({"type": "object"}, {1: "a key that is no text"}),
    ],
)
def test_what_is_wrong_or_only_nearly_right_is_left_to_the_library(schema, value):
    assert is_plain(schema)
    assert not plainly_fits(value, schema)


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {"type": "text"},
        {"type": ["string", "null"]},
        {"type": "string", "pattern": "^a"},
        {"type": "string", "format": "date"},
        {"type": "string", "minimum": 1},
        {"type": "integer", "minimum": "1"},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}},
        {"type": "object", "properties": []},
        {"type": "object", "required": ["a", "a"]},
        {"type": "string", "enum": [1]},
        {"anyOf": []},
        {"minimum": 1},
        {"title": 7},
    ],
)
def test_a_schema_that_says_more_or_is_none_is_left_to_the_library(schema):
    assert not is_plain(schema)


def test_a_schema_that_is_nested_without_end_is_left_to_the_library():
    schema = {"type": "string"}
    for _ in range(400):
        schema = {"type": "array", "items": schema}
    assert not is_plain(schema)
