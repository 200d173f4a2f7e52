"""Does a command, however its line was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .command_records import Command, Program


def call(command: Command, values: Mapping[str, Any], environ: Mapping[str, str]) -> int:
    """Do what a command is for, in the environment that the process was started with; answers how it is to end."""
    if command.plugin:
        from .plugin_commands import call_plugin

        return call_plugin(command, values, environ)
    if command.run is not None:
        from .given_commands import call_given

        return call_given(command, values, environ)
    from importlib import import_module

    module, _, function = command.home.partition(":")
    code: int = getattr(import_module(f".{module}", __package__), function)(**values, environ=environ)
    return code


def print_version(program: Program) -> None:
    """Say which release of a program this is."""
    from ..plugins.distributions import distribution_version

    print(program.distribution, distribution_version(program.distribution) or "of unknown version")  # noqa: T201 - the answer
