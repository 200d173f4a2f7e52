"""Where a value goes: what the schema of inputs or settings declares for the place that a template stands in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import YamlPath
from ..quick_dataclasses import dataclass
from ..resolve.schemas import DeclaredTypes, Schemas
from ..spec.models import Resource, Step
from ..spec.values import Raw, without_raw
from .contributions import Contributions
from .kinds import UNKNOWN, Kind, kind_of_place
from .validators import Validators

_MARK = "x-aetherflow"


@dataclass(frozen=True, slots=True)
class Destination:
    """A place in the inputs of a step, or in the settings of a resource."""

    kind: Kind
    #: What the schemas of the place, and of all that it lies in, are marked with.
    marks: Mapping[str, Any]
    #: Whether that is known; where not, nothing is known of the place.
    is_known: bool = True


class Destinations:
    """Finds places by their paths, those of steps inside steps as well."""

    def __init__(self, contributions: Contributions, validators: Validators) -> None:
        self._contributions = contributions
        self._validators = validators
        #: The branches that a mapping can be, by its place: asked for each of its keys, found once.
        self._branches: dict[YamlPath, Schemas] = {}

    def of(self, step: Step, path: YamlPath) -> Destination:
        """The place of a path that leads into the inputs of a step."""
        return self._in_inputs(step.type, step.inputs, path, len(step.path) + 1)

    def of_setting(self, resource: Resource, path: YamlPath) -> Destination:
        """The place of a path that leads into the settings of a resource."""
        part = path[len(resource.path)]
        known = self._contributions.connector(resource.kind, resource.driver).found
        if known is None or part not in ("config", "options"):
            return Destination(UNKNOWN, {}, is_known=False)
        schema, value = (known.config, resource.config) if part == "config" else (known.options, resource.options)
        declared = self._validators.of(f"{part} of {resource.kind}:{resource.driver}", schema).declared
        return self._walk(declared, value, path, len(resource.path) + 1)

    def _in_inputs(self, step_type: str, value: object, path: YamlPath, start: int) -> Destination:
        known = self._contributions.step(step_type).found
        if known is None:
            return Destination(UNKNOWN, {}, is_known=False)
        return self._walk(self._validators.of(f"step {step_type}", known.inputs).declared, value, path, start)

    def _walk(self, declared: DeclaredTypes, value: object, path: YamlPath, start: int) -> Destination:
        """What is declared for a path, for the value that stands at the part of it before `start`."""
        schemas, marks = declared.top(), dict[str, Any]()
        for number, part in enumerate(path[start:], start):
            marks |= _marks(schemas)
            value = value.value if isinstance(value, Raw) else value
            if "inner_step" in marks and part == "inputs" and isinstance(value, dict):
                inner = without_raw(value.get("type"))
                if isinstance(inner, str):
                    return self._in_inputs(inner, value.get("inputs"), path, number + 1)
            if isinstance(value, dict):
                branches = self._branches_at(path[:number], declared, schemas, value)
                schemas, value = declared.of_property(branches, {}, str(part)), value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                lists = tuple(schema for schema in schemas if schema.get("type", "array") == "array")
                schemas, value = declared.of_item(lists, part), value[part]
        return Destination(kind_of_place(declared, schemas), marks | _marks(schemas))

    def _branches_at(
        self, place: YamlPath, declared: DeclaredTypes, schemas: Schemas, value: Mapping[str, object]
    ) -> Schemas:
        if place not in self._branches:
            self._branches[place] = declared.branches_of(schemas, _written(value))
        return self._branches[place]


def _written(value: Mapping[str, object]) -> Mapping[str, object]:
    """What is known of a mapping: a template may turn out to be anything, and tells no branch from another."""
    bare = {key: item.value if isinstance(item, Raw) else item for key, item in value.items()}
    return {key: item for key, item in bare.items() if not (isinstance(item, str) and "{{" in item)}


def _marks(schemas: Schemas) -> dict[str, Any]:
    """The marks of all branches."""
    found: dict[str, Any] = {}
    for schema in schemas:
        if isinstance(notes := schema.get(_MARK), Mapping):
            found |= notes
    return found
