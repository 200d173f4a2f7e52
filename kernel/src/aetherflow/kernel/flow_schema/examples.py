"""An example of each step, made from its schema: what must be given, each value right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

_MARK = "x-aetherflow"
_MOST_REFERENCES = 32
_FILES = {"read": "input", "write": "output"}


class Examples:
    """Makes examples for one schema."""

    def __init__(self, schema: Mapping[str, Any], inner_step: Callable[[], Mapping[str, Any]]) -> None:
        """`inner_step` answers an example of a step that stands inside another one."""
        self._whole = schema
        self._inner_step = inner_step

    def inputs(self) -> dict[str, Any]:
        """The inputs that must be given."""
        return self._mapping(self._whole, 0)

    def _mapping(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        made: dict[str, Any] = {}
        for part in (schema, *schema.get("allOf", ())):
            missing = [name for name in _required(part, made) if name not in made]
            made |= {name: self._value(properties.get(name, {}), name, depth) for name in missing}
        return made

    def _value(self, schema: Any, name: str, depth: int) -> Any:  # noqa: ANN401 - as JSON has it
        if not isinstance(schema, Mapping) or depth > _MOST_REFERENCES:
            return _template(name)
        marks = schema.get(_MARK, {})
        if marks.get("inner_step"):
            return dict(self._inner_step())
        if given := schema.get("examples"):
            return given[0]
        if "enum" in schema or "const" in schema:
            return schema["const"] if "const" in schema else schema["enum"][0]
        branch = self._branch(schema)
        if branch is not None:
            return self._value(branch, name, depth + 1)
        return self._of_type(schema, name, depth)

    def _branch(self, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as JSON has it
        """The schema that stands for this one: what it refers to, or its first branch that is not null."""
        if "$ref" in schema:
            return self._found(schema["$ref"])
        for name in ("anyOf", "oneOf"):
            for branch in schema.get(name, ()):
                if not isinstance(branch, Mapping) or branch.get("type") != "null":
                    return branch
        return None

    def _of_type(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:  # noqa: ANN401 - as JSON has it
        match schema.get("type"):
            case "object":
                return self._mapping(schema, depth + 1)
            case "array":
                return [self._value(schema["items"], name, depth + 1)] if "items" in schema else []
        return _right_or_template(schema, name)

    def _found(self, reference: str) -> Any:  # noqa: ANN401 - as JSON has it
        found: Any = self._whole
        for part in reference.removeprefix("#").split("/")[1:]:
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
        return found


def _required(schema: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[str]:
    """What must be given, by itself and because of what is."""
    yield from schema.get("required", ())
    if "if" in schema:
        import jsonschema_rs

        if jsonschema_rs.is_valid(dict(schema["if"]), dict(made)):
            yield from schema.get("then", {}).get("required", ())


def _template(name: str) -> str:
    """Stands for a value whose form can't be guessed: right everywhere but in place of all inputs."""
    return f"{{{{params.{name}}}}}"


def _right_or_template(schema: Mapping[str, Any], name: str) -> object:
    import jsonschema_rs

    value = _guess(schema, name)
    is_right = jsonschema_rs.is_valid(dict(schema), value, validate_formats=True)
    return value if is_right else _template(name)


def _guess(schema: Mapping[str, Any], name: str) -> object:
    match schema.get("type"):
        case "boolean":
            return schema.get("default", True)
        case "integer" | "number":
            return schema.get("default", schema.get("minimum", 1))
    return _text(schema.get(_MARK, {}), name)


def _text(marks: Mapping[str, Any], name: str) -> str:
    if "resource" in marks:
        return f"my_{str(marks['resource']).lower()}"
    if "values_in" in marks:
        return "SELECT 1"
    if "path" in marks:
        is_folder = "dir" in name or "folder" in name
        return _FILES.get(str(marks["path"]), "file") + ("" if is_folder else ".csv")
    return f"my_{name}"
