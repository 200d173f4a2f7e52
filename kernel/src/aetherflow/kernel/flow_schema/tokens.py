"""Schemas for values that may hold templates: what is checked when a step runs can't be refused by an editor.

Where a schema says what a value must be, a text that is one whole token may stand for it, and where it says what a
text must look like, any text with a token. The value as a whole stays what it is: inputs are a mapping, never a token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..resolve.schemas import keys_of_condition
from .values import Schema, defined

#: What a token may stand for, by what the value is otherwise.
TEMPLATE_DEFINITIONS: dict[str, Schema] = {
    "token": {
        "type": "string",
        "pattern": r"^\{\{[^{}]*\}\}$",
        "patternErrorMessage": "Write the value, or a template that stands for it: {{path}} or {{path:default}}.",
        "description": "A template that stands for the whole value: {{path}} or {{path:default}}.",
    },
    "template": {
        "type": "string",
        "pattern": r"\{\{",
        "description": "A text with templates in it: {{path}} or {{path:default}}.",
    },
}

_MARK = "x-aetherflow"
_IN_PLACE_LISTS = ("anyOf", "allOf")
_IN_PLACE = ("then", "else")
_BELOW_LISTS = ("prefixItems",)
_BELOW_BY_NAME = ("properties", "patternProperties")
_BELOW = ("items", "additionalProperties", "contains", "unevaluatedItems", "unevaluatedProperties")
_BY_NAME = ("$defs", "definitions", "dependentSchemas")
#: They hold or not as the value is written, tokens and all.
_AS_WRITTEN = ("if", "not", "propertyNames")
#: They go by what is missing, which may come from elsewhere.
_OF_WHOLE_VALUES = ("required", "if", "then", "else")
_ANNOTATIONS = ("title", "description", "default", "examples", "deprecated")
#: Of no use to editors, or nothing that holds for tokens.
_LEFT_OUT = frozenset({"title", "uniqueItems", _MARK})
_OF_TEXTS = frozenset({"enum", "const", "pattern", "minLength", "maxLength", "format", "not"})
_MOST_REFERENCES = 32


def with_templates(schema: Mapping[str, Any], *, home: str = "", is_partial: bool = False) -> Schema:
    """The schema of the same value where its parts may be templates.

    Args:
        schema: of a value as it is without templates.
        home: the name under `$defs` where the answer will stand, for references inside of it.
        is_partial: whether keys that are missing may come from elsewhere.
    """
    found: Schema = _Rewriting(schema, home, is_partial=is_partial).bare(schema)
    return found


class _Rewriting:
    """One schema that is rewritten."""

    def __init__(self, whole: Mapping[str, Any], home: str, *, is_partial: bool) -> None:
        self._whole = whole
        self._prefix = f"#/$defs/{home}" if home else "#"
        self._is_partial = is_partial

    def bare(self, schema: Any) -> Any:  # noqa: ANN401 - a schema is a mapping or a boolean
        """The schema with templates in all that stands below the value, and not for the value itself."""
        if not isinstance(schema, Mapping):
            return schema
        result: Schema = {}
        for keyword, part in _without_one_of(schema).items():
            self._put(result, keyword, part)
        if "if" in result and "else" not in result:
            result["if"] = _unless_open(result["if"])
        mark = schema.get(_MARK)
        if isinstance(mark, Mapping) and mark.get("inner_step"):
            return {"allOf": [result, defined("inner_step")]}
        return result

    def _put(self, result: Schema, keyword: str, part: Any) -> None:  # noqa: ANN401 - as JSON has it
        if keyword in _LEFT_OUT or (keyword in _OF_WHOLE_VALUES and self._is_partial):
            return
        if keyword in _IN_PLACE_LISTS:
            result[keyword] = [self.bare(branch) for branch in part]
        elif keyword in _IN_PLACE:
            result[keyword] = self.bare(part)
        elif keyword in _BY_NAME:
            result[keyword] = {name: self.bare(inner) for name, inner in part.items()}
        elif keyword in _BELOW_BY_NAME:
            result[keyword] = {name: self._templated(inner) for name, inner in part.items()}
        elif keyword in _BELOW_LISTS:
            result[keyword] = [self._templated(inner) for inner in part]
        elif keyword in _BELOW:
            result[keyword] = self._templated(part)
        elif keyword == "$ref":
            result[keyword] = self._rehomed(part)
        else:
            result[keyword] = self._as_written(part) if keyword in _AS_WRITTEN else part

    def _rehomed(self, reference: str) -> str:
        return f"{self._prefix}{reference[1:]}" if reference.startswith("#") else reference

    def _as_written(self, part: Any) -> Any:  # noqa: ANN401 - as JSON has it
        if isinstance(part, Mapping):
            return {
                key: self._rehomed(inner) if key == "$ref" and isinstance(inner, str) else self._as_written(inner)
                for key, inner in part.items()
                if key != _MARK
            }
        return [self._as_written(inner) for inner in part] if isinstance(part, list) else part

    def _templated(self, schema: Any) -> Any:  # noqa: ANN401 - a schema is a mapping or a boolean
        """The same for a value that may itself be a template."""
        if not isinstance(schema, Mapping) or self._takes_any_text(schema, 0):
            return self.bare(schema)
        template = defined("template" if self._takes_text(schema, 0) else "token")
        rewritten = self.bare(schema)
        notes = {key: rewritten.pop(key) for key in _ANNOTATIONS if key in rewritten}
        if _is_container(rewritten) and template == defined("token"):
            # Told apart before the rest is looked at: so what is wrong inside is told at its place.
            return {**notes, "if": {"type": "string"}, "then": template, "else": rewritten}
        branches = rewritten["anyOf"] if rewritten.keys() == {"anyOf"} else [rewritten]
        return {**notes, "anyOf": [*branches, template]}

    def _takes_any_text(self, schema: Any, depth: int) -> bool:  # noqa: ANN401 - as above
        """Whether every text is right here."""
        if not isinstance(schema, Mapping):
            return schema is not False
        if not _may_be_text(schema) or not _OF_TEXTS.isdisjoint(schema) or depth > _MOST_REFERENCES:
            return False
        if "if" in schema or "allOf" in schema or "$ref" in schema:
            return False
        return all(
            any(self._takes_any_text(branch, depth + 1) for branch in schema[name])
            for name in ("anyOf", "oneOf")
            if name in schema
        )

    def _takes_text(self, schema: Any, depth: int) -> bool:  # noqa: ANN401 - as above
        """Whether some text may be right here; where that is hard to tell, it may."""
        if not isinstance(schema, Mapping):
            return schema is not False
        if not _may_be_text(schema):
            return False
        if depth > _MOST_REFERENCES:
            return True
        if "$ref" in schema and not self._takes_text(self._found(schema["$ref"]), depth + 1):
            return False
        return all(
            any(self._takes_text(branch, depth + 1) for branch in schema[name])
            for name in ("anyOf", "oneOf")
            if name in schema
        )

    def _found(self, reference: str) -> Any:  # noqa: ANN401 - as above
        """What a reference names; anything where it names nothing here."""
        found: Any = self._whole
        for part in reference.removeprefix("#").split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                return {}
            found = found[name]
        return found


def _unless_open(condition: Schema) -> Schema:
    """The condition, which does not hold where it looks at a template: `validate` leaves it open as well."""
    keys = {key: {"not": defined("template")} for key in keys_of_condition(condition)}
    return {"allOf": [condition, {"properties": keys}]} if keys else condition


def _without_one_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema with `anyOf` for `oneOf`: a token fits several branches, which `oneOf` would refuse."""
    if "oneOf" not in schema:
        return schema
    rest = {keyword: part for keyword, part in schema.items() if keyword != "oneOf"}
    if "anyOf" not in schema:
        return {**rest, "anyOf": schema["oneOf"]}
    return {**rest, "allOf": [*schema.get("allOf", ()), {"anyOf": schema["oneOf"]}]}


def _is_container(schema: Mapping[str, Any]) -> bool:
    return "$ref" in schema or "allOf" in schema or schema.get("type") in ("object", "array")


def _may_be_text(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type")
    if kinds is None:
        words: Sequence[object] = [schema["const"]] if "const" in schema else schema.get("enum", [""])
        return any(isinstance(word, str) for word in words)
    return "string" in ([kinds] if isinstance(kinds, str) else kinds)
