"""How a plugin is shown: as a row of a table, as a page of text, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..contracts.tables import NONE, plain

if TYPE_CHECKING:
    from ..contracts.commands import CommandParameter
    from ..plugins.index import PluginIndex
    from ..plugins.manifest import CommandManifest, ConnectorManifest, Manifest, StepManifest
    from ..plugins.records import PluginRecord
    from ..policy.rules import Contribution

COLUMNS = ("NAME", "DISTRIBUTION", "VERSION", "API", "STATE", "STEPS", "CONN", "HOOKS", "LOCK", "WHY")
NUMBERS = frozenset({"STEPS", "CONN"})
#: States whose reason says by itself what to do: a rule with its file and line.
_SELF_EVIDENT = frozenset({"ready", "active", "denied"})


def listed(record: PluginRecord, index: PluginIndex) -> dict[str, Any]:
    """A plugin as `plugins list --json` gives it."""
    contributions = record.manifest.contributions if record.manifest else ()
    return {
        "name": record.name,
        "distribution": record.distribution,
        "version": record.version,
        "interface": record.interface,
        "state": record.state.value,
        "steps": [each.name for each in contributions if each.kind == "step"],
        "connectors": [each.name for each in contributions if each.kind == "connector"],
        "commands": [each.name for each in contributions if each.kind == "command"],
        "hooks": [_shown_hook(record, hook, index) for hook in _behaviours(record)],
        "lock": None,
        "why": record.why,
        "help": record.mend,
    }


def row(record: PluginRecord, index: PluginIndex) -> list[str]:
    """A plugin's cells, one for each of `COLUMNS`."""
    manifest = record.manifest
    needs_mend = record.state.value not in _SELF_EVIDENT and record.mend
    why = f"{record.why}: {record.mend}" if needs_mend else record.why
    return [
        record.name,
        NONE if record.is_local else record.distribution,
        record.version,
        record.interface,
        record.state.value,
        str(len(manifest.steps)) if manifest else "",
        str(len(manifest.connectors)) if manifest else "",
        ", ".join(_hook_cell(record, hook, index) for hook in _behaviours(record)),
        "",
        f"{why} ({record.distribution})" if record.is_local else why,
    ]


def description(record: PluginRecord, index: PluginIndex) -> Iterable[str]:
    """The lines of a plugin's page."""
    yield f"{record.name}: {record.state}{' (' + plain(record.why) + ')' if record.why else ''}"
    if record.mend and not record.is_ready:
        yield f"  help          {plain(record.mend)}"
    yield f"  distribution  {plain(record.distribution)} {plain(record.version)}".rstrip()
    yield f"  interface     {record.interface or NONE}"
    manifest = record.manifest
    if manifest is None:
        return
    if manifest.summary:
        yield f"  summary       {plain(manifest.summary)}"
    for hook in manifest.behaviours:
        decision = index.profile.decide_hook(record.identity, hook)
        yield f"  hook          {hook}: {'granted' if decision.allowed else 'not granted'} ({plain(decision.why)})"
    for step in manifest.steps:
        yield ""
        yield from _heading(record, step.contribution, index, f"step {step.name} ({step.rerun})")
        yield from _about(step.summary, step.effects)
        yield from _fields("inputs", step.inputs)
        yield from _fields("outputs", step.outputs)
    yield from _connector_descriptions(record, manifest, index)
    for command in manifest.commands:
        yield ""
        yield from _heading(record, command.contribution, index, f"command {command.name}")
        yield from _about(command.summary, command.effects)
        yield from _parameters(command.parameters)


def _connector_descriptions(record: PluginRecord, manifest: Manifest, index: PluginIndex) -> Iterable[str]:
    for connector in manifest.connectors:
        yield ""
        heading = f"connector {connector.name} ({connector.protocol})"
        yield from _heading(record, connector.contribution, index, heading)
        yield from _about(connector.summary, connector.effects)
        yield from _fields("config", connector.config)
        yield from _fields("options", connector.options)


def _heading(record: PluginRecord, contribution: Contribution, index: PluginIndex, text: str) -> Iterable[str]:
    denied = _denial(record, contribution, index)
    yield plain(text) if denied is None else f"{plain(text)}: denied, {denied}"


def _about(summary: str, effects: Iterable[str]) -> Iterable[str]:
    if summary:
        yield f"  {plain(summary)}"
    yield f"  effects: {', '.join(sorted(effects)) or 'none'}"


def _fields(title: str, schema: Mapping[str, Any]) -> Iterable[str]:
    properties = schema.get("properties") or {}
    if not isinstance(properties, dict) or not properties:
        return
    required = schema.get("required") or ()
    yield f"  {title}:"
    width = max(len(name) for name in properties)
    for name, field in properties.items():
        details = [_type_name(field), "required" if name in required and title != "outputs" else ""]
        if isinstance(field, dict) and "default" in field:
            details.append(f"default {json.dumps(field['default'])}")
        text = field.get("description", "") if isinstance(field, dict) else ""
        yield f"    {plain(name).ljust(width)}  {plain(', '.join(filter(None, details)))}  {plain(text)}".rstrip()


def _parameters(parameters: Sequence[CommandParameter]) -> Iterable[str]:
    if not parameters:
        return
    yield "  parameters:"
    spellings = [_spelling(parameter) for parameter in parameters]
    width = max(map(len, spellings))
    for spelling, parameter in zip(spellings, parameters, strict=True):
        details = ", ".join(filter(None, [parameter.kind, "required" if parameter.is_required else ""]))
        yield f"    {spelling.ljust(width)}  {details}  {plain(parameter.help)}".rstrip()


def _spelling(parameter: CommandParameter) -> str:
    return parameter.name if parameter.kind == "argument" else f"--{parameter.name.replace('_', '-')}"


def _type_name(schema: object) -> str:
    """A field's type in a word or two."""
    if not isinstance(schema, dict):
        return "anything"
    marks = schema.get("x-aetherflow") or {}
    if isinstance(marks, dict) and (special := next((_MARKS[mark] for mark in _MARKS if marks.get(mark)), None)):
        return special
    if isinstance(schema.get("$ref"), str):
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if isinstance(choices := schema.get("anyOf"), list):
        return " | ".join(_type_name(choice) for choice in choices)
    kind = schema.get("type", "anything")
    return " | ".join(kind) if isinstance(kind, list) else str(kind)


_MARKS = {"path": "path", "resource": "resource", "secret": "secret", "inner_step": "step"}


def shown(record: PluginRecord, index: PluginIndex) -> dict[str, Any]:
    """A plugin as `plugins show --json` gives it."""
    manifest = record.manifest
    steps = manifest.steps if manifest else ()
    connectors = manifest.connectors if manifest else ()
    commands = manifest.commands if manifest else ()
    return {
        **listed(record, index),
        "summary": manifest.summary if manifest else "",
        "steps": [_shown_step(step, _denial(record, step.contribution, index)) for step in steps],
        "connectors": [_shown_connector(each, _denial(record, each.contribution, index)) for each in connectors],
        "commands": [_shown_command(each, _denial(record, each.contribution, index)) for each in commands],
    }


def _behaviours(record: PluginRecord) -> tuple[str, ...]:
    return record.manifest.behaviours if record.manifest else ()


def _hook_cell(record: PluginRecord, hook: str, index: PluginIndex) -> str:
    return hook if index.profile.decide_hook(record.identity, hook).allowed else f"{hook} (not granted)"


def _shown_hook(record: PluginRecord, hook: str, index: PluginIndex) -> dict[str, Any]:
    decision = index.profile.decide_hook(record.identity, hook)
    return {"name": hook, "granted": decision.allowed, "why": decision.why}


def _denial(record: PluginRecord, contribution: Contribution, index: PluginIndex) -> str | None:
    decision = index.profile.decide(record.identity, contribution)
    return None if decision.allowed else decision.why


def _shown_step(step: StepManifest, denied: str | None) -> dict[str, Any]:
    return {
        "name": step.name,
        "summary": step.summary,
        "effects": sorted(step.effects),
        "rerun": step.rerun.value,
        "inputs": step.inputs,
        "outputs": step.outputs,
        "outputs_from": step.outputs_from,
        "denied": denied,
    }


def _shown_connector(connector: ConnectorManifest, denied: str | None) -> dict[str, Any]:
    return {
        "kind": connector.kind,
        "driver": connector.driver,
        "protocol": connector.protocol,
        "summary": connector.summary,
        "effects": sorted(connector.effects),
        "config": connector.config,
        "options": connector.options,
        "denied": denied,
    }


def _shown_command(command: CommandManifest, denied: str | None) -> dict[str, Any]:
    return {
        "name": command.name,
        "summary": command.summary,
        "effects": sorted(command.effects),
        "parameters": [
            {"name": each.name, "kind": each.kind, "help": each.help, "required": each.is_required}
            for each in command.parameters
        ],
        "denied": denied,
    }
