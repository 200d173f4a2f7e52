"""What a job has for outputs where it does not run: those that it declares, and those that an earlier start left."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..contracts.records import Json
    from .decisions import JobPlan


def declared_outputs(plan: JobPlan) -> dict[str, Json]:
    """All outputs of a job, null as long as none is produced."""
    return {**{name: None for step in plan.job.steps for name in step.outputs}, **dict.fromkeys(plan.job.outputs)}


def kept_outputs(plan: JobPlan) -> dict[str, Json]:
    """All outputs of a job as an earlier start left them; where a secret was not kept, none of them."""
    kept = {} if plan.earlier is None or plan.earlier.is_masked else plan.earlier.outputs
    return {**declared_outputs(plan), **kept}
