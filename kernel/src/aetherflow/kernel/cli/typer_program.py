"""The same commands for typer, which explains them: help, completion, and what is wrong with a command line."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .calling import call, print_version
from .commands import COMMANDS, GROUPS, SUMMARY, Command, Parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def make_app(environ: Mapping[str, str]) -> typer.Typer:
    """The program as typer knows it."""
    app = typer.Typer(
        name="aetherflow", help=SUMMARY, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=True
    )
    app.callback()(_program)
    groups: dict[str, typer.Typer] = {}
    for command in COMMANDS:
        *group, name = command.words
        place = app
        for word in group:
            if word not in groups:
                groups[word] = typer.Typer(help=GROUPS[word], no_args_is_help=True)
                app.add_typer(groups[word], name=word)
            place = groups[word]
        place.command(name, help=command.summary)(_function(command, environ))
    return app


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


def _function(command: Command, environ: Mapping[str, str]) -> Callable[..., None]:
    """A function with the signature from which typer reads a command's parameters."""

    def run_command(**values: Any) -> None:  # noqa: ANN401 - as typer read them
        raise typer.Exit(int(call(command, values, environ)))

    parameters = [_signature_of(parameter) for parameter in command.parameters]
    run_command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run_command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run_command


def _signature_of(parameter: Parameter) -> inspect.Parameter:
    if parameter.kind == "argument":
        told: Any = typer.Argument(metavar=parameter.metavar, help=parameter.help, show_default=False)
    else:
        told = typer.Option(
            parameter.spelling,
            metavar=parameter.metavar,
            help=parameter.help,
            show_default=False,
        )
    kind, default = _KINDS[parameter.kind]
    if parameter.is_required:
        kind, default = str, inspect.Parameter.empty
    return inspect.Parameter(
        parameter.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, told]
    )


_KINDS: dict[str, tuple[Any, Any]] = {
    "argument": (str | None, None),
    "text": (str | None, None),
    "texts": (list[str] | None, None),
    "flag": (bool, False),
}
