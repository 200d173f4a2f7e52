"""`aetherflow plugins`: what is installed, how it stands, and the manifest of one's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .flow_file import JsonOption, ProfileOption
from .plugin_display import COLUMNS, description, listed, row, shown, table

if TYPE_CHECKING:
    from ..plugins.index import PluginIndex
    from ..plugins.records import PluginRecord

plugins_app = typer.Typer(help="Plugins: what is installed, how it stands and why.", no_args_is_help=True)


@plugins_app.command("list")
def list_plugins(
    profile: ProfileOption = None,
    as_json: JsonOption = False,
    try_import: Annotated[
        bool, typer.Option("--import", help="Import every plugin that is ready, and say which are broken.")
    ] = False,
) -> None:
    """List the plugins that are installed; none of their code is run without --import."""
    from ..plugins.listing import open_index

    with open_index(profile=profile) as index:
        records = _tried(index) if try_import else index.plugins
        if as_json:
            typer.echo(_json([listed(record) for record in records]))
            return
        _tell_warnings(index)
        typer.echo(table(COLUMNS, [row(record) for record in records]))


@plugins_app.command("show")
def show_plugin(
    name: Annotated[str, typer.Argument(help="The plugin's name.")],
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a plugin contributes: steps with inputs and outputs, connectors, effects."""
    from ..plugins.listing import open_index

    with open_index(profile=profile) as index:
        record = index.plugin(name)
        if as_json:
            typer.echo(_json(shown(record, index)))
            return
        _tell_warnings(index)
        typer.echo("\n".join(description(record, index)))


@plugins_app.command("manifest")
def make_plugin_manifest(
    plugin: Annotated[str, typer.Argument(metavar="NAME_OR_FOLDER", help="A plugin's name, or its source folder.")],
    profile: ProfileOption = None,
    write: Annotated[bool, typer.Option("--write", help="Write it beside the plugin's code.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Compare it with the one beside the code.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a plugin's manifest from its code, which is imported; without an option it is printed."""
    from ..plugins.authoring import find_source, make_manifest, refuse_drift, write_manifest
    from ..plugins.describe import manifest_text
    from ..plugins.listing import open_index

    with open_index(profile=profile) as index:
        source = find_source(plugin, index)
        made = make_manifest(source)
        _warn_of_names(made, source.distribution, index)
    if check:
        refuse_drift(source, made)
    if write:
        write_manifest(source, made)
    if as_json:
        written = str(source.manifest_file) if write else None
        typer.echo(_json({"plugin": source.name, "written": written, "manifest": made}))
    elif write or check:
        typer.echo(f"{'written' if write else 'up to date'}: {source.manifest_file}")
    else:
        typer.echo(manifest_text(made), nl=False)


def _tried(index: PluginIndex) -> tuple[PluginRecord, ...]:
    from ..plugins.host import PluginHost

    return PluginHost(index).try_all()


def _tell_warnings(index: PluginIndex) -> None:
    for problem in index.warnings:
        typer.echo(str(problem), err=True)


def _warn_of_names(made: dict[str, Any], distribution: str, index: PluginIndex) -> None:
    for step in made["steps"]:
        why = index.first_party.may_claim(step["name"], distribution=distribution, plugin=made["name"])
        if why:
            typer.echo(f"warning AF-PLUGIN-CONFLICT: {why}", err=True)


def _json(value: object) -> str:
    return json.dumps(value, indent=2)
