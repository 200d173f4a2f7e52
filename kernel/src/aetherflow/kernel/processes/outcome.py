"""What the supervisor's report means: how a process ended, or why it never began."""

from __future__ import annotations

import errno
import os

from ..errors import NothingDone, StepError
from ..quick_dataclasses import dataclass

#: What the supervisor may say that the command's start failed with, as (code, message, help).
_NO_FOLDER = ("AF-PROCESS-CWD", "the folder to run {program} in can't be entered: {reason}", "check `cwd`")
_NO_PROGRAM = (
    "AF-PROCESS-NOT-FOUND",
    "there is no program {program}",
    "check its spelling and the PATH that it is given; a script also needs the interpreter that its first line names",
)
_NO_PERMISSION = (
    "AF-PROCESS-NOT-EXECUTABLE",
    "{program} can't be executed: {reason}",
    "make it executable (chmod +x), with a first line that names its interpreter",
)
_TOO_LONG = (
    "AF-PROCESS-ARGUMENT",
    "{program} can't be given that many arguments and environment variables: {reason}",
    "pass long lists in a file or on standard input",
)
_NO_START = ("AF-PROCESS-START", "{program} can't be started: {reason}", "the system refused; see its limits")

_REFUSALS = {
    errno.ENOENT: _NO_PROGRAM,
    errno.ENOTDIR: _NO_PROGRAM,
    errno.ENAMETOOLONG: _NO_PROGRAM,
    errno.EACCES: _NO_PERMISSION,
    errno.ENOEXEC: _NO_PERMISSION,
    errno.EISDIR: _NO_PERMISSION,
    errno.E2BIG: _TOO_LONG,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the process ended, in the supervisor's words."""

    #: Exit code, or the signal as a negative number; null where the process is still there.
    status: int | None
    #: `exited`, `timed_out`, `cancelled` or `orphaned`.
    reason: str
    survivors: tuple[str, ...]


def read_report(lines: list[str], program: str) -> Outcome:
    """Read the supervisor's report.

    Raises:
        NothingDone: the command was never started.
        StepError: the supervisor did not come to its end.
    """
    reports = [line.partition(" ")[::2] for line in lines]
    survivors = tuple(rest for word, rest in reports if word == "survivor")
    for word, rest in reports:
        if word == "refused":
            raise _refusal(program, rest)
        if word == "ended":
            status, reason = rest.split(" ")
            return Outcome(None if status == "?" else int(status), reason, survivors)
    raise StepError(
        f"the supervisor of {program} was ended from outside; what {program} had done until then is not known",
        code="AF-PROCESS-SUPERVISOR",
        help="see whether somebody, or the system for want of memory, killed processes",
    )


def left_alone(lines: list[str]) -> int | None:
    """The number of a process that was started and whose end nobody reported; null where there is none."""
    words = dict(line.partition(" ")[::2] for line in lines)
    return int(words["started"]) if "started" in words and "ended" not in words else None


def _refusal(program: str, rest: str) -> NothingDone:
    stage, _, number = rest.partition(" ")
    chosen = _REFUSALS.get(int(number), _NO_START) if stage == "program" else _NO_START
    code, message, mend = _NO_FOLDER if stage == "cwd" else chosen
    told = message.replace("{program}", program).replace("{reason}", os.strerror(int(number)))
    return NothingDone(told, code=code, help=mend)
