"""Does a command, however its line was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..errors import ExitCode
    from .commands import Command


def call(command: Command, values: Mapping[str, Any], environ: Mapping[str, str]) -> ExitCode:
    """Do what a command is for, in the environment that the process was started with; answers how it is to end."""
    if command.plugin:
        from .plugin_commands import call_plugin

        return call_plugin(command, values, environ)
    from importlib import import_module

    module, _, function = command.home.partition(":")
    code: ExitCode = getattr(import_module(f".{module}", __package__), function)(**values, environ=environ)
    return code


def print_version() -> None:
    """Say which release this is."""
    from ..plugins.distributions import distribution_version

    print("aetherflow-kernel", distribution_version("aetherflow-kernel") or "of unknown version")  # noqa: T201 - the answer
