"""What a manifest claims, made into what the index gives out."""

from __future__ import annotations

from .manifest import CommandManifest, ConnectorManifest, StepManifest
from .records import CommandEntry, ConnectorEntry, PluginRecord, StepEntry


def step_entry(record: PluginRecord, step: StepManifest) -> StepEntry:
    """A step of a plugin, as flows get it."""
    return StepEntry(
        name=step.name,
        plugin=record,
        summary=step.summary,
        effects=step.effects,
        rerun=step.rerun,
        inputs=step.inputs,
        outputs=step.outputs,
        outputs_from=step.outputs_from,
        may_skip=step.may_skip,
    )


def connector_entry(record: PluginRecord, connector: ConnectorManifest) -> ConnectorEntry:
    """A connector of a plugin, as resources get it."""
    return ConnectorEntry(
        kind=connector.kind,
        driver=connector.driver,
        plugin=record,
        protocol=connector.protocol,
        summary=connector.summary,
        config=connector.config,
        options=connector.options,
        effects=connector.effects,
    )


def command_entry(record: PluginRecord, command: CommandManifest) -> CommandEntry:
    """A command of a plugin, as the program gets it."""
    return CommandEntry(name=command.name, plugin=record, summary=command.summary, parameters=command.parameters)
