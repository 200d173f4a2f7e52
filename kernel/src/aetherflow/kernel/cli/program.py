"""Programs: a command is read and done, and errors become messages and exit codes in one place."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from ..errors import AetherFlowError, ExitCode, InvalidInput, RunFailed
from .calling import call, print_version
from .command_line import read_command_line
from .commands import AETHERFLOW, FIRST_WORDS
from .streams import drop_stream, flush_streams, settle_streams

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .command_records import Command, Program

#: A module that is imported with the first plugin.
_WITH_PLUGINS = "aetherflow.kernel.plugins.hook_manager"


def run_program(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line of `aetherflow`, and leave the process with its exit code."""
    run(AETHERFLOW, arguments)


def run(program: Program, arguments: Sequence[str] | None) -> NoReturn:
    """Run a command line of a program, by default that of the process, and leave the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    settle_streams()
    environ = dict(os.environ)
    # pydantic imports whatever is installed with an entry point of its own: code that no runtime profile has let in.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    has_left_behind = False
    try:
        code = _answer(program, given, environ, as_json=as_json)
    except BaseException as error:  # noqa: BLE001 - the top of the program: a traceback never reaches a user
        code = _code_of(program, error, as_json=as_json)
        has_left_behind = getattr(error, "has_left_behind", False)
    flush_streams(has_left_behind=has_left_behind)
    number = int(code) if isinstance(code, int) else ExitCode.DONE if code is None else ExitCode.FAILED
    if has_left_behind:
        # Python would wait for threads that nobody else waits for.
        os._exit(number)
    if _WITH_PLUGINS not in sys.modules:
        # All that is left is ours, and nothing in it has to be closed: Python need not look for what is garbage.
        gc.freeze()
    sys.exit(number)


def _code_of(program: Program, error: BaseException, *, as_json: bool) -> int | str | None:
    """What the process answers where a command ended by an exception, which is told."""
    match error:
        case SystemExit():
            return error.code
        case AetherFlowError():
            return _tell(error, as_json=as_json)
        case KeyboardInterrupt():
            return ExitCode.INTERRUPTED
        case BrokenPipeError():
            drop_stream("stdout")
            return ExitCode.DONE
        case OSError():
            code = _tell(_system_error(error), as_json=False)
            drop_stream("stdout")
            return code
        case ImportError() if error.path:
            # It is there and can't be loaded: no descriptors or no memory left, or made for another system.
            return _tell(_unloadable(error), as_json=as_json)
    return _tell_bug(program, error, as_json=as_json)


def _answer(
    program: Program, arguments: Sequence[str], environ: Mapping[str, str], *, as_json: bool
) -> int | str | None:
    if list(arguments) == ["--version"]:
        print_version(program)
        return ExitCode.DONE
    found = read_command_line(arguments, program=program)
    if found is not None:
        return call(found.command, found.values, environ)
    of_plugins = _commands_of_plugins(arguments, environ) if program.is_open_to_plugins else ()
    found = read_command_line(arguments, of_plugins, program=program) if of_plugins else None
    if found is not None:
        return call(found.command, found.values, environ)
    return _ask_typer(program, arguments, environ, of_plugins, as_json=as_json)


def _commands_of_plugins(arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[Command, ...]:
    """Those that the line may be about; for the program's own commands no plugin is looked for."""
    if arguments and arguments[0] in FIRST_WORDS:
        return ()
    from .plugin_commands import commands_for

    return commands_for(arguments, environ)


def _ask_typer(
    program: Program,
    arguments: Sequence[str],
    environ: Mapping[str, str],
    of_plugins: Sequence[Command],
    *,
    as_json: bool,
) -> int | str | None:
    from typer.exceptions import TyperException

    from .typer_program import make_app

    try:
        # For a person typer itself tells of a wrong command line; for a machine we do, in JSON.
        asked = None if program.completion in environ else arguments
        app = make_app(environ, of_plugins, arguments=asked, program=program)
        code: int | str | None = app(args=list(arguments), standalone_mode=not as_json)
    except TyperException as error:
        raise _usage_error(program, error) from error
    return code


def _tell(error: AetherFlowError, *, as_json: bool) -> ExitCode:
    try:
        from .output import print_error

        print_error(error, as_json=as_json)
    except (OSError, ImportError):
        _tell_plainly(error)
        # Nobody may be told any more; the exit code still says it.
        drop_stream("stdout" if as_json else "stderr")
    return error.exit_code


def _tell_plainly(error: AetherFlowError) -> None:
    """The same in few words, where what shows an error can't be loaded or its output can't be written."""
    problem = error.problem
    told = f"error {problem.code}: {problem.message}\n" + (f"help: {problem.help}\n" if problem.help else "")
    with contextlib.suppress(OSError):
        os.write(2, told.encode("utf-8", "backslashreplace"))


def _usage_error(program: Program, error: Exception) -> InvalidInput:
    told = getattr(error, "format_message", error.__str__)()
    return InvalidInput(
        told, code="AF-USAGE", help=f"{program.name} --help, and --help after each command, say what there is"
    )


def _system_error(error: OSError) -> RunFailed:
    place = f": {error.filename}" if error.filename else ""
    return RunFailed(f"the system refused: {error.strerror or error}{place}", code="AF-SYSTEM")


def _unloadable(error: ImportError) -> RunFailed:
    return RunFailed(f"a part of the program can't be loaded: {error}", code="AF-SYSTEM")


def _place_of(error: BaseException) -> str:
    """In which module and line it was raised."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return "" if place is None else f" in module {place.tb_frame.f_globals.get('__name__', '')}, line {place.tb_lineno}"


def _tell_bug(program: Program, error: BaseException, *, as_json: bool) -> ExitCode:
    # Its message is any text, with secrets in it that nobody here knows: it is shown to whoever asks for it.
    asked = "AETHERFLOW_LOG_LEVEL=DEBUG shows what it says, and all of where it happened"
    mend = f"this is a fault of {program.title}; {asked}"
    _tell(RunFailed(f"{type(error).__name__}{_place_of(error)}", code="AF-BUG", help=mend), as_json=as_json)
    if os.environ.get("AETHERFLOW_LOG_LEVEL", "").upper() == "DEBUG":
        import traceback

        from .output import redactor_of, say

        say(redactor_of(os.environ).redact("".join(traceback.format_exception(error))), to_error=True, end="")
    return ExitCode.FAILED
