"""Says of most values that they fit their schema, without the library that explains why others do not.

The library takes more memory than all modules of the kernel together, and most flows are right. What is plain here
means the same to it; of everything else it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

#: What says nothing of values, and how it has to be written.
_NOTES: Mapping[str, type] = {"title": str, "description": str, "default": object, "x-aetherflow": object}
#: Deeper than any schema that a person wrote.
_MAX_DEPTH = 50
#: Larger numbers are not the same in every language.
_MOST = 2**53


def is_plain(schema: object, depth: int = 0) -> bool:
    """Whether a schema is well written, and says nothing but what `plainly_fits` knows."""
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return False
    if not all(isinstance(schema[key], kind) for key, kind in _NOTES.items() if key in schema):
        return False
    said = {key: value for key, value in schema.items() if key not in _NOTES}
    if said.keys() == {"anyOf"}:
        options = said["anyOf"]
        return isinstance(options, list) and bool(options) and all(is_plain(each, depth + 1) for each in options)
    kind = said.pop("type", None)
    if kind is None:
        return not said
    if not isinstance(kind, str) or kind not in _KEYWORDS or not said.keys() <= _KEYWORDS[kind]:
        return False
    return all(_is_plain_keyword(key, value, depth + 1) for key, value in said.items())


def plainly_fits(value: Any, schema: Mapping[str, Any]) -> bool:  # noqa: ANN401 - as a flow has it
    """Whether a value fits a plain schema for sure; where not, the library has to say.

    Args:
        value: any JSON value.
        schema: one that `is_plain`.
    """
    if "anyOf" in schema:
        return any(plainly_fits(value, option) for option in schema["anyOf"])
    return "type" not in schema or _FITS[schema["type"]](value, schema)


def _is_plain_keyword(key: str, value: Any, depth: int) -> bool:  # noqa: ANN401 - a manifest may hold anything
    match key:
        case "properties":
            return isinstance(value, dict) and all(is_plain(each, depth) for each in value.values())
        case "items":
            return is_plain(value, depth)
        case "additionalProperties":
            return isinstance(value, bool) or is_plain(value, depth)
        case "required" | "enum":
            are_texts = isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)
            return are_texts and len(set(value)) == len(value)
        case "minimum" | "maximum":
            return _is_number(value)
    return type(value) is int and 0 <= value < _MOST


def _is_number(value: object) -> bool:
    return (type(value) is int and -_MOST < value < _MOST) or (type(value) is float and isfinite(value))


def _is_between(value: float, schema: Mapping[str, Any], least: str = "minimum", most: str = "maximum") -> bool:
    return bool(schema.get(least, value) <= value <= schema.get(most, value))


def _fits_text(value: Any, schema: Mapping[str, Any]) -> bool:  # noqa: ANN401 - as above
    has_length = type(value) is str and _is_between(len(value), schema, "minLength", "maxLength")
    return has_length and ("enum" not in schema or value in schema["enum"])


def _fits_list(value: Any, schema: Mapping[str, Any]) -> bool:  # noqa: ANN401 - as above
    has_length = type(value) is list and _is_between(len(value), schema, "minItems", "maxItems")
    return has_length and ("items" not in schema or all(plainly_fits(each, schema["items"]) for each in value))


def _fits_mapping(value: Any, schema: Mapping[str, Any]) -> bool:  # noqa: ANN401 - as above
    if type(value) is not dict or any(name not in value for name in schema.get("required", ())):
        return False
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for key, item in value.items():
        known = properties.get(key, others)
        if type(key) is not str or known is False or (known is not True and not plainly_fits(item, known)):
            return False
    return True


_FITS: Mapping[str, Callable[[Any, Mapping[str, Any]], bool]] = {
    "array": _fits_list,
    "boolean": lambda value, _schema: type(value) is bool,
    "integer": lambda value, schema: type(value) is int and _is_number(value) and _is_between(value, schema),
    "null": lambda value, _schema: value is None,
    "number": lambda value, schema: _is_number(value) and _is_between(value, schema),
    "object": _fits_mapping,
    "string": _fits_text,
}
#: For each type that is known here, what may stand beside it.
_KEYWORDS: Mapping[str, set[str]] = {
    "array": {"items", "minItems", "maxItems"},
    "boolean": set(),
    "integer": {"minimum", "maximum"},
    "null": set(),
    "number": {"minimum", "maximum"},
    "object": {"properties", "required", "additionalProperties"},
    "string": {"minLength", "maxLength", "enum"},
}
