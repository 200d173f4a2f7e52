"""What a JSON Schema declares for one place of a value, over all its branches at once.

A place has a tuple of schemas, any of which may hold there: branches (`anyOf`, `oneOf`) are laid side by
side instead of being tried one after the other, so that the work grows with the value, not with the branches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]
Schemas: TypeAlias = tuple[Schema, ...]

#: References that go round in a circle end here.
_MAX_UNFOLDING = 32
#: More branches than anybody writes; keeps a hostile schema from growing.
_MAX_BRANCHES = 256
_BRANCHES = ("anyOf", "oneOf")
#: What JSON Schema calls the type of a scalar.
TYPE_OF = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


class DeclaredTypes:
    """The schemas of a document, unfolded place by place."""

    def __init__(self, schema: Schema) -> None:
        self._whole = schema

    def top(self) -> Schemas:
        """What is declared for the whole value."""
        return self._unfold((self._whole,))

    def of_property(self, schemas: Schemas, value: Mapping[str, object], key: str) -> Schemas:
        """What is declared for the value below a key, by the branches that this mapping can be."""
        fitting = (schema for schema in self.branches_of(schemas, value) if _may_have(schema, key))
        return self._unfold(tuple(_property(schema, key) for schema in fitting))

    def branches_of(self, schemas: Schemas, value: Mapping[str, object]) -> Schemas:
        """Those that this mapping can be."""
        return tuple(schema for schema in schemas if _may_be(schema, value))

    def of_item(self, schemas: Schemas, index: int) -> Schemas:
        """What is declared for an item of a list."""
        return self._unfold(tuple(_item(schema, index) for schema in schemas))

    def _unfold(self, schemas: Schemas) -> Schemas:
        """The schemas with their references followed and their branches laid side by side."""
        flat: list[Schema] = []
        waiting = [(schema, 0) for schema in reversed(schemas)]
        while waiting and len(flat) < _MAX_BRANCHES:
            schema, depth = waiting.pop()
            if depth > _MAX_UNFOLDING:
                continue
            schema = self._merged(schema)
            branches = [branch for name in _BRANCHES for branch in schema.get(name, ())]
            if not branches:
                flat.append(schema)
                continue
            rest = {key: item for key, item in schema.items() if key not in _BRANCHES}
            waiting.extend(({**rest, **self._merged(branch)}, depth + 1) for branch in reversed(branches))
        return tuple(flat)

    def _merged(self, schema: Schema) -> Schema:
        """A schema with its `$ref` and its `allOf` taken in; what stands beside them wins."""
        for _ in range(_MAX_UNFOLDING):
            if "$ref" not in schema and "allOf" not in schema:
                return schema
            parts = [*schema.get("allOf", ())]
            if "$ref" in schema:
                parts.append(self._at(schema["$ref"]))
            own = {key: item for key, item in schema.items() if key not in ("$ref", "allOf")}
            schema = _overlaid([*parts, own])
        return {}

    def _at(self, reference: object) -> Schema:
        current: object = self._whole
        for part in str(reference).removeprefix("#").strip("/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            if name:
                current = current.get(name) if isinstance(current, Mapping) else None
        return current if isinstance(current, Mapping) else {}


def types_of(schemas: Schemas) -> frozenset[str] | None:
    """The types that may stand here; null where any may."""
    found: set[str] = set()
    for schema in schemas:
        declared = _types_of_one(schema)
        if declared is None:
            return None
        found |= declared
    return frozenset(found) if schemas else None


def is_secret(schemas: Schemas) -> bool:
    """Whether a branch marks the value that stands here as a secret."""
    return any(mark.get("secret") is True for mark in _marks(schemas))


def names_resource(schemas: Schemas) -> bool:
    """Whether a branch marks the value that stands here as the name of a resource."""
    return any("resource" in mark for mark in _marks(schemas))


def known_properties(schemas: Schemas) -> frozenset[str] | None:
    """The keys that a mapping may have here; null where any may."""
    if not schemas or any(schema.get("additionalProperties") is not False for schema in schemas):
        return None
    return frozenset(key for schema in schemas for key in schema.get("properties", ()))


def declared_names(schemas: Schemas) -> tuple[str, ...]:
    """The keys of a mapping that a branch speaks of, in the order in which they stand there."""
    return tuple(dict.fromkeys(key for schema in schemas for key in schema.get("properties", ())))


def required_names(schemas: Schemas) -> frozenset[str]:
    """The keys that a mapping must have here, whichever branch it is."""
    needed = [frozenset(schema.get("required", ())) for schema in schemas]
    return frozenset.intersection(*needed) if needed else frozenset()


def default_of(schemas: Schemas, absent: object) -> object:
    """What stands here where nothing is written; `absent` where no branch says."""
    return next((schema["default"] for schema in schemas if "default" in schema), absent)


def _marks(schemas: Schemas) -> Iterator[Mapping[str, Any]]:
    marks = (schema.get("x-aetherflow") for schema in schemas)
    return (mark for mark in marks if isinstance(mark, Mapping))


def keys_of_condition(condition: object) -> Iterator[str]:
    """The keys of a mapping that a condition (`if`) looks at."""
    if isinstance(condition, list):
        for part in condition:
            yield from keys_of_condition(part)
    elif isinstance(condition, Mapping):
        yield from condition.get("required", ())
        yield from condition.get("properties", ())
        for keyword in ("not", "allOf", "anyOf", "oneOf"):
            yield from keys_of_condition(condition.get(keyword))


def _types_of_one(schema: Schema) -> set[str] | None:
    declared = schema.get("type")
    if isinstance(declared, str):
        return {declared}
    if isinstance(declared, list):
        return set(declared)
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(choices, list):
        return None
    return {TYPE_OF.get(type(choice), "object") for choice in choices}


def _overlaid(parts: list[Schema]) -> Schema:
    merged: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for part in parts:
        merged |= part
        properties |= part.get("properties", {})
    return {**merged, "properties": properties} if properties else merged


def _property(schema: Schema, key: str) -> Schema:
    properties = schema.get("properties", {})
    if key in properties:
        return _as_schema(properties[key])
    return _as_schema(schema.get("additionalProperties"))


def _item(schema: Schema, index: int) -> Schema:
    first = schema.get("prefixItems", [])
    return _as_schema(first[index] if index < len(first) else schema.get("items"))


def _as_schema(part: object) -> Schema:
    return part if isinstance(part, Mapping) else {}


def _may_be(schema: Schema, value: Mapping[str, object]) -> bool:
    """Whether the mapping can be this branch, going by its type and by the fields that tell branches apart."""
    types = _types_of_one(schema)
    if types is not None and "object" not in types:
        return False
    properties = schema.get("properties", {})
    return all(_agrees(_as_schema(properties.get(key)), item) for key, item in value.items() if isinstance(item, str))


def _may_have(schema: Schema, key: str) -> bool:
    return key in schema.get("properties", {}) or schema.get("additionalProperties") is not False


def _agrees(schema: Schema, text: str) -> bool:
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    return not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices) or text in choices
