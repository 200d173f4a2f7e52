"""`aetherflow validate`: everything that is wrong with a flow, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import AetherFlowError, ExitCode
from .flow_file import given_flow
from .output import output_kept_for_the_answer, print_json, print_problems, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..check.preparation import Prepared


def validate(
    *, flow: str | None, flow_yaml: str | None, profile: str | None, as_json: bool, environ: Mapping[str, str]
) -> ExitCode:
    """Check a flow: no plugin is imported, no server is touched."""
    from ..check.preparation import prepare_flow

    file = given_flow(flow, flow_yaml, command="validate")
    with output_kept_for_the_answer():
        prepared = prepare_flow(file, profile=profile, environ=environ)
        prepared.surroundings.index.close()
    exit_code = _exit_code(prepared)
    if as_json:
        print_json(_as_json(prepared, str(file)))
    else:
        print_problems([problem for problem in prepared.problems if problem.severity != "note"], prepared)
        count = len(prepared.errors)
        say(f"INVALID: {file} ({count} error{'s' if count > 1 else ''})" if count else f"OK: {file}")
    return exit_code


def _exit_code(prepared: Prepared) -> ExitCode:
    try:
        prepared.checked()
    except AetherFlowError as error:
        return error.exit_code
    return ExitCode.DONE


def _as_json(prepared: Prepared, flow_yaml: str) -> dict[str, object]:
    from ..check.report import problem_as_json

    by_severity = {"errors": prepared.errors, "warnings": prepared.warnings}
    found = {name: [problem_as_json(problem) for problem in problems] for name, problems in by_severity.items()}
    return {"ok": not prepared.errors, "flow_yaml": flow_yaml, **found}
