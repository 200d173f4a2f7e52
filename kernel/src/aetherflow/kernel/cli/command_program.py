"""Programs of other distributions: their commands behave as those of `aetherflow` do."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, NoReturn

from .command_records import Command, Program
from .commands import AS_JSON
from .given_commands import as_parameter
from .program import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..contracts.commands import PluginCommand


def run_command_program(
    *,
    name: str,
    summary: str,
    distribution: str,
    commands: Sequence[PluginCommand],
    arguments: Sequence[str] | None = None,
) -> NoReturn:
    """Run a command line of a program of your own, and leave the process with its exit code.

    It is read, explained and completed as a line of `aetherflow` is. What a command raises becomes one message and an
    exit code, in JSON where `--json` was given, never a traceback; secrets of the environment are masked.

    Args:
        name: what the program is called.
        summary: what it is for, in a sentence.
        distribution: the distribution that it belongs to: `--version` says which release is installed.
        commands: what it can do. `--json` they have without naming it, `--profile` they have not.
        arguments: the command line after the program's name; by default that of the process.
    """
    # Starting makes objects that stay: looking through them for garbage costs time. A command turns it on again.
    gc.disable()
    known = tuple(map(as_command, commands))
    run(Program(name=name, summary=summary, distribution=distribution, commands=known, title=name), arguments)


def as_command(command: PluginCommand) -> Command:
    """The command as the readers of command lines know it."""
    parameters = (*map(as_parameter, command.parameters), AS_JSON)
    return Command((command.name,), "", command.summary, parameters, run=command.run)
