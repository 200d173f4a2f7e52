"""Commands that plugins bring: what one takes, what it does, and what it is given."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Literal

from ..quick_dataclasses import dataclass, field
from .effects import Effect

#: An argument has a place, an option a name: one text, a text each time it is given, or a flag.
ParameterKind = Literal["argument", "text", "texts", "flag"]
PARAMETER_KINDS: tuple[ParameterKind, ...] = ("argument", "text", "texts", "flag")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandParameter:
    """One thing that a command takes; an option is written as its name, with dashes."""

    #: The keyword that the command's function gets it by.
    name: str
    kind: ParameterKind
    help: str
    #: What stands for the value in the help.
    metavar: str | None = None
    is_required: bool = False
    #: Whether the value is the path of a flow: then the policy of that flow's project is asked too.
    is_flow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginCommand:
    """A command of the program `aetherflow`; the options `--profile` and `--json` it has without naming them."""

    #: One word.
    name: str
    summary: str
    #: Called with a `CommandContext`, and with one keyword for each parameter: text, a list, a boolean, or null.
    #: What it returns is the exit code; null is 0.
    run: Callable[..., int | None]
    parameters: tuple[CommandParameter, ...] = ()
    #: What it does outside its own memory.
    effects: frozenset[Effect] = frozenset()


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """What a command is given beside its parameters."""

    #: Whether the answer is to be one JSON value.
    as_json: bool = False
    #: The runtime profile that was asked for; null for the one in force.
    profile: str | None = None
    #: The environment that the process was started with. Holds secrets; use it instead of `os.environ`.
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Puts text on standard output; where the program calls the command, secrets of the environment are masked.
    write: Callable[[str], None] = field(default=_write, repr=False, compare=False)

    def say(self, text: str) -> None:
        """Answer with text, and end the line."""
        self.write(f"{text}\n")

    def say_json(self, value: object) -> None:
        """Answer with a JSON value: mappings, lists, texts, numbers, booleans, null."""
        self.write(json.dumps(value, indent=2) + "\n")
