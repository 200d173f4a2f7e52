"""`aetherflow validate`: everything that is wrong with a flow, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ..errors import AetherFlowError, ExitCode
from .flow_file import FlowArgument, FlowOption, JsonOption, ProfileOption, given_flow
from .output import output_kept_for_the_answer, print_json, print_problems

if TYPE_CHECKING:
    from ..check.preparation import Prepared


def validate(
    flow: FlowArgument = None,
    flow_yaml: FlowOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a flow: no plugin is imported, no server is touched."""
    from ..check.preparation import prepare_flow

    file = given_flow(flow, flow_yaml, command="validate")
    with output_kept_for_the_answer():
        prepared = prepare_flow(file, profile=profile)
        prepared.surroundings.index.close()
    exit_code = _exit_code(prepared)
    if as_json:
        print_json(_as_json(prepared, str(file)))
    else:
        print_problems(prepared.problems, prepared)
        count = len(prepared.errors)
        typer.echo(f"INVALID: {file} ({count} error{'s' if count > 1 else ''})" if count else f"OK: {file}")
    raise typer.Exit(int(exit_code))


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
