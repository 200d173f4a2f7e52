"""The outline of a flow that is free of errors, for those outside the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..contracts.effects import Rerun
from ..contracts.outlines import FlowOutline, JobOutline, StepOutline
from .preparation import Prepared, prepare_flow

if TYPE_CHECKING:
    from ..plugins.index import PluginIndex
    from ..resolve.redaction import Redactor
    from ..spec.models import Foreach, Step
    from .definitions import FlowIndex, JobIndex


def outline_flow(
    path: Path | str, profile: str | None = None, *, environment: Mapping[str, str] | None = None
) -> FlowOutline:
    """Read and check a flow as `aetherflow validate` does, and say what it is made of.

    Args:
        path: the flow's YAML file.
        profile: the runtime profile asked for.
        environment: the environment; the process's own by default.

    Raises:
        InvalidInput: the flow or its surroundings are wrong; holds all problems.
        RefusedByPolicy: the runtime profile refuses what it uses, or may not be chosen.
    """
    prepared = prepare_flow(Path(path), profile=profile, environ=environment)
    with prepared.surroundings.index as index:
        return _outline(prepared, prepared.checked(), index)


def _outline(prepared: Prepared, flow_index: FlowIndex, index: PluginIndex) -> FlowOutline:
    flow = flow_index.flow
    redactor = prepared.surroundings.redactor
    order = {job_id: place for place, job_id in enumerate(flow_index.jobs)}
    named = flow_index.named_jobs()
    jobs = []
    for job in flow_index.jobs.values():
        others = named.get(job.job.id, frozenset()).difference(job.job.depends_on)
        jobs.append(_job(job, tuple(sorted(others, key=order.__getitem__)), index, redactor))
    return FlowOutline(id=flow.id, description=_masked(flow.description, redactor), jobs=tuple(jobs))


def _job(job: JobIndex, refers_to: tuple[str, ...], index: PluginIndex, redactor: Redactor) -> JobOutline:
    written = job.job
    return JobOutline(
        id=written.id,
        section=job.section,
        steps=tuple(_step(step, index, redactor) for step in written.steps),
        description=_masked(written.description, redactor),
        when=_masked(written.when, redactor),
        depends_on=tuple(dict.fromkeys(written.depends_on)),
        refers_to=refers_to,
    )


def _step(step: Step, index: PluginIndex, redactor: Redactor) -> StepOutline:
    return StepOutline(
        id=step.id,
        type=step.type,
        rerun=Rerun(step.rerun) if step.rerun else index.rerun_of(step.type, step.inputs),
        when=_masked(step.when, redactor),
        foreach=_masked(_repetition(step.foreach), redactor) if step.foreach else None,
    )


def _repetition(foreach: Foreach) -> str:
    if foreach.matrix is None:
        return foreach.items if isinstance(foreach.items, str) else f"{_length(foreach.items)} items"
    return f"{' by '.join(_length(each) for each in foreach.matrix.values())} items"


def _length(items: object) -> str:
    """How many there are; a template is shown as it is."""
    return str(len(items)) if isinstance(items, list) else str(items)


def _masked(text: str | None, redactor: Redactor) -> str | None:
    return None if text is None else redactor.redact(text)
