"""The program `aetherflow`: its commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from typer.exceptions import TyperException

from ..errors import AetherFlowError, ExitCode, InvalidInput, RunFailed
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
    as_json = "--json" in given
    _settle_standard_streams()
    try:
        # For a person typer itself tells of a wrong command line; for a machine we do, in JSON.
        code = app(args=given, standalone_mode=not as_json)
    except SystemExit as leaving:
        code = leaving.code
    except TyperException as error:
        code = _tell(_usage_error(error), as_json=as_json)
    except AetherFlowError as error:
        code = _tell(error, as_json=as_json)
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        code = ExitCode.DONE
        _drop_output()
    except OSError as error:
        code = _tell(_system_error(error), as_json=False)
        _drop_output()
    except Exception as error:  # noqa: BLE001 - the top of the program: a traceback never reaches a user
        code = _tell_bug(error, as_json=as_json)
    sys.exit(int(code) if isinstance(code, int) else ExitCode.DONE if code is None else ExitCode.FAILED)


def _tell(error: AetherFlowError, *, as_json: bool) -> ExitCode:
    from .output import print_error

    print_error(error, as_json=as_json)
    return error.exit_code


def _drop_output() -> None:
    # Nobody takes our output any more: point it nowhere, or Python complains when it flushes at the end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _settle_standard_streams() -> None:
    """Make sure that there are three, and that they take any text: names of files may hold bytes that are none."""
    # A closed one would be the number of the next file that is opened, the ledger for one.
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for good, by number
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - the same
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _usage_error(error: TyperException) -> InvalidInput:
    told = getattr(error, "format_message", error.__str__)()
    return InvalidInput(
        told, code="AF-USAGE", help="aetherflow --help, and --help after each command, say what there is"
    )


def _system_error(error: OSError) -> RunFailed:
    place = f": {error.filename}" if error.filename else ""
    return RunFailed(f"the system refused: {error.strerror or error}{place}", code="AF-SYSTEM")


def _tell_bug(error: Exception, *, as_json: bool) -> ExitCode:
    import traceback

    mend = "this is a fault of AetherFlow; AETHERFLOW_LOG_LEVEL=DEBUG shows where it happened"
    _tell(RunFailed(f"{type(error).__name__}: {error}", code="AF-BUG", help=mend), as_json=as_json)
    if os.environ.get("AETHERFLOW_LOG_LEVEL", "").upper() == "DEBUG":
        traceback.print_exception(error)
    return ExitCode.FAILED
