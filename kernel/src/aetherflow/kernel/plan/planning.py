"""Makes the plan from the flow and what is remembered of its run; pure, so that it can be shown before it is done."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from ..contracts.events import Status
from ..contracts.records import StepKey
from ..errors import DecisionNeeded, InvalidInput, Problem
from ..quick_dataclasses import replace
from .decisions import Decision, JobPlan, Plan, StepPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ..contracts.records import History, JobRecord, StepRecord
    from ..spec.models import Flow, Job, Step


_NOT_KEPT = "its outputs hold a secret, which is not kept"


def plan_run(
    flow: Flow,
    *,
    history: History,
    borrowed: Mapping[str, JobRecord],
    only_job: str | None,
    rerun_of: Callable[[str], str],
) -> Plan:
    """The jobs and steps of a run in the order of the file, each with its decision.

    Args:
        flow: what was written.
        history: what is remembered of this run.
        borrowed: results of an earlier run that stand in for jobs which this run leaves out.
        only_job: run this job alone; null runs all.
        rerun_of: the rerun class that a step type's plugin declares.

    Raises:
        InvalidInput: a step that is done was edited since.
        DecisionNeeded: the outcome of a step that may run once only is unknown.
    """
    jobs = tuple(
        _plan_job(job, history=history, borrowed=borrowed, only_job=only_job, rerun_of=rerun_of) for job in flow.jobs
    )
    if any(job.decision is Decision.RUN for job in jobs):
        jobs = tuple(_with_masked_outputs_again(job, only_job) for job in jobs)
    edited = tuple(_edits_of_done_steps(flow, jobs))
    if edited:
        raise InvalidInput.of(edited)
    _refuse_unknown_outcomes(flow, jobs)
    return Plan(jobs=jobs)


def dependencies_of(flow: Flow, job_id: str) -> tuple[str, ...]:
    """All jobs that must have ended before this one may run, in the order of the file."""
    depends_on = {job.id: job.depends_on for job in flow.jobs}
    needed: set[str] = set()
    waiting = list(depends_on.get(job_id, ()))
    while waiting:
        dependency = waiting.pop()
        if dependency not in needed:
            needed.add(dependency)
            waiting.extend(depends_on.get(dependency, ()))
    return tuple(job.id for job in flow.jobs if job.id in needed)


def definition_digest(step: Step) -> str:
    """A digest of a step as it is written: what it does, and what becomes of its outputs, before rendering."""
    parts = [step.type, step.inputs, step.outputs, step.on_no_data]
    written = json.dumps(parts, sort_keys=True, default=repr, ensure_ascii=False)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def _plan_job(
    job: Job,
    *,
    history: History,
    borrowed: Mapping[str, JobRecord],
    only_job: str | None,
    rerun_of: Callable[[str], str],
) -> JobPlan:
    earlier = history.jobs.get(job.id)
    steps = tuple(_plan_step(job, step, history=history, rerun_of=rerun_of) for step in job.steps)
    if earlier is not None and _is_done(earlier, steps):
        decision, reason = Decision.RESTORE, "done in an earlier start"
    elif only_job is not None and job.id != only_job:
        earlier = borrowed.get(job.id, earlier)
        decision, reason = Decision.LEAVE, f"only job {only_job!r} was asked for"
    else:
        decision, reason = Decision.RUN, "not done yet" if earlier else ""
    return JobPlan(job=job, decision=decision, reason=reason, steps=steps, earlier=earlier)


def _with_masked_outputs_again(job: JobPlan, only_job: str | None) -> JobPlan:
    """Where other jobs run, a job whose outputs were not kept whole gives them again, or stays out of it."""
    if job.decision is not Decision.RESTORE or job.earlier is None or not job.earlier.is_masked:
        return job
    is_left = only_job is not None and job.job.id != only_job
    return replace(job, decision=Decision.LEAVE if is_left else Decision.RUN, reason=_NOT_KEPT)


def _is_done(earlier: JobRecord, steps: tuple[StepPlan, ...]) -> bool:
    """A job that was skipped stays skipped; one that ended well has work again when steps were added to it."""
    if earlier.status is Status.SUCCESS:
        return all(step.earlier is not None and step.earlier.status.is_done for step in steps)
    return earlier.status.is_done


def _plan_step(job: Job, step: Step, *, history: History, rerun_of: Callable[[str], str]) -> StepPlan:
    earlier = history.steps.get(StepKey(job.id, step.id))
    # What a secret masks is not kept: a later step that needs it gets it from the step, run again.
    is_done = earlier is not None and earlier.status.is_done and not earlier.is_masked
    return StepPlan(
        step=step,
        decision=Decision.RESTORE if is_done else Decision.RUN,
        reason="done in an earlier start" if is_done else _why_again(earlier),
        definition=definition_digest(step),
        rerun=step.rerun or rerun_of(step.type),
        earlier=earlier,
    )


def _why_again(earlier: StepRecord | None) -> str:
    if earlier is not None and earlier.is_masked:
        return _NOT_KEPT
    return "" if earlier is None else f"its last attempt ended {earlier.status}"


def _edits_of_done_steps(flow: Flow, jobs: Iterable[JobPlan]) -> Iterator[Problem]:
    for job in jobs:
        for step in job.steps:
            earlier = step.earlier
            if earlier is None or step.decision is not Decision.RESTORE or earlier.definition == step.definition:
                continue
            yield Problem(
                code="AF-STEP-EDITED",
                message=f"step {step.step.id!r} of job {job.job.id!r} is done in this run, and was edited since",
                help="undo the edit, or start a new run (leave out the run id)",
                where=flow.document.where(step.step.path),
                path=step.step.path,
            )


def _refuse_unknown_outcomes(flow: Flow, jobs: Iterable[JobPlan]) -> None:
    for job in jobs:
        if job.decision is not Decision.RUN:
            continue
        for step in job.steps:
            if step.rerun == "ONCE" and step.earlier is not None and _outcome_is_unknown(step.earlier):
                why = (
                    "its outputs held a secret and were not kept"
                    if step.earlier.is_masked
                    else (f"nobody knows what its last attempt did: it ended {step.earlier.status}")
                )
                raise DecisionNeeded(
                    f"step {step.step.id!r} of job {job.job.id!r} may run once only, and {why}",
                    code="AF-OUTCOME-UNKNOWN",
                    help="look whether it did its work; if it may run again, write `rerun: SAFE` on the step and start"
                    " the run again; if it did, take the step out of the flow, with what refers to it, and start the"
                    " run again",
                    where=flow.document.where(step.step.path),
                    path=step.step.path,
                )


def _outcome_is_unknown(earlier: StepRecord) -> bool:
    return earlier.is_masked or not (
        earlier.status.is_done or earlier.status is Status.PENDING or earlier.is_without_effect
    )
