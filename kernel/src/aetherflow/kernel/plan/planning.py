"""Makes the plan from the flow and what is remembered of its run; pure, so that it can be shown before it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..contracts.events import Status
from ..contracts.records import History, StepKey
from ..errors import DecisionNeeded, InvalidInput
from ..quick_dataclasses import dataclass, replace
from .decisions import Decision, JobPlan, Plan, Selection, StepPlan
from .definitions import job_digest, step_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..contracts.records import JobRecord, StepRecord
    from ..spec.models import Flow, Job, Step
    from .edits import Edits

_NOT_KEPT = "its outputs hold a secret, which is not kept"
_DONE = "done in an earlier start"
#: Shared by all steps that are not repeated.
_NO_ITEMS: Mapping[str, StepRecord] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a plan goes by besides the flow."""

    run_id: str
    history: History
    #: Results of an earlier run that stand in for jobs which this run leaves out.
    borrowed: Mapping[str, JobRecord]
    #: The rerun class that a step's plugin declares.
    rerun_of: Callable[[Step], str]
    #: The other jobs whose results a job refers to.
    named_jobs: Mapping[str, frozenset[str]]
    #: The other jobs whose outputs a job refers to.
    needed_outputs: Mapping[str, frozenset[str]]
    #: A step as it was written when the run did it; null where that is not remembered.
    written: Callable[[str, str, StepRecord], object]


def plan_run(flow: Flow, past: Past, selection: Selection, *, start: int = 1) -> Plan:
    """The jobs and steps of a run in the order of the file, each with its decision.

    Args:
        flow: what was written.
        past: what is remembered.
        selection: what the start was asked to do.
        start: its number.

    Raises:
        InvalidInput: a step or job that is done was edited since.
        DecisionNeeded: the outcome of a step that may run once only is unknown, or it would be done twice.
    """
    jobs = tuple(_plan_job(job, past) for job in flow.jobs)
    jobs = _done_anew(flow, jobs, past, selection)
    jobs = tuple(_selected(job, past, selection) for job in jobs)
    jobs = _with_needed_outputs(flow, jobs, past, selection)
    _refuse_unknown_outcomes(flow, jobs, f"{flow.id}/{past.run_id}")
    at_the_end = replace(past, history=History(), borrowed={})
    return Plan(
        jobs=jobs,
        on_failure=tuple(replace(_plan_job(job, at_the_end), start=start) for job in flow.on_failure),
        finally_=tuple(replace(_plan_job(job, at_the_end), start=start) for job in flow.finally_),
    )


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


def _plan_job(job: Job, past: Past) -> JobPlan:
    earlier = past.history.jobs.get(job.id)
    steps = tuple(_plan_step(job, step, position, past) for position, step in enumerate(job.steps))
    if earlier is not None and _is_done(earlier, steps):
        decision, reason = Decision.RESTORE, _DONE
    else:
        decision, reason = Decision.RUN, "not done yet" if earlier else ""
    return JobPlan(job=job, decision=decision, reason=reason, definition=job_digest(job), steps=steps, earlier=earlier)


def _is_done(earlier: JobRecord, steps: tuple[StepPlan, ...]) -> bool:
    """A job that was skipped stays skipped; one that ended well has work again when steps were added to it."""
    if earlier.status is Status.SUCCESS:
        # A step whose outputs were not kept is done as well, as long as nobody needs them.
        return all(step.earlier is not None and (_was_passed(step.step, step.earlier)) for step in steps)
    return earlier.status.is_done


def _was_passed(step: Step, earlier: StepRecord) -> bool:
    return earlier.status.is_done or (step.continue_on_error and earlier.status.is_failure)


def _plan_step(job: Job, step: Step, position: int, past: Past) -> StepPlan:
    earlier = past.history.steps.get(StepKey(job.id, step.id))
    # What a secret masks is not kept: a later step that needs it gets it from the step, run again.
    is_done = earlier is not None and _was_passed(step, earlier) and not earlier.is_masked
    return StepPlan(
        step=step,
        decision=Decision.RESTORE if is_done else Decision.RUN,
        reason=_DONE if is_done else _why_again(earlier),
        definition=step_digest(step),
        position=position,
        rerun=step.rerun or past.rerun_of(step),
        earlier=earlier,
        items=_items_of(job, step, past) if step.foreach is not None else _NO_ITEMS,
    )


def _items_of(job: Job, step: Step, past: Past) -> Mapping[str, StepRecord]:
    found = past.history.steps.items()
    return {key.item: record for key, record in found if key.item and (key.job_id, key.step_id) == (job.id, step.id)}


def _why_again(earlier: StepRecord | None) -> str:
    if earlier is None:
        return ""
    if earlier.is_masked:
        return _NOT_KEPT
    if earlier.status is Status.PENDING:
        return earlier.reason
    return f"its last attempt ended {earlier.status}"


def _done_anew(flow: Flow, jobs: tuple[JobPlan, ...], past: Past, selection: Selection) -> tuple[JobPlan, ...]:
    """The jobs, with what is done anew because it was asked for or was edited, and all that depends on that."""
    if not past.history.steps and not past.history.jobs:
        return jobs
    from .edits import find_edits

    first = {} if selection.from_step is None else _asked_for(jobs, selection.from_step)
    edits = find_edits(flow, jobs, past.written, past.history.steps)
    if selection.accept_changes:
        for job_id, (position, reason) in edits.first.items():
            if position <= first.get(job_id, (position, ""))[0]:
                first[job_id] = (position, reason)
    else:
        _refuse_edits(edits, first)
    if not first:
        return jobs
    depends_on = {job.job.id: {*job.job.depends_on, *past.named_jobs.get(job.job.id, ())} for job in jobs}
    for job in jobs:
        behind = next((other for other in sorted(depends_on[job.job.id]) if other in first), None)
        if behind is not None and job.earlier is not None:
            first[job.job.id] = (0, f"it stands on job {behind!r}, which is done anew")
    anew = tuple(_anew(job, *first[job.job.id]) if job.job.id in first else job for job in jobs)
    _refuse_doing_twice(flow, anew, f"{flow.id}/{past.run_id}")
    return anew


def _asked_for(jobs: tuple[JobPlan, ...], wanted: tuple[str, str]) -> dict[str, tuple[int, str]]:
    job_id, step_id = wanted
    job = next(job for job in jobs if job.job.id == job_id)
    position = next(step.position for step in job.steps if step.step.id == step_id)
    return {job_id: (position, f"everything from {job_id}.{step_id} on was asked for")}


def _refuse_edits(edits: Edits, first: Mapping[str, tuple[int, str]]) -> None:
    """Edits of what is done anew anyway are no obstacle."""
    told = [edit.problem for edit in edits.all if edit.job_id not in first or edit.position < first[edit.job_id][0]]
    if told:
        raise InvalidInput.of(told)


def _anew(job: JobPlan, position: int, reason: str) -> JobPlan:
    steps = tuple(
        step
        if step.position < position
        else replace(
            step,
            decision=Decision.RUN,
            reason=reason,
            is_anew=step.earlier is not None,
        )
        for step in job.steps
    )
    return replace(job, decision=Decision.RUN, reason=reason, steps=steps)


def _refuse_doing_twice(flow: Flow, jobs: Iterable[JobPlan], run: str) -> None:
    for job in jobs:
        for step in job.steps:
            records = (*step.items.values(), *([step.earlier] if step.earlier else []))
            is_done = any(record.status is Status.SUCCESS for record in records)
            if step.is_anew and step.rerun == "ONCE" and is_done:
                raise DecisionNeeded(
                    f"step {step.step.id!r} of job {job.job.id!r} may run once only, is done, and would be done again",
                    code="AF-DONE-TWICE",
                    help="where that is right, say so and start the run again: aetherflow runs resolve"
                    f" {run} {job.job.id}.{step.step.id} --again",
                    where=flow.document.where(step.step.path),
                    path=step.step.path,
                )


def _selected(job: JobPlan, past: Past, selection: Selection) -> JobPlan:
    if job.decision is Decision.RESTORE:
        return job
    if selection.only_job is not None and job.job.id != selection.only_job:
        return replace(
            job,
            decision=Decision.LEAVE,
            reason=f"only job {selection.only_job!r} was asked for",
            earlier=past.borrowed.get(job.job.id, job.earlier),
            is_borrowed=job.job.id in past.borrowed,
        )
    if selection.only_failed and not _is_taken_up(job.earlier):
        return replace(job, decision=Decision.LEAVE, reason="only what failed or was blocked was asked for")
    return job


def _is_taken_up(earlier: JobRecord | None) -> bool:
    """Whether `retry` goes on with a job that ended so."""
    return earlier is not None and (earlier.status.is_failure or earlier.status is Status.BLOCKED)


def _with_needed_outputs(
    flow: Flow, jobs: tuple[JobPlan, ...], past: Past, selection: Selection
) -> tuple[JobPlan, ...]:
    """Where a job that runs needs outputs that were not kept, the job that gave them gives them again.

    That job may need others in its turn. Where one job alone was asked for, the others stay out of it.
    """
    decision = Decision.RUN if selection.only_job is None else Decision.LEAVE
    while missing := _masked_and_needed(flow, jobs, past):
        jobs = tuple(
            replace(job, decision=decision, reason=_NOT_KEPT) if job.job.id in missing else job for job in jobs
        )
    return jobs


def _masked_and_needed(flow: Flow, jobs: tuple[JobPlan, ...], past: Past) -> frozenset[str]:
    """The jobs to be restored of which a job that runs needs outputs that were not kept."""
    running = [job.job.id for job in jobs if job.decision is Decision.RUN]
    was_done = past.history.run is not None and past.history.run.status.is_done
    if running or not was_done:
        running += [job.id for job in flow.finally_]
    if running:
        # Nothing fails where nothing runs.
        running += [job.id for job in flow.on_failure]
    needed = {other for job_id in running for other in past.needed_outputs.get(job_id, ())}
    return frozenset(
        job.job.id
        for job in jobs
        if job.job.id in needed and job.decision is Decision.RESTORE and job.earlier and job.earlier.is_masked
    )


def _refuse_unknown_outcomes(flow: Flow, jobs: Iterable[JobPlan], run: str) -> None:
    for job in jobs:
        if job.decision is not Decision.RUN:
            continue
        for step in job.steps:
            if step.rerun != "ONCE" or step.decision is not Decision.RUN:
                continue
            # A step that is repeated is as unknown as its items.
            records = step.items.items() if step.items else [("", step.earlier)]
            for item, earlier in records:
                if earlier is not None and _outcome_is_unknown(earlier):
                    key = StepKey(job.job.id, step.step.id, item)
                    raise _decision_needed(flow, f"{run} {key.name}", job, step, earlier)


def _decision_needed(flow: Flow, named: str, job: JobPlan, step: StepPlan, earlier: StepRecord) -> DecisionNeeded:
    why = (
        "its outputs held a secret and were not kept"
        if earlier.is_masked
        else f"nobody knows what its last attempt did: it ended {earlier.status}"
    )
    return DecisionNeeded(
        f"step {step.step.id!r} of job {job.job.id!r} may run once only, and {why}",
        code="AF-OUTCOME-UNKNOWN",
        help="look whether it did its work, say so, and start the run again:"
        f" aetherflow runs resolve {named} --done [--outputs FILE], or --again where it may run again",
        where=flow.document.where(step.step.path),
        path=step.step.path,
    )


def _outcome_is_unknown(earlier: StepRecord) -> bool:
    return earlier.is_masked or not (
        earlier.status.is_done or earlier.status is Status.PENDING or earlier.is_without_effect
    )
