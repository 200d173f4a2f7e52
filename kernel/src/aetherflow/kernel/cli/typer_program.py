"""The same commands for typer, which explains them: help, completion, and what is wrong with a command line."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .calling import call, print_version
from .commands import COMMANDS, GROUPS, SUMMARY, Command, Parameter
from .tables import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def make_app(
    environ: Mapping[str, str], of_plugins: Sequence[Command] = (), *, arguments: Sequence[str] | None = None
) -> typer.Typer:
    """The program as typer knows it, with commands of plugins after its own.

    Args:
        environ: what commands are given.
        of_plugins: the commands of plugins.
        arguments: a line that is to be answered; commands that it is not about are known without their parameters,
            which typer takes long to read.
    """
    asked = None if arguments is None else next((word for word in arguments if not word.startswith("-")), "")
    app = typer.Typer(
        name="aetherflow", help=SUMMARY, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=True
    )
    app.callback()(_program)
    groups: dict[str, typer.Typer] = {}
    for command in (*COMMANDS, *of_plugins):
        *group, name = command.words
        place = app
        for word in group:
            if word not in groups:
                groups[word] = typer.Typer(help=GROUPS[word], no_args_is_help=True)
                app.add_typer(groups[word], name=word)
            place = groups[word]
        parameters = command.parameters if asked in {None, command.words[0]} else ()
        place.command(name, help=_shown_summary(command))(_function(command, parameters, environ))
    return app


def _shown_summary(command: Command) -> str:
    return f"{_as_text(command.summary)} (plugin {command.plugin})" if command.plugin else command.summary


def _as_text(text: str) -> str:
    """Text that may be a stranger's, with nothing in it that means something to the library that shows help."""
    return re.sub(r"(\\*)\[(?=[a-z#/@])", lambda found: f"{found[1] * 2}\\[", plain(text))


def _program(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """What can be asked without a command."""


def _show_version(is_asked: bool) -> None:
    if is_asked:
        print_version()
        raise typer.Exit


def _function(command: Command, parameters: Sequence[Parameter], environ: Mapping[str, str]) -> Callable[..., None]:
    """A function with the signature from which typer reads a command's parameters."""

    def run_command(**values: Any) -> None:  # noqa: ANN401 - as typer read them
        raise typer.Exit(int(call(command, values, environ)))

    read = [_signature_of(parameter) for parameter in parameters]
    run_command.__signature__ = inspect.Signature(read)  # type: ignore[attr-defined]
    run_command.__annotations__ = {parameter.name: parameter.annotation for parameter in read}
    return run_command


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
        kind, default = list[str] if parameter.kind == "texts" else str, inspect.Parameter.empty
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
