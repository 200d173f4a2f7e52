"""`aetherflow plugins`: what is installed, how it stands, and the manifest of one's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..contracts.tables import table
from ..errors import ExitCode
from .output import say
from .plugin_display import COLUMNS, NUMBERS, description, listed, row, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..plugins.index import PluginIndex
    from ..plugins.records import PluginRecord


def list_plugins(*, profile: str | None, as_json: bool, try_import: bool, environ: Mapping[str, str]) -> ExitCode:
    """List the plugins that are installed; none of their code is run without --import."""
    from ..plugins.listing import open_index

    with open_index(profile=profile, environ=environ) as index:
        records = _tried(index) if try_import else index.plugins
        if as_json:
            say(_json([listed(record, index) for record in records]))
        else:
            _tell_warnings(index)
            say(table(COLUMNS, [row(record, index) for record in records], numbers=NUMBERS))
    return ExitCode.DONE


def show_plugin(*, name: str, profile: str | None, as_json: bool, environ: Mapping[str, str]) -> ExitCode:
    """Show what a plugin contributes: steps with inputs and outputs, connectors, effects."""
    from ..plugins.listing import open_index

    with open_index(profile=profile, environ=environ) as index:
        record = index.plugin(name)
        if as_json:
            say(_json(shown(record, index)))
        else:
            _tell_warnings(index)
            say("\n".join(description(record, index)))
    return ExitCode.DONE


def make_plugin_manifest(
    *, plugin: str, profile: str | None, write: bool, check: bool, as_json: bool, environ: Mapping[str, str]
) -> ExitCode:
    """Make a plugin's manifest from its code, which is imported; without an option it is printed."""
    from ..plugins.authoring import find_source, make_manifest, refuse_drift, write_manifest
    from ..plugins.describe import manifest_text
    from ..plugins.listing import open_index

    with open_index(profile=profile, environ=environ) as index:
        source = find_source(plugin, index)
        made = make_manifest(source)
        _warn_of_names(made, source.distribution, index)
    if check:
        refuse_drift(source, made)
    if write:
        write_manifest(source, made)
    if as_json:
        written = str(source.manifest_file) if write else None
        say(_json({"plugin": source.name, "written": written, "manifest": made}))
    elif write or check:
        say(f"{'written' if write else 'up to date'}: {source.manifest_file}")
    else:
        say(manifest_text(made), end="")
    return ExitCode.DONE


def _tried(index: PluginIndex) -> tuple[PluginRecord, ...]:
    from ..plugins.host import PluginHost

    return PluginHost(index).try_all()


def _tell_warnings(index: PluginIndex) -> None:
    for problem in index.warnings:
        say(str(problem), to_error=True)


def _warn_of_names(made: dict[str, Any], distribution: str, index: PluginIndex) -> None:
    for step in made["steps"]:
        why = index.first_party.may_claim(step["name"], distribution=distribution, plugin=made["name"])
        if why:
            say(f"warning AF-PLUGIN-CONFLICT: {why}", to_error=True)


def _json(value: object) -> str:
    return json.dumps(value, indent=2)
