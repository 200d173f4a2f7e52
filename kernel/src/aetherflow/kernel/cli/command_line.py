"""Reads the command lines that are plainly right, without the library that explains the others.

typer costs more time at start than a small flow needs to run. It still answers whatever is not read here: help,
completion, mistakes, unusual spellings. So nothing is decided twice: what is read here means the same to typer.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..quick_dataclasses import dataclass
from .commands import AETHERFLOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .command_records import Command, Parameter, Program

Values = dict[str, "str | bool | list[str] | None"]


@dataclass(frozen=True, slots=True)
class Call:
    """A command and what it is to be given."""

    command: Command
    values: Values


def read_command_line(
    arguments: Sequence[str], of_plugins: Sequence[Command] = (), *, program: Program = AETHERFLOW
) -> Call | None:
    """The command that plainly stands there, null where typer should look.

    Args:
        arguments: the line.
        of_plugins: the commands of plugins that it may be about, if it is about one.
        program: whose line it is.
    """
    commands = of_plugins or program.commands
    command = next((known for known in commands if tuple(arguments[: len(known.words)]) == known.words), None)
    if command is None or program.completion in os.environ:
        return None
    values = _read_values(command, iter(arguments[len(command.words) :]))
    return None if values is None else Call(command, values)


def _read_values(command: Command, words: Iterator[str]) -> Values | None:
    options = [parameter for parameter in command.parameters if not parameter.is_argument]
    by_spelling = {spelling: option for option in options for spelling in option.spellings}
    values: Values = {}
    for word in words:
        parameter = by_spelling.get(word) if word.startswith("-") else _argument(command, values)
        if parameter is None or (parameter.name in values and not parameter.is_repeated):
            return None
        if parameter.kind == "flag":
            values[parameter.name] = True
            continue
        text = word if parameter.is_argument else next(words, "")
        if not text or text.startswith("-"):
            return None
        _add(values, parameter, text)
    if any(parameter.is_required and parameter.name not in values for parameter in command.parameters):
        return None
    return {**{parameter.name: _default(parameter) for parameter in command.parameters}, **values}


def _argument(command: Command, values: Values) -> Parameter | None:
    """The next argument that has no value yet, or takes another one."""
    arguments = (parameter for parameter in command.parameters if parameter.is_argument)
    return next((each for each in arguments if each.name not in values or each.is_repeated), None)


def _add(values: Values, parameter: Parameter, text: str) -> None:
    if not parameter.is_repeated:
        values[parameter.name] = text
        return
    earlier = values.get(parameter.name)
    values[parameter.name] = [*(earlier if isinstance(earlier, list) else ()), text]


def _default(parameter: Parameter) -> bool | list[str] | None:
    if parameter.kind == "flag":
        return False
    return [] if parameter.is_repeated else None
