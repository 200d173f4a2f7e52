"""The JSON Schema of a flow for the plugins that may be used here."""

from __future__ import annotations

from ..plugins.index import PluginIndex
from ..plugins.records import PluginRecord
from .contributions import resource_definitions, step_definitions, usable_connectors, usable_steps
from .keys import flow_keys, key_definitions
from .readable import is_readable
from .tokens import TEMPLATE_DEFINITIONS
from .values import Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def make_flow_schema(index: PluginIndex) -> Schema:
    """A flow as JSON Schema, draft 2020-12; what is left out of it stands in its `$comment`.

    What it refuses, `validate` refuses too. References, secrets, types of outputs and what goes over several keys
    are beyond it.
    """
    return {
        "$schema": DIALECT,
        "title": "AetherFlow flow",
        "$comment": _comment(index),
        **flow_keys(),
        "$defs": {
            **TEMPLATE_DEFINITIONS,
            **key_definitions(),
            **step_definitions(usable_steps(index)),
            **resource_definitions(usable_connectors(index)),
        },
    }


def left_out(index: PluginIndex) -> list[str]:
    """What is installed and not in the schema, each with the reason."""
    plugins = [f"plugin {each.name}: {each.state}, {each.why}" for each in index.plugins if not each.is_ready]
    return [*plugins, *(why for record in index.plugins for why in _denied(record, index))]


def unreadable(index: PluginIndex) -> list[str]:
    """What is in the schema by name alone, because its own schema can't be read."""
    steps = [f"inputs of step {each.name}" for each in usable_steps(index) if not is_readable(each.inputs)]
    return steps + [
        f"{part} of connector {each.kind}:{each.driver}"
        for each in usable_connectors(index)
        for part, schema in (("config", each.config), ("options", each.options))
        if not is_readable(schema)
    ]


def _denied(record: PluginRecord, index: PluginIndex) -> list[str]:
    if not record.is_ready or record.manifest is None:
        return []
    decisions = [(each, index.profile.decide(record.identity, each)) for each in record.manifest.contributions]
    return [f"{each.kind} {each.name}: {found.why}" for each, found in decisions if not found.allowed]


def _comment(index: PluginIndex) -> str:
    parts = [f"Made by `aetherflow schema` for the runtime profile {index.profile.name}."]
    if missing := left_out(index):
        parts.append(f"Left out: {'; '.join(missing)}.")
    if hidden := unreadable(index):
        parts.append(f"Not checked: {', '.join(hidden)}.")
    return " ".join(parts)
