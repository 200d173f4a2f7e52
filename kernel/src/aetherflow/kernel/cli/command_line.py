"""Reads the command lines that are plainly right, without the library that explains the others.

typer costs more time at start than a small flow needs to run. It still answers whatever is not read here: help,
completion, mistakes, unusual spellings. So nothing is decided twice: what is read here means the same to typer.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..quick_dataclasses import dataclass
from .commands import COMMANDS, Command, Parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Set by the shell functions that typer installs for completion.
COMPLETION = "_AETHERFLOW_COMPLETE"
Values = dict[str, "str | bool | list[str] | None"]


@dataclass(frozen=True, slots=True)
class Call:
    """A command and what it is to be given."""

    command: Command
    values: Values


def read_command_line(arguments: Sequence[str], commands: Sequence[Command] = COMMANDS) -> Call | None:
    """The command that plainly stands there, null where typer should look."""
    command = next((known for known in commands if tuple(arguments[: len(known.words)]) == known.words), None)
    if command is None or COMPLETION in os.environ:
        return None
    values = _read_values(command, iter(arguments[len(command.words) :]))
    return None if values is None else Call(command, values)


def _read_values(command: Command, words: Iterator[str]) -> Values | None:
    by_spelling = {parameter.spelling: parameter for parameter in command.parameters if parameter.kind != "argument"}
    values: Values = {}
    for word in words:
        parameter = by_spelling.get(word) if word.startswith("-") else _argument(command, values)
        if parameter is None or (parameter.name in values and parameter.kind != "texts"):
            return None
        if parameter.kind == "flag":
            values[parameter.name] = True
            continue
        text = word if parameter.kind == "argument" else next(words, "")
        if not text or text.startswith("-"):
            return None
        _add(values, parameter, text)
    if any(parameter.is_required and parameter.name not in values for parameter in command.parameters):
        return None
    return {**{parameter.name: _default(parameter) for parameter in command.parameters}, **values}


def _argument(command: Command, values: Values) -> Parameter | None:
    """The next argument that has no value yet."""
    arguments = (parameter for parameter in command.parameters if parameter.kind == "argument")
    return next((argument for argument in arguments if argument.name not in values), None)


def _add(values: Values, parameter: Parameter, text: str) -> None:
    if parameter.kind != "texts":
        values[parameter.name] = text
        return
    earlier = values.get(parameter.name)
    values[parameter.name] = [*(earlier if isinstance(earlier, list) else ()), text]


def _default(parameter: Parameter) -> bool | list[str] | None:
    if parameter.kind == "flag":
        return False
    return [] if parameter.kind == "texts" else None
