"""`aetherflow plan`: what a run would do, before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ExitCode
from .output import output_kept_for_the_answer, print_json, print_problems, say

if TYPE_CHECKING:
    from collections.abc import Mapping


def plan(
    *,
    out: str | None,
    profile: str | None,
    param: list[str] | None,
    as_json: bool,
    environ: Mapping[str, str],
    **options: Any,  # noqa: ANN401 - those of `RunOptions`
) -> ExitCode:
    """Show what a run would do: nothing runs, no plugin is imported, no server is touched."""
    from ..check.preparation import prepare_flow
    from ..run.foreseeing import foresee_run
    from .plan_display import tree
    from .plan_file import write_plan_file
    from .run_options import RunOptions

    given = RunOptions(**options, param=tuple(param or ()))
    file, request = given.request(command="plan", environ=environ)
    with output_kept_for_the_answer():
        prepared = prepare_flow(file, profile=profile, environ=environ, is_scheduled=request.is_scheduled)
        with prepared.surroundings.index:
            foresight = foresee_run(prepared, request)
        if not as_json:
            print_problems(foresight.warnings, prepared)
        if out is not None:
            write_plan_file(foresight.told, out, flow_file=Path(prepared.document.file))
    if as_json:
        print_json(foresight.told)
    else:
        say("\n".join(tree(foresight.told)))
    return ExitCode.DONE
