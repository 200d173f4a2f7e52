"""The program `aetherflow`: its commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ..errors import AetherFlowError, ExitCode
from .plugins import plugins_app
from .run import run
from .validate import validate

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="aetherflow",
    help="Run YAML flows that move data between databases, files, servers, workbooks and people.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
app.command()(run)
app.command()(validate)
app.add_typer(plugins_app, name="plugins")


def _show_version(is_asked: bool) -> None:
    if is_asked:
        from importlib_metadata import version

        typer.echo(f"aetherflow-kernel {version('aetherflow-kernel')}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Run YAML flows that move data between databases, files, servers, workbooks and people."""


def run_program(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(args=given, standalone_mode=True)
    except SystemExit as leaving:
        code = leaving.code
    except AetherFlowError as error:
        code = _tell(error, as_json="--json" in given)
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        code = _without_reader()
    except Exception as error:  # noqa: BLE001 - the top of the program: a traceback never reaches a user
        code = _tell_bug(error)
    sys.exit(int(code) if isinstance(code, int) else ExitCode.DONE if code is None else ExitCode.FAILED)


def _tell(error: AetherFlowError, *, as_json: bool) -> ExitCode:
    from .output import print_error

    print_error(error, as_json=as_json)
    return error.exit_code


def _without_reader() -> ExitCode:
    # Whoever read our output went away: point it nowhere, or Python complains when it flushes at the end.
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.DONE


def _tell_bug(error: Exception) -> ExitCode:
    import os
    import traceback

    typer.echo(f"error AF-BUG: {type(error).__name__}: {error}", err=True)
    typer.echo("help: this is a fault of AetherFlow; AETHERFLOW_LOG_LEVEL=DEBUG shows where it happened", err=True)
    if os.environ.get("AETHERFLOW_LOG_LEVEL", "").upper() == "DEBUG":
        traceback.print_exception(error)
    return ExitCode.FAILED
