"""`aetherflow validate`: everything that is wrong with flows, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import AetherFlowError, ExitCode, InvalidInput
from ..quick_dataclasses import dataclass
from .flow_file import given_flows
from .output import output_kept_for_the_answer, print_error, print_json, print_problems, redactor_of, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..check.preparation import Prepared
    from ..errors import Problem, Severity
    from ..resolve.redaction import Redactor

#: Of several flows, one answers for all: from what is right to what nothing can be said about.
_FROM_BEST_TO_WORST = (ExitCode.DONE, ExitCode.REFUSED, ExitCode.INVALID_INPUT, ExitCode.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """A flow, and what is wrong with it; `error` where it could not even be read."""

    file: Path
    exit_code: ExitCode
    problems: tuple[Problem, ...]
    redactor: Redactor
    prepared: Prepared | None = None
    error: AetherFlowError | None = None

    def of(self, severity: Severity) -> tuple[Problem, ...]:
        """The problems that weigh so much."""
        return tuple(problem for problem in self.problems if problem.severity == severity)


def validate(
    *,
    flows: Sequence[str] | None,
    flow_yaml: str | None,
    profile: str | None,
    verbose: bool,
    github: bool,
    as_json: bool,
    environ: Mapping[str, str],
) -> ExitCode:
    """Check flows: no plugin is imported, no server is touched."""
    files = given_flows(flows or (), flow_yaml, command="validate")
    if github and as_json:
        raise InvalidInput("--github and --json were given", code="AF-USAGE", help="ask for one form of the answer")
    is_alone = len(files) == 1
    codes: list[ExitCode] = []
    answers: list[dict[str, object]] = []
    for file in files:
        checked = _check(file, profile, environ)
        codes.append(checked.exit_code)
        if checked.error is not None and is_alone and not github:
            raise checked.error
        if as_json:
            answers.append(_as_json(checked))
        elif github:
            _annotate(checked, environ, verbose=verbose)
        else:
            _tell(checked, verbose=verbose)
    worst = max(codes, key=_FROM_BEST_TO_WORST.index)
    if as_json:
        ok = all(answer["ok"] for answer in answers)
        print_json(answers[0] if is_alone else {"ok": ok, "exit_code": int(worst), "flows": answers})
    return worst


def _check(file: Path, profile: str | None, environ: Mapping[str, str]) -> _Checked:
    from ..check.preparation import prepare_flow

    try:
        with output_kept_for_the_answer():
            prepared = prepare_flow(file, profile=profile, environ=environ)
            prepared.surroundings.index.close()
    except AetherFlowError as error:
        redactor = redactor_of(environ)
        return _Checked(file=file, exit_code=error.exit_code, problems=error.problems, redactor=redactor, error=error)
    return _Checked(
        file=file,
        exit_code=_exit_code(prepared),
        problems=prepared.problems,
        redactor=prepared.surroundings.redactor,
        prepared=prepared,
    )


def _exit_code(prepared: Prepared) -> ExitCode:
    try:
        prepared.checked()
    except AetherFlowError as error:
        return error.exit_code
    return ExitCode.DONE


def _tell(checked: _Checked, *, verbose: bool) -> None:
    if checked.prepared is not None:
        print_problems(_shown(checked, verbose=verbose), checked.prepared)
    elif checked.error is not None:
        print_error(checked.error, as_json=False)
    say(_summary(checked))


def _annotate(checked: _Checked, environ: Mapping[str, str], *, verbose: bool) -> None:
    from .github import annotation, escaped, root_of_paths

    root = root_of_paths(environ)
    for problem in _shown(checked, verbose=verbose):
        say(annotation(problem, root=root, redactor=checked.redactor))
    say(escaped(_summary(checked)))


def _shown(checked: _Checked, *, verbose: bool) -> tuple[Problem, ...]:
    """What people are told: what could not be known only where they ask for it."""
    return tuple(problem for problem in checked.problems if verbose or problem.severity != "note")


def _summary(checked: _Checked) -> str:
    count = len(checked.of("error"))
    return f"INVALID: {checked.file} ({count} error{'s' if count > 1 else ''})" if count else f"OK: {checked.file}"


def _as_json(checked: _Checked) -> dict[str, object]:
    from ..check.report import problem_as_json

    severities: dict[str, Severity] = {"errors": "error", "warnings": "warning", "notes": "note"}
    found = {name: [problem_as_json(each) for each in checked.of(severity)] for name, severity in severities.items()}
    told = checked.redactor.redact_value(found)
    return {"ok": not found["errors"], "flow_yaml": str(checked.file), **told}
