"""Rules between inputs as JSON Schema, so that `aetherflow validate` knows them without importing us.

The models refuse the same at run time: there, values of templates are known.
"""

from __future__ import annotations

from typing import Any

JsonSchema = dict[str, Any]


def all_of(*rules: JsonSchema) -> JsonSchema:
    """All of them, as a schema of its own."""
    return {"allOf": [*rules]}


def given(name: str) -> JsonSchema:
    """Whether a key is there, and not null."""
    return {"required": [name], "properties": {name: {"not": {"const": None}}}}


def is_value(name: str, *values: object) -> JsonSchema:
    """Whether a key has one of these values."""
    return {"required": [name], "properties": {name: {"enum": [*values]}}}


def missing(name: str) -> JsonSchema:
    """Whether a key is not there, or null."""
    return {"not": given(name)}


def excludes(condition: JsonSchema, name: str, mend: str) -> JsonSchema:
    """Under the condition, the key must be missing or null."""
    return when(condition, {"properties": {name: {"const": None}}}, mend)


def when(condition: JsonSchema, then: JsonSchema, mend: str) -> JsonSchema:
    """Under the condition, the inputs must be as said."""
    return {"if": condition, "then": {**then, "x-aetherflow": {"mend": mend}}}
