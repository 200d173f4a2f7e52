"""Commands that plugins bring: what one takes, what it does, and what it is given."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Literal

from ..errors import Problem
from ..quick_dataclasses import dataclass, field
from .effects import Effect
from .tables import table

#: For people, or as annotations that a workflow of GitHub shows beside the lines that they are about.
ProblemForm = Literal["text", "github"]
#: An argument has a place, and the last one may take all that follow (`arguments`); an option has a name: one text, a
#: text each time it is given, or a flag.
ParameterKind = Literal["argument", "arguments", "text", "texts", "flag"]
PARAMETER_KINDS: tuple[ParameterKind, ...] = ("argument", "arguments", "text", "texts", "flag")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandParameter:
    """One thing that a command takes; an option is written as its name, with dashes."""

    #: The keyword that the command's function gets it by; `from_` is the option `--from`.
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
    """A command of the program `aetherflow`, or of a program of your own.

    The option `--json` it has without naming it, in `aetherflow` also `--profile`.
    """

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


def _write_beside(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _show_problems(problems: Iterable[Problem], form: ProblemForm) -> Iterable[str]:
    return map(str, problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """What a command is given beside its parameters."""

    #: Whether the answer is to be one JSON value.
    as_json: bool = False
    #: The runtime profile that was asked for; null for the one in force.
    profile: str | None = None
    #: The environment that the process was started with. Holds secrets; use it instead of `os.environ`.
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Whether a person watches standard output.
    is_terminal: bool = False
    #: Puts text on standard output; where the program calls the command, secrets of the environment are masked.
    write: Callable[[str], None] = field(default=_write, repr=False, compare=False)

    #: The same for standard error.
    write_beside: Callable[[str], None] = field(default=_write_beside, repr=False, compare=False)

    #: Makes texts of problems.
    show_problems: Callable[[Iterable[Problem], ProblemForm], Iterable[str]] = field(
        default=_show_problems, repr=False, compare=False
    )

    def say(self, text: str) -> None:
        """Answer with text, and end the line."""
        self.write(f"{text}\n")

    def say_json(self, value: object) -> None:
        """Answer with a JSON value: mappings, lists, texts, numbers, booleans, null."""
        self.write(json.dumps(value, indent=2) + "\n")

    def say_table(
        self, columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[str] = ()
    ) -> None:
        """Answer with lines below their headings, columns as wide as they need; no text in it can move the cursor.

        Args:
            columns: the headings.
            rows: a text for each column.
            numbers: the columns that stand to the right.
        """
        self.say(table(columns, rows, numbers=numbers))

    def say_beside(self, text: str) -> None:
        """Tell people something that is no part of the answer: on standard error."""
        self.write_beside(f"{text}\n")

    def say_problems(self, problems: Iterable[Problem], *, form: ProblemForm = "text") -> None:
        """Tell what is wrong, each with its place, the line that it stands in, and what to do.

        On standard error, where an error that is raised is told too; as annotations on standard output, where GitHub
        looks for them.
        """
        for text in self.show_problems(problems, form):
            if form == "github":
                self.say(text)
            else:
                self.say_beside(text)
