"""Every way in which AetherFlow says no, in one tree.

AetherFlowError
├── InvalidInput            exit 2    the flow, its files, parameters or settings are wrong; holds all problems
│   └── TemplateError                 a template that can't be rendered
│       └── MissingReference          … because what it names does not exist
├── RefusedByPolicy         exit 3    the runtime profile in force does not allow it
├── DecisionNeeded          exit 4    only a person can say how to go on
├── OwnedByAnother          exit 75   another process owns the run or the lock
├── RunFailed               exit 1    a run could not be brought to its end
│   ├── LedgerFailed                  the ledger can't be read or written: nothing goes on without it
│   │   └── Fenced                    … any more: another process has started the run again (exit 75)
│   ├── PluginError                   a plugin could not be loaded, or broke its contract
│   ├── StepError                     a step says what went wrong (plugins raise this one)
│   │   ├── ConnectorError            … because of the system it talks to
│   │   ├── TimedOut                  … because its time was over
│   │   ├── LockLost                  … because the lock under which it worked was lost
│   │   └── NothingDone               … and that nothing happened outside: it may be tried again
│   └── PathRefused                   a path leaves the folders that the step may use
└── Stopped                 exit 130 / 143   a signal ended the run

An error is *handled*: it reaches the user as one message with a code, a place and a mend.
Anything else that reaches the user is a bug of ours.
"""

from __future__ import annotations

import signal
from enum import IntEnum
from typing import TYPE_CHECKING, Literal, Self

from .quick_dataclasses import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

YamlPath = tuple[str | int, ...]
Severity = Literal["error", "warning", "note"]


class ExitCode(IntEnum):
    """What the process answers; documented in docs/cli.md."""

    DONE = 0
    FAILED = 1
    INVALID_INPUT = 2
    REFUSED = 3
    DECISION_NEEDED = 4
    OWNED_BY_ANOTHER = 75
    INTERRUPTED = 130
    TERMINATED = 143

    @classmethod
    def of_signal(cls, number: int) -> ExitCode:
        """What a process answers that a signal ended."""
        return cls.TERMINATED if number == signal.SIGTERM else cls.INTERRUPTED


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file; line and column count from 1, in characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: what, where, and what to do about it."""

    code: str
    message: str
    help: str = ""
    severity: Severity = "error"
    where: Location | None = None
    path: YamlPath = ()

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        mend = f"\nhelp: {self.help}" if self.help else ""
        return f"{place}{self.severity} {self.code}: {self.message}{mend}"


class AetherFlowError(Exception):
    """Something that was foreseen went wrong; the message is for the user."""

    code = "AF-ERROR"
    exit_code = ExitCode.FAILED
    #: Something is still busy that nobody waits for: the process should leave without it.
    has_left_behind = False
    _problems: tuple[Problem, ...] = ()

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        help: str = "",  # noqa: A002 - the word that users read in front of the mend
        where: Location | None = None,
        path: YamlPath = (),
    ) -> None:
        super().__init__(message)
        self.problem = Problem(code=code or self.code, message=message, help=help, where=where, path=path)

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> Self:
        """One error for many problems.

        Raises:
            ValueError: there is no problem to tell of.
        """
        found = tuple(problems)
        if not found:
            message = f"{cls.__name__} needs at least one problem"
            raise ValueError(message)
        first = found[0]
        error = cls(first.message, code=first.code, help=first.help, where=first.where, path=first.path)
        error._problems = found
        return error

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong, in the order of the file."""
        return self._problems or (self.problem,)

    def at(self, where: Location | None, path: YamlPath = ()) -> AetherFlowError:
        """The same error, told with its place (kept where it already has one)."""
        self.problem = replace(self.problem, where=self.problem.where or where, path=self.problem.path or path)
        return self

    def located(self, place: Callable[[YamlPath], Location | None]) -> Self:
        """The same error, each of its problems told with the place of its path (kept where it already has one)."""
        self.problem = replace(self.problem, where=self.problem.where or place(self.problem.path))
        self._problems = tuple(replace(found, where=found.where or place(found.path)) for found in self._problems)
        return self


class InvalidInput(AetherFlowError):
    """What was given can't be used; says everything that is wrong with it at once."""

    code = "AF-INVALID"
    exit_code = ExitCode.INVALID_INPUT


class TemplateError(InvalidInput):
    """A template that can't be rendered; the message never holds a value."""

    code = "AF-TEMPLATE"


class MissingReference(TemplateError):
    """A template names something that does not exist, and gives no default."""

    code = "AF-MISSING-REFERENCE"


class RefusedByPolicy(AetherFlowError):
    """The runtime profile in force does not allow it."""

    code = "AF-REFUSED"
    exit_code = ExitCode.REFUSED


class DecisionNeeded(AetherFlowError):
    """Only a person can say how to go on."""

    code = "AF-DECISION-NEEDED"
    exit_code = ExitCode.DECISION_NEEDED


class OwnedByAnother(AetherFlowError):
    """Another process owns the run or the lock."""

    code = "AF-OWNED"
    exit_code = ExitCode.OWNED_BY_ANOTHER


class RunFailed(AetherFlowError):
    """A run could not be brought to its end."""

    code = "AF-RUN-FAILED"


class LedgerFailed(RunFailed):
    """The ledger can't be read or written; a run does not go on without it."""

    code = "AF-LEDGER"
    #: Whether the same write may work later; not where the device failed.
    may_be_tried_again = True


class Fenced(LedgerFailed):
    """Another process has started the run again since: this one must write nothing more."""

    code = "AF-RUN-TAKEN"
    may_be_tried_again = False
    exit_code = ExitCode.OWNED_BY_ANOTHER


class PluginError(RunFailed):
    """A plugin could not be loaded, or does not do what its manifest says."""

    code = "AF-PLUGIN"


class StepError(RunFailed):
    """What a step raises to say, in one sentence, what went wrong.

    Whether the work happened is unknown then: a step whose rerun class is ONCE is not
    repeated until a person says so. Raise `NothingDone` where nothing left the process.
    """

    code = "AF-STEP-FAILED"


class ConnectorError(StepError):
    """The system behind a connector refused, failed or could not be reached."""

    code = "AF-CONNECTOR"


class TimedOut(StepError):
    """The step's time was over."""

    code = "AF-TIMED-OUT"


class LockLost(StepError):
    """The lock under which the step worked was lost before the work ended."""

    code = "AF-LOCK-LOST"


class NothingDone(StepError):
    """The step failed before anything happened outside: it may be tried again."""

    code = "AF-NOTHING-DONE"


class PathRefused(RunFailed):
    """A path leaves the folders that the step may use."""

    code = "AF-PATH-REFUSED"


class Stopped(AetherFlowError):
    """A signal ended the run."""

    code = "AF-STOPPED"
    exit_code = ExitCode.INTERRUPTED

    def __init__(self, message: str, *, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = ExitCode.of_signal(signal_number)
