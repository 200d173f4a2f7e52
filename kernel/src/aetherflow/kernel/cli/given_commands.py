"""Commands as plugins and other programs give them: read as the kernel's own are, and called with a context."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, Any

from ..errors import ExitCode, RunFailed
from .command_records import Parameter
from .commands import AS_JSON
from .output import problem_texts, redactor_of, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..contracts.commands import CommandContext, CommandParameter, ProblemForm
    from ..errors import Problem
    from .command_records import Command


def as_parameter(parameter: CommandParameter) -> Parameter:
    """What a command takes, as the readers of command lines know it."""
    return Parameter(
        parameter.name,
        parameter.kind,
        parameter.help,
        option=f"--{parameter.name.removesuffix('_').replace('_', '-')}",
        metavar=parameter.metavar,
        is_required=parameter.is_required,
        is_flow=parameter.is_flow,
    )


def keywords_of(command: Command, values: Mapping[str, Any]) -> dict[str, Any]:
    """What was read, as functions of commands get it: a list where there may be many, also where none was given."""
    return {
        each.name: list(values[each.name] or ()) if each.is_repeated else values[each.name]
        for each in command.parameters
    }


def context_for(environ: Mapping[str, str], *, as_json: bool, profile: str | None = None) -> CommandContext:
    """What a command is given beside its parameters; whatever it says has the environment's secrets masked."""
    from ..contracts.commands import CommandContext

    return CommandContext(
        as_json=as_json,
        profile=profile,
        environment=environ,
        is_terminal=sys.stdout is not None and sys.stdout.isatty(),
        write=_writer(environ),
        write_beside=_writer(environ, to_error=True),
        show_problems=_problem_writer(environ),
    )


def call_given(command: Command, values: Mapping[str, Any], environ: Mapping[str, str]) -> int:
    """Call the function of a command that another distribution's program has; answers its exit code."""
    keywords = keywords_of(command, values)
    context = context_for(environ, as_json=keywords.pop(AS_JSON.name))
    gc.enable()
    code = None if command.run is None else command.run(context, **keywords)
    return ExitCode.DONE if code is None else code


def _writer(environ: Mapping[str, str], *, to_error: bool = False) -> Callable[[str], None]:
    """Puts what a command says on one of the standard streams, secrets of the environment masked."""
    redactor = redactor_of(environ)

    def write(text: str) -> None:
        try:
            say(redactor.redact(text), to_error=to_error, end="")
        except BrokenPipeError:
            raise
        except OSError as error:
            message = f"the system refused: {error.strerror or error}: the answer can't be written"
            raise RunFailed(message, code="AF-SYSTEM") from None

    return write


def _problem_writer(environ: Mapping[str, str]) -> Callable[[Iterable[Problem], ProblemForm], Iterable[str]]:
    def show_problems(problems: Iterable[Problem], form: ProblemForm) -> Iterable[str]:
        if form == "text":
            return problem_texts(problems)
        from .github import annotation, root_of_paths

        root, redactor = root_of_paths(environ), redactor_of(environ)
        return [annotation(problem, root=root, redactor=redactor) for problem in problems]

    return show_problems
