"""Where a value goes: what the schema of inputs or settings declares for the place that a template stands in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import YamlPath
from ..quick_dataclasses import dataclass
from ..resolve.schemas import DeclaredTypes, Schemas
from ..spec.models import Resource, Step
from ..spec.values import without_raw
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

    def of(self, step: Step, path: YamlPath) -> Destination:
        """The place of a path that leads into the inputs of a step."""
        return self._in_inputs(step.type, without_raw(step.inputs), path[len(step.path) + 1 :])

    def of_setting(self, resource: Resource, path: YamlPath) -> Destination:
        """The place of a path that leads into the settings of a resource."""
        part, *rest = path[len(resource.path) :]
        known = self._contributions.connector(resource.kind, resource.driver).found
        if known is None or part not in ("config", "options"):
            return Destination(UNKNOWN, {}, is_known=False)
        schema, value = (known.config, resource.config) if part == "config" else (known.options, resource.options)
        declared = self._validators.of(f"{part} of {resource.kind}:{resource.driver}", schema).declared
        return self._walk(declared, without_raw(value), rest)

    def _in_inputs(self, step_type: str, value: object, rest: Sequence[str | int]) -> Destination:
        known = self._contributions.step(step_type).found
        if known is None:
            return Destination(UNKNOWN, {}, is_known=False)
        return self._walk(self._validators.of(f"step {step_type}", known.inputs).declared, value, rest)

    def _walk(self, declared: DeclaredTypes, value: object, rest: Sequence[str | int]) -> Destination:
        schemas, marks = declared.top(), dict[str, Any]()
        for number, part in enumerate(rest):
            marks |= _marks(schemas)
            if "inner_step" in marks and part == "inputs" and isinstance(value, dict):
                inner = value.get("type")
                if isinstance(inner, str):
                    return self._in_inputs(inner, value.get("inputs"), rest[number + 1 :])
            if isinstance(value, dict):
                schemas, value = declared.of_property(schemas, _written(value), str(part)), value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                lists = tuple(schema for schema in schemas if schema.get("type", "array") == "array")
                schemas, value = declared.of_item(lists, part), value[part]
        return Destination(kind_of_place(declared, schemas), marks | _marks(schemas))


def _written(value: Mapping[str, object]) -> Mapping[str, object]:
    """What is known of a mapping: a template may turn out to be anything, and tells no branch from another."""
    return {key: item for key, item in value.items() if not (isinstance(item, str) and "{{" in item)}


def _marks(schemas: Schemas) -> dict[str, Any]:
    """The marks of all branches."""
    found: dict[str, Any] = {}
    for schema in schemas:
        if isinstance(notes := schema.get(_MARK), Mapping):
            found |= notes
    return found
