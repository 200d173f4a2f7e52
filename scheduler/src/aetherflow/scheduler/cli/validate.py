"""`aetherflow-scheduler validate`: everything that is wrong with schedule files, before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aetherflow.kernel.api import AetherFlowError, CommandContext, ExitCode, InvalidInput, plain, problem_as_json

if TYPE_CHECKING:
    from aetherflow.kernel.api import Problem

_FROM_BEST_TO_WORST = (ExitCode.DONE, ExitCode.REFUSED, ExitCode.INVALID_INPUT, ExitCode.FAILED)


@dataclass(frozen=True, slots=True)
class _Checked:
    file: str
    exit_code: ExitCode
    problems: tuple[Problem, ...]

    @property
    def error_count(self) -> int:
        return sum(problem.severity == "error" for problem in self.problems)


def validate(context: CommandContext, files: list[str], profile: str | None, *, github: bool) -> int:
    """Check schedule files, and the flows that they name.

    Raises:
        InvalidInput: two forms of the answer were asked for.
    """
    if github and context.as_json:
        raise InvalidInput("--github and --json were given", code="AF-USAGE", help="ask for one form of the answer")
    owners: dict[Path, str] = {}
    found = [_check(context, file, profile, owners) for file in dict.fromkeys(files)]
    worst = max((checked.exit_code for checked in found), key=_FROM_BEST_TO_WORST.index)
    if context.as_json:
        told = [_as_json(checked) for checked in found]
        context.say_json(told[0] if len(told) == 1 else {"ok": not worst, "exit_code": int(worst), "schedules": told})
        return worst
    for checked in found:
        shown = [problem for problem in checked.problems if problem.severity != "note"]
        context.say_problems(shown, form="github" if github else "text")
        context.say(_summary(checked))
    return worst


def _check(context: CommandContext, file: str, profile: str | None, owners: dict[Path, str]) -> _Checked:
    """Check one of them; `owners` knows of each folder for state which one named it first."""
    from ..operation.belonging import check_state, refuse_another
    from ..schedules.reading import read_schedule

    try:
        schedule = read_schedule(Path(file), environment=context.environment, profile=profile)
        check_state(schedule.state, schedule.file)
        refuse_another(owners.setdefault(schedule.state, schedule.file.name), schedule.state, schedule.file)
    except AetherFlowError as error:
        known = error.exit_code if error.exit_code in _FROM_BEST_TO_WORST else ExitCode.FAILED
        return _Checked(file, known, error.problems)
    return _Checked(file, ExitCode.DONE, schedule.problems)


def _summary(checked: _Checked) -> str:
    count = checked.error_count
    shown = plain(checked.file)
    return f"INVALID: {shown} ({count} error{'s' if count > 1 else ''})" if checked.exit_code else f"OK: {shown}"


def _as_json(checked: _Checked) -> dict[str, object]:
    severities = {"errors": "error", "warnings": "warning", "notes": "note"}
    told = {
        name: [problem_as_json(problem) for problem in checked.problems if problem.severity == severity]
        for name, severity in severities.items()
    }
    return {"ok": not checked.exit_code, "exit_code": int(checked.exit_code), "file": checked.file, **told}
