"""Outputs of a step that a person gives in its stead, against what its step type declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..contracts.spelling import did_you_mean
from ..errors import Problem
from ..spec.values import without_raw
from .contributions import Contributions
from .findings import Checked
from .schema_errors import schema_problems
from .validators import Validators

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..spec.models import Step
    from .contributions import Index
    from .definitions import FlowIndex


def check_given_outputs(
    index: Index, step_type: str, step: Step | None, given: Mapping[str, object]
) -> Iterator[Problem]:
    """Outputs that the step type does not declare, or of another type; what is left out is no mistake.

    Args:
        index: what is installed.
        step_type: of the step.
        step: as it is written; null where that can't be read.
        given: the outputs by name.
    """
    contributions = Contributions(index)
    known = contributions.step(step_type).found
    if known is None:
        return
    names = declared_outputs(contributions, step_type, step)
    for name in sorted(set(given) - names) if names is not None else ():
        yield Problem(
            code="AF-OUTPUTS",
            message=f"the step type {step_type!r} has no output {name!r}",
            help=did_you_mean(name, names or ()),
        )
    fitting = {name: value for name, value in given.items() if names is None or name in names}
    schema = Validators().of(f"outputs of {step_type}", known.outputs)
    checked = Checked(fitting, (), f"the step type {step_type!r}", "output", {}, is_partial=True)
    for found in schema_problems(schema, checked):
        yield found.problem


def declared_outputs(contributions: Contributions, step_type: str, step: Step | None) -> frozenset[str] | None:
    """What the outputs of a step may be called; null where that is not known."""
    inputs = without_raw(step.inputs) if step is not None else {}
    return contributions.output_names(step_type, inputs if isinstance(inputs, dict) else {})


def wanted_outputs(flow: FlowIndex, job_id: str, step_id: str) -> frozenset[str]:
    """The outputs of a step that its job refers to."""
    wanted = set()
    for use in flow.uses:
        if use.job is None or use.job.job.id != job_id:
            continue
        parts = use.reference.parts
        if parts[:2] == ("steps", step_id) and len(parts) > 2:  # noqa: PLR2004 - steps.STEP.OUTPUT
            wanted.add(parts[2])
        is_own = use.field == "outputs" and use.step == use.job.steps.get(step_id)
        if is_own and parts[0] == "result" and len(parts) > 1:
            wanted.add(parts[1])
    return frozenset(wanted)
