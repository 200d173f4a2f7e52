"""From a folder to the index of what its flows may use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..policy.choice import ADMINISTRATOR_FILE, decide_profile
from ..policy.project import find_project
from .index import PluginIndex, build_index


def open_index(
    project: Path | None = None,
    profile: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    administrator_file: Path = ADMINISTRATOR_FILE,
) -> PluginIndex:
    """The index that flows in a folder get; close it when local folders may be in use.

    Args:
        project: the folder of a flow; the working folder by default.
        profile: the runtime profile asked for.
        environ: the environment; the process's own by default.
        administrator_file: the policy that stands above the project's.

    Raises:
        InvalidInput: the project's file or the settings are wrong.
        RefusedByPolicy: the policy can't be understood, or the profile may not be chosen.
        PluginError: a local plugin folder can't be loaded.
    """
    from ..resolve.environment import take_environment
    from ..resolve.settings import read_settings

    variables = os.environ if environ is None else environ
    found = find_project(project or Path.cwd())
    chosen = decide_profile(found, requested=profile, environ=variables, administrator_file=administrator_file)
    environment = take_environment(variables, folder=found.folder)
    settings = read_settings(environment, found.settings, folder=found.folder, document=found.document)
    return build_index(chosen, local_folders=settings.plugin_paths, is_strict=settings.plugin_strict)


def open_command_index(
    place: Path | None = None, *, profile: str | None, environ: Mapping[str, str], is_to_list: bool = False
) -> PluginIndex:
    """What a project says of commands: from manifests alone, so that nothing is imported for it.

    Args:
        place: a flow, or a folder, of the project; the working folder by default.
        profile: the runtime profile asked for.
        environ: the environment.
        is_to_list: whether commands are listed, and none is called: what else plugins bring may be passed over.

    Raises:
        RefusedByPolicy: the policy can't be understood, or the profile may not be chosen.
    """
    chosen = decide_profile(find_project(place or Path.cwd()), requested=profile, environ=environ)
    return build_index(chosen, may_import=False, for_commands=is_to_list)


def list_steps(project: Path | None = None, profile: str | None = None) -> list[str]:
    """The step types that flows in a folder may use, by name; raises what `open_index` does."""
    with open_index(project, profile) as index:
        return index.step_names()


def list_connectors(project: Path | None = None, profile: str | None = None) -> list[str]:
    """The connectors that flows in a folder may use, as `kind:driver`; raises what `open_index` does."""
    with open_index(project, profile) as index:
        return index.connector_names()
