"""What the doctor finds: one line each, with how bad it is and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from ..check.preparation import is_refusal as is_refusal_of_policy
from ..errors import AetherFlowError, ExitCode, Location, Problem
from ..quick_dataclasses import dataclass

Level: TypeAlias = Literal["ok", "warning", "error"]
#: In the order in which they are shown.
Group: TypeAlias = Literal["program", "start-up", "project", "plugins", "places", "environment", "flow", "resources"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at, and how it stands."""

    group: Group
    level: Level
    message: str
    #: Empty where nothing is wrong.
    code: str = ""
    #: What to do about it.
    help: str = ""
    where: Location | None = None
    #: Whether the runtime profile is the cause.
    is_refusal: bool = False


def fine(group: Group, message: str) -> Finding:
    """Something that is as it should be."""
    return Finding(group=group, level="ok", message=message)


def of_problem(group: Group, problem: Problem, *, is_refusal: bool = False) -> Finding:
    """A problem as a finding; a note is nothing to worry about."""
    return Finding(
        group=group,
        level="ok" if problem.severity == "note" else problem.severity,
        message=problem.message,
        code=problem.code,
        help=problem.help,
        where=problem.where,
        is_refusal=is_refusal or is_refusal_of_policy(problem),
    )


def of_error(group: Group, error: AetherFlowError) -> list[Finding]:
    """What an error says, a finding for each of its problems."""
    is_refusal = error.exit_code is ExitCode.REFUSED
    return [of_problem(group, problem, is_refusal=is_refusal) for problem in error.problems]


def exit_code_of(findings: Iterable[Finding]) -> ExitCode:
    """How a command ends that found this: done without an error, refused where the policy is all that is in the way."""
    errors = [found for found in findings if found.level == "error"]
    if not errors:
        return ExitCode.DONE
    return ExitCode.REFUSED if all(found.is_refusal for found in errors) else ExitCode.INVALID_INPUT
