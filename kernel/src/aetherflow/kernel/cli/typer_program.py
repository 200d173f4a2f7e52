"""The same commands for typer, which explains them: help, completion, and what is wrong with a command line."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..contracts.tables import plain
from .calling import call, print_version
from .commands import AETHERFLOW

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .command_records import Command, Parameter, Program


def make_app(
    environ: Mapping[str, str],
    of_plugins: Sequence[Command] = (),
    *,
    arguments: Sequence[str] | None = None,
    program: Program = AETHERFLOW,
) -> typer.Typer:
    """A program as typer knows it, with commands of plugins after its own.

    Args:
        environ: what commands are given.
        of_plugins: the commands of plugins.
        arguments: a line that is to be answered; commands that it is not about are known without their parameters,
            which typer takes long to read.
        program: its name, what it is for, and its own commands.
    """
    asked = None if arguments is None else next((word for word in arguments if not word.startswith("-")), "")
    app = typer.Typer(
        name=program.name,
        help=_as_text(program.summary),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=True,
    )
    app.callback()(_options_of(program))
    groups: dict[str, typer.Typer] = {}
    for command in (*program.commands, *of_plugins):
        *group, name = command.words
        place = app
        for word in group:
            if word not in groups:
                groups[word] = typer.Typer(help=program.groups[word], no_args_is_help=True)
                app.add_typer(groups[word], name=word)
            place = groups[word]
        parameters = command.parameters if asked in {None, command.words[0]} else ()
        place.command(name, help=_shown_summary(command))(_function(command, parameters, environ))
    return app


def _shown_summary(command: Command) -> str:
    summary = _as_text(command.summary)
    return f"{summary} (plugin {command.plugin})" if command.plugin else summary


def _as_text(text: str) -> str:
    """Text that may be a stranger's, with nothing in it that means something to the library that shows help."""
    return re.sub(r"(\\*)\[(?=[a-z#/@])", lambda found: f"{found[1] * 2}\\[", plain(text))


def _options_of(program: Program) -> Callable[..., None]:
    """A function with the signature from which typer reads what can be asked without a command."""

    def show_version(is_asked: bool) -> None:
        if is_asked:
            print_version(program)
            raise typer.Exit

    def ask(**_values: Any) -> None:  # noqa: ANN401 - as typer read them
        """What can be asked without a command."""

    told = typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
    return _with_signature(
        ask,
        [inspect.Parameter("version", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, told])],
    )


def _function(command: Command, parameters: Sequence[Parameter], environ: Mapping[str, str]) -> Callable[..., None]:
    """A function with the signature from which typer reads a command's parameters."""

    def run_command(**values: Any) -> None:  # noqa: ANN401 - as typer read them
        raise typer.Exit(int(call(command, values, environ)))

    return _with_signature(run_command, [_signature_of(parameter) for parameter in parameters])


def _with_signature(function: Callable[..., None], read: Sequence[inspect.Parameter]) -> Callable[..., None]:
    function.__signature__ = inspect.Signature(read)  # type: ignore[attr-defined]
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in read}
    return function


def _signature_of(parameter: Parameter) -> inspect.Parameter:
    if parameter.is_argument:
        told: Any = typer.Argument(metavar=parameter.metavar, help=_as_text(parameter.help), show_default=False)
    else:
        told = typer.Option(
            *parameter.spellings,
            metavar=parameter.metavar,
            help=_as_text(parameter.help),
            show_default=False,
        )
    kind, default = _KINDS[parameter.kind]
    if parameter.is_required:
        kind, default = list[str] if parameter.is_repeated else str, inspect.Parameter.empty
    return inspect.Parameter(
        parameter.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, told]
    )


_KINDS: dict[str, tuple[Any, Any]] = {
    "argument": (str | None, None),
    "arguments": (list[str] | None, None),
    "text": (str | None, None),
    "texts": (list[str] | None, None),
    "flag": (bool, False),
}
