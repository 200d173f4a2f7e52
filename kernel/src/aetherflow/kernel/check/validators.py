"""The schemas of step types and connectors, compiled once each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import YamlPath
from ..resolve.schemas import DeclaredTypes, Schemas
from .plain_schemas import is_plain, plainly_fits

if TYPE_CHECKING:
    from jsonschema_rs import Validator

_MARK = "x-aetherflow"
#: Deeper than any schema that a person wrote.
_MAX_DEPTH = 100


class CompiledSchema:
    """A schema, and what judges values by it."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self.declared = DeclaredTypes(schema)
        #: The marks that stand anywhere in it.
        self.marks = frozenset(_marks(schema, 0))
        self._is_plain = is_plain(schema)

    @cached_property
    def validator(self) -> Validator | None:
        """Says what is wrong with a value; null where the schema is none, which is its plugin's fault."""
        return _compile(self.schema)

    def plainly_fits(self, value: object) -> bool:
        """Whether a value is right for sure: then nobody needs to be asked what is wrong with it."""
        return self._is_plain and plainly_fits(value, self.schema)

    def marked(self, mark: str, value: object, path: YamlPath) -> Iterator[tuple[YamlPath, object, object]]:
        """The parts of a value that the schema marks: path, part and what the mark says."""
        if mark in self.marks:
            yield from self._marked(mark, value, path, self.declared.top())

    def _marked(
        self, mark: str, value: object, path: YamlPath, schemas: Schemas
    ) -> Iterator[tuple[YamlPath, object, object]]:
        for schema in schemas:
            if mark in (notes := schema.get(_MARK, {})):
                yield path, value, notes[mark]
                break
        if isinstance(value, dict):
            branches = self.declared.branches_of(schemas, value)
            for key, item in value.items():
                yield from self._marked(mark, item, (*path, key), self.declared.of_property(branches, {}, key))
        elif isinstance(value, list):
            for number, item in enumerate(value):
                yield from self._marked(mark, item, (*path, number), self.declared.of_item(schemas, number))


class Validators:
    """Keeps each schema with what was learnt of it."""

    def __init__(self) -> None:
        self._compiled: dict[str, CompiledSchema] = {}

    def of(self, name: str, schema: Mapping[str, Any]) -> CompiledSchema:
        """The schema; `name` tells it from the others."""
        if name not in self._compiled:
            self._compiled[name] = CompiledSchema(schema)
        return self._compiled[name]


def has_form(text: str, form: str) -> bool:
    """Whether a text is what JSON Schema calls a `format`."""
    validator = _compile({"type": "string", "format": form})
    return validator is None or validator.is_valid(text)


def _compile(schema: Mapping[str, Any]) -> Validator | None:
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(dict(schema), validate_formats=True, retriever=_refuse_to_fetch)
    except ValueError:
        return None


def _refuse_to_fetch(address: str) -> dict[str, object]:
    """A manifest stands for itself: nothing is read from the network because of it."""
    message = f"{address} is not fetched"
    raise ValueError(message)


def _marks(schema: object, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(schema, Mapping):
        notes = schema.get(_MARK)
        yield from notes if isinstance(notes, Mapping) else ()
        for part in schema.values():
            yield from _marks(part, depth + 1)
    elif isinstance(schema, list):
        for part in schema:
            yield from _marks(part, depth + 1)
