"""Steps and resources of a flow's schema: what the plugins contribute that may be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..plugins.index import PluginIndex
from ..plugins.records import ConnectorEntry, StepEntry
from .examples import Examples
from .keys import resource_keys, step_keys
from .readable import is_readable
from .tokens import with_templates
from .values import FREE_MAPPING, Schema, defined, explained_words


def step_definitions(steps: Sequence[StepEntry]) -> dict[str, Schema]:
    """What steps of a flow are, under `$defs`: all of them, each type, and its inputs."""
    examples = _examples(steps)
    found: dict[str, Schema] = {"step": _step(steps), "inner_step": _inner_step(steps)}
    found["step"]["examples"] = list(examples.values())
    for step in steps:
        home = f"inputs.{step.name}"
        found[home] = {**_templated(step.inputs, home), "examples": [examples[step.name]["inputs"]]}
        found[f"step.{step.name}"] = _with_inputs(step, defined(home))
    return found


def resource_definitions(connectors: Sequence[ConnectorEntry]) -> dict[str, Schema]:
    """What resources of a flow are, under `$defs`: all of them, each connector, and its settings."""
    kinds = {each.kind: [other for other in connectors if other.kind == each.kind] for each in connectors}
    found = {"resource": _resource(kinds)}
    for connector in connectors:
        name = f"{connector.kind}.{connector.driver}"
        found[f"connector.{name}"] = _with_settings(connector, name)
        for part, schema in (("config", connector.config), ("options", connector.options)):
            for home, is_partial in ((f"{part}.{name}", False), (f"partial_{part}.{name}", True)):
                found[home] = _templated(schema, home, is_partial=is_partial)
    return found


def _templated(schema: Mapping[str, Any], home: str, *, is_partial: bool = False) -> Schema:
    return with_templates(schema, home=home, is_partial=is_partial) if is_readable(schema) else dict(FREE_MAPPING)


def usable_steps(index: PluginIndex) -> list[StepEntry]:
    """The steps that flows may name, by name."""
    return [index.step(name) for name in index.step_names()]


def usable_connectors(index: PluginIndex) -> list[ConnectorEntry]:
    """The connectors that flows may name, by kind and driver."""
    return [index.connector(*name.split(":", 1)) for name in index.connector_names()]


def _step(steps: Sequence[StepEntry]) -> Schema:
    choices = [_when({"type": step.name}, defined(f"step.{step.name}")) for step in steps]
    return {**step_keys(_types(steps)), **_all_of(choices)}


def _types(steps: Sequence[StepEntry]) -> Schema:
    return explained_words({step.name: f"{step.summary} (plugin {step.plugin.name})" for step in steps})


def _with_inputs(step: StepEntry, inputs: Schema) -> Schema:
    schema: Schema = {"description": step.summary, "properties": {"inputs": inputs}}
    return {**schema, "required": ["inputs"]} if step.inputs.get("required") else schema


def _inner_step(steps: Sequence[StepEntry]) -> Schema:
    """A step inside another one: which keys it has says the outer one's schema, here is what its type asks for."""
    choices = [_when({"type": step.name}, _with_inputs(step, _inner_inputs(step))) for step in steps]
    return {"properties": {"type": {"anyOf": [_types(steps), defined("template")]}}, **_all_of(choices)}


def _inner_inputs(step: StepEntry) -> Schema:
    """Its inputs, of which the outer step takes a template or null as well."""
    is_other: Schema = {"type": ["string", "null"]}
    return {
        "if": is_other,
        "then": {"anyOf": [{"type": "null"}, defined("token")]},
        "else": defined(f"inputs.{step.name}"),
    }


def _resource(kinds: Mapping[str, Sequence[ConnectorEntry]]) -> Schema:
    words = {kind: f"Drivers: {', '.join(each.driver for each in connectors)}" for kind, connectors in kinds.items()}
    choices = [_when({"kind": kind}, _of_kind(connectors)) for kind, connectors in kinds.items()]
    return {**resource_keys(explained_words(words)), **_all_of(choices)}


def _of_kind(connectors: Sequence[ConnectorEntry]) -> Schema:
    """A resource whose kind is known: its drivers, and of each what it asks for."""
    return {
        "properties": {"driver": _drivers(connectors)},
        "allOf": [
            _when({"driver": each.driver}, defined(f"connector.{each.kind}.{each.driver}")) for each in connectors
        ],
    }


def _drivers(connectors: Sequence[ConnectorEntry]) -> Schema:
    return explained_words({each.driver: f"{each.summary} (plugin {each.plugin.name})" for each in connectors})


def _with_settings(connector: ConnectorEntry, name: str) -> Schema:
    """Settings that must be there may come from a resource profile instead."""
    parts = {"config": connector.config, "options": connector.options}
    alone: Schema = {"properties": {part: defined(f"{part}.{name}") for part in parts}}
    required = [part for part, schema in parts.items() if schema.get("required")]
    if required:
        alone["required"] = required
    filled_up = {"properties": {part: defined(f"partial_{part}.{name}") for part in parts}}
    without_profile = {"properties": {"profile": {"type": "null"}}}
    return {"description": connector.summary, "if": without_profile, "then": alone, "else": filled_up}


def _all_of(choices: list[Schema]) -> Schema:
    """All of them, of which an empty list is no schema."""
    return {"allOf": choices} if choices else {}


def _when(words: Mapping[str, str], then: Schema) -> Schema:
    """What holds for a mapping in which these words stand under these keys."""
    conditions = {key: {"const": word} for key, word in words.items()}
    return {"if": {"properties": conditions, "required": list(words)}, "then": then}


def _examples(steps: Sequence[StepEntry]) -> dict[str, dict[str, Any]]:
    """A step of each type."""
    by_name = {step.name: step for step in steps}

    def inner() -> dict[str, Any]:
        plain = next((step for step in steps if step.inner_step is None), None)
        return {"type": "TYPE"} if plain is None else {"type": plain.name, "inputs": inputs_of(plain.name)}

    def inputs_of(name: str) -> dict[str, Any]:
        return Examples(by_name[name].inputs, inner).inputs()

    return {
        name: {"id": f"my_{name.replace('.', '_')}"[:64], "type": name, "inputs": inputs_of(name)} for name in by_name
    }
