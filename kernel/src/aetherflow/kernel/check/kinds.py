"""What may stand in a place, as far as it is known before anything runs: the schemas of a value, laid side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..quick_dataclasses import dataclass
from ..resolve.schemas import TYPE_OF, DeclaredTypes, Schemas, is_secret, known_properties, types_of
from .fault_words import words_of_types

#: Longer lists are looked at no further.
_MOST_ITEMS = 1_000


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the things that a value may be; its schemas may refer to others of their document."""

    declared: DeclaredTypes
    schemas: Schemas


@dataclass(frozen=True, slots=True)
class Kind:
    """All that a value may be; without parts, nothing is known of it."""

    parts: tuple[_Part, ...] = ()

    @property
    def types(self) -> frozenset[str] | None:
        """The JSON types that it may have; null where it may be anything."""
        found: set[str] = set()
        for part in self.parts:
            types = types_of(part.schemas)
            if types is None:
                return None
            found |= types
        return frozenset(found) if self.parts else None

    @property
    def choices(self) -> tuple[object, ...] | None:
        """The values that it may have, where they are counted out; else null."""
        found: list[object] = []
        for schema in (schema for part in self.parts for schema in part.schemas):
            if "const" in schema:
                found.append(schema["const"])
            elif isinstance(schema.get("enum"), list):
                found += schema["enum"]
            elif schema.get("type") == "null":
                found.append(None)
            else:
                return None
        return tuple(found) if self.parts else None

    @property
    def formats(self) -> frozenset[str] | None:
        """The forms that its text may have, where each text has a declared one; else null."""
        texts = [schema for part in self.parts for schema in part.schemas if schema.get("type") == "string"]
        found = [schema.get("format") for schema in texts]
        return frozenset(map(str, found)) if texts and all(found) else None

    @property
    def keys(self) -> frozenset[str] | None:
        """The keys that it may have as a mapping; null where any may."""
        found: set[str] = set()
        for part in self.parts:
            keys = known_properties(tuple(schema for schema in part.schemas if schema.get("type") == "object"))
            if keys is None:
                return None
            found |= keys
        return frozenset(found) if self.parts else None

    @property
    def is_secret(self) -> bool:
        """Whether a schema marks it as a secret."""
        return any(is_secret(part.schemas) for part in self.parts)

    @property
    def words(self) -> str:
        """Its types in words."""
        return words_of_types(sorted(self.types or ())) or "anything"

    def at(self, key: str) -> Kind:
        """What stands below a key of it."""
        return _kind((part.declared, part.declared.of_property(part.schemas, {}, key)) for part in self.parts)

    def item(self) -> Kind:
        """What its items are."""
        lists = ((part, _lists_of(part.schemas)) for part in self.parts)
        return _kind((part.declared, part.declared.of_item(schemas, 0)) for part, schemas in lists if schemas)

    def listed(self) -> Kind:
        """A list of such values."""
        return _kind((part.declared, ({"type": "array", "items": {"anyOf": [*part.schemas]}},)) for part in self.parts)

    def or_else(self, other: Kind) -> Kind:
        """What may be this or the other."""
        return Kind((*self.parts, *other.parts)) if self.parts and other.parts else UNKNOWN


UNKNOWN = Kind()


def kind_of_schema(schema: Mapping[str, Any]) -> Kind:
    """What a schema declares."""
    declared = DeclaredTypes(schema)
    return _kind([(declared, declared.top())])


def kind_of_place(declared: DeclaredTypes, schemas: Schemas) -> Kind:
    """What a schema declares for one place of a value."""
    return _kind([(declared, schemas)])


def kind_of_value(value: object) -> Kind:
    """What a written value is; a text in it that holds a template may be anything."""
    return kind_of_schema(_schema_of(value))


def kind_of_texts(*choices: str) -> Kind:
    """Text, one of these."""
    return kind_of_schema({"type": "string", "enum": [*choices]} if choices else {"type": "string"})


def is_number_in_disguise(given: str, wanted: frozenset[str]) -> bool:
    """Whether a type is taken where another one is declared: a whole number is a number as well."""
    return given in wanted or (given == "integer" and "number" in wanted)


def _kind(parts: Iterable[tuple[DeclaredTypes, Schemas]]) -> Kind:
    return Kind(tuple(_Part(declared, schemas) for declared, schemas in parts))


def _lists_of(schemas: Schemas) -> Schemas:
    return tuple(schema for schema in schemas if schema.get("type") == "array")


def _schema_of(value: object) -> dict[str, Any]:
    if isinstance(value, str) and "{{" in value:
        return {}
    if isinstance(value, Mapping):
        properties = {str(key): _schema_of(item) for key, item in value.items()}
        return {"type": "object", "properties": properties, "additionalProperties": False}
    if isinstance(value, list | tuple):
        return {"type": "array", "items": {"anyOf": [_schema_of(item) for item in value[:_MOST_ITEMS]] or [{}]}}
    kind = TYPE_OF.get(type(value))
    return {} if kind is None else {"type": kind, "const": value}
