"""What programs and their commands are, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..quick_dataclasses import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..contracts.commands import ParameterKind


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a command takes; `name` is the argument of its function."""

    name: str
    kind: ParameterKind
    help: str
    #: An option as it is written; by default the name with two dashes.
    option: str = ""
    #: The same with one letter.
    short: str = ""
    metavar: str | None = None
    is_required: bool = False
    #: Of a plugin's command: names the flow whose project decides whether the command may be used.
    is_flow: bool = False

    @property
    def is_argument(self) -> bool:
        """Whether it goes by its place."""
        return self.kind in {"argument", "arguments"}

    @property
    def is_repeated(self) -> bool:
        """Whether it may be given more than once."""
        return self.kind in {"arguments", "texts"}

    @property
    def spelling(self) -> str:
        """The option as it is written."""
        return self.option or f"--{self.name}"

    @property
    def spellings(self) -> tuple[str, ...]:
        """All the ways to write the option."""
        return (self.spelling, self.short) if self.short else (self.spelling,)


@dataclass(frozen=True, slots=True)
class Command:
    """A command by its words; `home` is the module in this package and the function that does it."""

    words: tuple[str, ...]
    home: str
    summary: str
    parameters: tuple[Parameter, ...]
    #: The plugin that brings it, and has no module here; empty for the program's own.
    plugin: str = ""
    #: What does it, where that is no function of this package: a command of another distribution's program.
    run: Callable[..., int | None] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program by its commands."""

    #: As it is called.
    name: str
    summary: str
    #: The distribution whose version it says.
    distribution: str
    commands: tuple[Command, ...]
    #: What a first word stands for that has commands below it.
    groups: Mapping[str, str] = field(default_factory=dict)
    #: What a fault of it is told to be a fault of.
    title: str
    #: Whether plugins add commands to it.
    is_open_to_plugins: bool = False

    @property
    def completion(self) -> str:
        """The variable that is set by the shell functions that typer installs for completion."""
        return f"_{self.name}_COMPLETE".replace("-", "_").upper()
