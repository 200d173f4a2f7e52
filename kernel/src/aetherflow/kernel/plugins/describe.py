"""The manifest of a loaded plugin: the static shadow of what its hooks give."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..contracts.interface import INTERFACE_VERSION
from .boundary import plugin_boundary
from .contributions import summary_of
from .manifest import MANIFEST_FORMAT
from .records import LoadedPlugin

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..contracts.commands import CommandParameter, PluginCommand
    from ..contracts.connectors import AnyConnector
    from ..contracts.steps import AnyStep

#: What differs between releases of pydantic without changing what is valid.
_VOLATILE = frozenset({"title", "pattern", "format"})
#: Keys of a schema whose value maps free names to schemas.
_NAMED_SCHEMAS = frozenset({"properties", "$defs", "patternProperties", "dependentSchemas"})
#: Keys of a schema whose value is data, not a schema.
_DATA = frozenset({"const", "default", "enum", "examples", "required", "x-aetherflow"})


def describe_plugin(name: str, loaded: LoadedPlugin, *, retired: Sequence[str] = ()) -> dict[str, Any]:
    """The manifest of a plugin, as the JSON object that is written beside its code.

    Raises:
        PluginError: a model of the plugin can't be put into a JSON Schema.
    """
    with plugin_boundary(name, "its manifest was made"):
        return {
            "manifest": MANIFEST_FORMAT,
            "interface": ".".join(map(str, INTERFACE_VERSION)),
            "name": name,
            "summary": loaded.summary,
            "hooks": list(loaded.hooks),
            "steps": [_step(loaded.steps[step]) for step in sorted(loaded.steps)],
            "connectors": [_connector(loaded.connectors[connector]) for connector in sorted(loaded.connectors)],
            "commands": [_command(loaded.commands[command]) for command in sorted(loaded.commands)],
            "retired": sorted(retired),
        }


def manifest_text(data: Mapping[str, Any]) -> str:
    """The manifest as it is written to its file."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def drift(written: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    """Where a written manifest differs from what the plugin gives now, one line each."""
    lines: list[str] = []
    _compare("", _comparable(written), _comparable(actual), lines)
    return lines


def _step(step: type[AnyStep]) -> dict[str, Any]:
    return {
        "name": step.name,
        "target": f"{step.__module__}:{step.__qualname__}",
        "summary": summary_of(step),
        "effects": sorted(effect.value for effect in step.effects),
        "rerun": step.rerun.value,
        "inputs": _schema(step.inputs_type, serialized=False),
        "outputs": _schema(step.outputs_type, serialized=True),
        "outputs_from": step.outputs_from.as_manifest() if step.outputs_from else None,
        "may_skip": step.may_skip,
    }


def _connector(connector: type[AnyConnector]) -> dict[str, Any]:
    return {
        "kind": connector.kind,
        "driver": connector.driver,
        "target": f"{connector.__module__}:{connector.__qualname__}",
        "protocol": connector.protocol.__name__,
        "summary": summary_of(connector),
        "config": _schema(connector.config_type, serialized=False),
        "options": _schema(connector.options_type, serialized=False),
        "effects": sorted(effect.value for effect in connector.effects),
    }


def _command(command: PluginCommand) -> dict[str, Any]:
    return {
        "name": command.name,
        "target": f"{command.run.__module__}:{command.run.__qualname__}",
        "summary": command.summary,
        "effects": sorted(effect.value for effect in command.effects),
        "parameters": [_parameter(each) for each in command.parameters],
    }


def _parameter(parameter: CommandParameter) -> dict[str, Any]:
    always = {"name": parameter.name, "kind": parameter.kind, "help": parameter.help}
    metavar = {"metavar": parameter.metavar} if parameter.metavar else {}
    marks = {"is_required": parameter.is_required, "is_flow": parameter.is_flow}
    return {**always, **metavar, **{mark: True for mark, is_set in marks.items() if is_set}}


def _schema(model: type[BaseModel], *, serialized: bool) -> object:
    """What a flow may give (inputs), or what a step's JSON form will hold (outputs)."""
    return without_keys(model.model_json_schema(mode="serialization" if serialized else "validation"), {"title"})


def without_keys(schema: object, keys: frozenset[str] | set[str]) -> object:
    """A JSON Schema without some of its keywords, at any depth; properties of those names stay."""
    if isinstance(schema, list):
        return [without_keys(item, keys) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _NAMED_SCHEMAS and isinstance(value, dict):
            kept[key] = {name: without_keys(item, keys) for name, item in value.items()}
        elif key in _DATA:
            kept[key] = value
        elif key not in keys:
            kept[key] = without_keys(value, keys)
    return kept


def _comparable(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest by names instead of positions; the interface version is the author's word, not derived."""
    steps = {step["name"]: _without_volatile(step, "inputs", "outputs") for step in manifest.get("steps", ())}
    connectors = {
        f"{connector['kind']}:{connector['driver']}": _without_volatile(connector, "config", "options")
        for connector in manifest.get("connectors", ())
    }
    commands = {command["name"]: command for command in manifest.get("commands", ())}
    rest = {key: manifest.get(key) for key in ("name", "summary", "hooks", "retired")}
    return {**rest, "steps": steps, "connectors": connectors, "commands": commands}


def _without_volatile(entry: Mapping[str, Any], *schemas: str) -> dict[str, Any]:
    return {key: without_keys(value, _VOLATILE) if key in schemas else value for key, value in entry.items()}


def _compare(place: str, written: object, actual: object, lines: list[str]) -> None:
    if isinstance(written, dict) and isinstance(actual, dict):
        for key in [*written, *(key for key in actual if key not in written)]:
            below = f"{place}.{key}" if place else key
            if key not in actual:
                lines.append(f"{below}: the plugin has it no more")
            elif key not in written:
                lines.append(f"{below}: is missing in the manifest")
            else:
                _compare(below, written[key], actual[key], lines)
    elif written != actual:
        lines.append(f"{place}: differs")
