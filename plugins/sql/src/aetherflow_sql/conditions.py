"""Rules between inputs as JSON Schema, so that `aetherflow validate` knows them without importing us.

The models refuse the same at run time: there, values of templates are known.
"""

from __future__ import annotations

from typing import Any

JsonSchema = dict[str, Any]


def all_of(*conditions: JsonSchema) -> JsonSchema:
    """All of them, as a schema of its own."""
    return {"allOf": [*conditions]}


def given(name: str) -> JsonSchema:
    """Whether a key is there, and not null."""
    return {"required": [name], "properties": {name: {"not": {"const": None}}}}


def missing(name: str) -> JsonSchema:
    """Whether a key is not there, or null."""
    return {"not": given(name)}


def is_one_of(name: str, *values: str) -> JsonSchema:
    """Whether a key has one of these values."""
    return {"required": [name], "properties": {name: {"enum": [*values]}}}


def needs(condition: JsonSchema, name: str, mend: str, **more: object) -> JsonSchema:
    """Under the condition, the key must be there, and its value must be what more is said."""
    return {"if": condition, "then": {"required": [name], **_holds(name, more, mend)}}


def excludes(condition: JsonSchema, name: str, mend: str) -> JsonSchema:
    """Under the condition, the key must be missing or null."""
    return holds(condition, name, mend, const=None)


def holds(condition: JsonSchema, name: str, mend: str, **more: object) -> JsonSchema:
    """Under the condition, the key's value, if there is one, must be what more is said."""
    return {"if": condition, "then": _holds(name, more, mend)}


def _holds(name: str, more: JsonSchema, mend: str) -> JsonSchema:
    return {**({"properties": {name: more}} if more else {}), "x-aetherflow": {"mend": mend}}
