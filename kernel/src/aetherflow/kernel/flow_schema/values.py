"""Small schemas, one per shape of value; the schema's side of what `spec.shapes` reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from ..spec.fields import Fields
from ..spec.identifiers import DOTTED_ID_PATTERN, ID_PATTERN
from ..spec.shapes import LONGEST_SECONDS, MAX_LENGTH

Schema: TypeAlias = dict[str, Any]

ANYTHING: Schema = {}
TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
TRUTH: Schema = {"type": "boolean"}
ID: Schema = {"type": "string", "pattern": f"^{ID_PATTERN.pattern}$"}
DOTTED_ID: Schema = {"type": "string", "pattern": f"^{DOTTED_ID_PATTERN.pattern}$"}
FREE_MAPPING: Schema = {"type": "object"}
SECONDS: Schema = {"type": "number", "minimum": 0, "maximum": LONGEST_SECONDS}
DURATION: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST_SECONDS}


def whole_number(minimum: int, maximum: int) -> Schema:
    """A whole number within limits."""
    return {"type": "integer", "minimum": minimum, "maximum": maximum}


def one_of(words: Iterable[str]) -> Schema:
    """One of a few words."""
    return {"enum": list(words)}


def one_of_or_null(words: Iterable[str]) -> Schema:
    """One of a few words, or nothing."""
    return {"enum": [*words, None]}


def list_of(item: Schema) -> Schema:
    """A list of values of one schema."""
    return {"type": "array", "items": item, "maxItems": MAX_LENGTH}


def named(value: Schema) -> Schema:
    """A mapping from names, which are ids, to values of one schema."""
    return {"type": "object", "propertyNames": {"pattern": ID["pattern"]}, "additionalProperties": value}


def explained_words(words: Mapping[str, str]) -> Schema:
    """One of a few words, each with what it means, which editors show; nothing at all where there is none."""
    if not words:
        return {"not": {}}
    return {"oneOf": [{"const": word, "description": meaning} for word, meaning in words.items()]}


def defined(name: str) -> Schema:
    """A schema that stands under `$defs`."""
    return {"$ref": f"#/$defs/{name}"}


def mapping(fields: Fields, description: str, known: Mapping[str, tuple[str, Schema]]) -> Schema:
    """A mapping whose keys are known: which there are and which must be there is what `spec` says.

    Args:
        fields: the keys, as flows are read by them.
        description: what the mapping is.
        known: of each key, what it is for, and the schema of its value.

    Raises:
        KeyError: a key has no schema here.
    """
    schema: Schema = {
        "type": "object",
        "description": description,
        "properties": {key: {"description": known[key][0], **known[key][1]} for key in fields.known},
        "additionalProperties": False,
    }
    if fields.required:
        schema["required"] = [key for key in fields.known if key in fields.required]
    return schema
