"""What a job and a step are, as they are written: what a later start compares with what was done."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..spec.models import Flow, Job, Step

_ENCODER = json.JSONEncoder(sort_keys=True, default=repr, ensure_ascii=False)


def step_definition(step: Step) -> dict[str, object]:
    """What a step does and what becomes of its outputs, before rendering; how it is tried is no part of it."""
    written: dict[str, object] = {
        "type": step.type,
        "inputs": step.inputs,
        "outputs": step.outputs,
        "on_no_data": step.on_no_data,
    }
    if step.when is not None:
        written["when"] = step.when
    if step.foreach is not None:
        written["foreach"] = {"items": step.foreach.items, "matrix": step.foreach.matrix}
    return written


def step_digest(step: Step) -> str:
    """A digest of what a step is."""
    parts: list[object] = [step.type, step.inputs, step.outputs, step.on_no_data]
    if step.when is not None or step.foreach is not None:
        parts += [step_definition(step)]
    return _digest(parts)


def job_digest(job: Job) -> str:
    """A digest of when a job runs and what it gives, without its steps."""
    return _digest([job.depends_on, job.when, job.outputs])


def flow_definitions(flow: Flow) -> str:
    """All steps of a flow as they are written, as JSON, for a later start to tell what was changed."""
    # One after the other: beside the flow itself there is only the text of it.
    steps = (
        _ENCODER.encode({"job": job.id, "step": step.id, "definition": step_definition(step)})
        for job in flow.all_jobs
        for step in job.steps
    )
    return f"[{', '.join(steps)}]"


def _digest(parts: object) -> str:
    return hashlib.sha256(_ENCODER.encode(parts).encode("utf-8", "surrogatepass")).hexdigest()
