"""A run: its jobs in the order of the file, each run, restored, skipped or blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..contracts.events import JobEnded, Status
from ..contracts.records import JobRecord
from ..errors import AetherFlowError
from ..plan.decisions import Decision
from ..quick_dataclasses import replace
from .active import JobResult, StepResult
from .job import JobRun, declared_outputs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..plan.decisions import JobPlan, Plan
    from .active import ActiveRun

_STOPPED = "the run was stopped before"
_FALSE = "condition=false"


def run_jobs(run: ActiveRun, plan: Plan) -> tuple[JobResult, ...]:
    """Bring all jobs of a plan to their end; answers how each ended, in the order of the file."""
    results: list[JobResult] = []
    for job in plan.jobs:
        if job.decision is Decision.LEAVE:
            _take_over(run, job)
        else:
            results.append(_run_or_not(run, job))
            run.remember(results[-1])
    return tuple(results)


def status_of(jobs: Iterable[Status], *, is_stopped: bool) -> Status:
    """The status of a run whose jobs ended so."""
    statuses = set(jobs)
    if is_stopped:
        return Status.INTERRUPTED
    if statuses - {Status.SUCCESS, Status.SKIPPED, Status.BLOCKED}:
        return Status.FAILED
    return Status.SKIPPED if statuses and Status.SUCCESS not in statuses else Status.SUCCESS


def whole_status(plan: Plan, results: Iterable[JobResult], status: Status) -> Status:
    """The status of the whole run, where this start may have left jobs out: those count as they ended before."""
    left = [job.earlier.status if job.earlier else None for job in plan.jobs if job.decision is Decision.LEAVE]
    if not left or not status.is_done:
        return status
    if any(earlier is None or earlier in {Status.PENDING, Status.RUNNING} for earlier in left):
        return Status.PENDING
    statuses = [*(result.status for result in results), *(earlier for earlier in left if earlier)]
    return status_of(statuses, is_stopped=False)


def _run_or_not(run: ActiveRun, plan: JobPlan) -> JobResult:
    if plan.decision is Decision.RESTORE:
        return _restored(run, plan)
    if run.stop.is_asked:
        return _without_running(run, plan, Status.PENDING, _STOPPED)
    if blocking := _blocking(run, plan):
        return _without_running(run, plan, Status.BLOCKED, blocking)
    try:
        is_wanted = run.flow_index.when(plan.job.id).evaluate(run.scope())
    except AetherFlowError as error:
        return _without_running(run, plan, Status.FAILED, run.redactor.redact(error.problem.message))
    if not is_wanted:
        return _without_running(run, plan, Status.SKIPPED, _FALSE)
    return JobRun(run, plan).run()


def _blocking(run: ActiveRun, plan: JobPlan) -> str:
    for dependency in plan.job.depends_on:
        result = run.results.get(dependency)
        status = result.status if result else Status.PENDING
        if status is not Status.SUCCESS:
            return f"job {dependency!r}, which it depends on, is {status}"
    return ""


def _take_over(run: ActiveRun, plan: JobPlan) -> None:
    # Its earlier result is what later jobs see; without one, or where a secret was left out, that it is missing.
    if plan.earlier is not None and not plan.earlier.is_masked:
        outputs = {**declared_outputs(plan), **plan.earlier.outputs}
        run.remember(JobResult(job_id=plan.job.id, status=plan.earlier.status, outputs=outputs))


def _restored(run: ActiveRun, plan: JobPlan) -> JobResult:
    earlier = plan.earlier or JobRecord(status=Status.PENDING)
    steps = tuple(
        StepResult(
            step_id=step.step.id,
            step_type=step.step.type,
            status=step.earlier.status,
            reason=step.reason,
            restored=True,
        )
        for step in plan.steps
        if step.earlier
    )
    result = JobResult(
        job_id=plan.job.id,
        status=earlier.status,
        reason=earlier.reason or plan.reason,
        outputs={**declared_outputs(plan), **earlier.outputs},
        steps=steps,
    )
    run.journal.note(None, _ended(run, result, restored=True))
    return result


def _without_running(run: ActiveRun, plan: JobPlan, status: Status, reason: str) -> JobResult:
    result = JobResult(job_id=plan.job.id, status=status, reason=reason, outputs=declared_outputs(plan))
    now = run.clock()
    # What an earlier start promoted stays remembered: the job may go on from there.
    earlier = plan.earlier or JobRecord(status=status, outputs=result.outputs)
    record = replace(earlier, status=status, reason=reason, ended_at=now)
    run.journal.note(lambda ledger: ledger.put_job(run.key, plan.job.id, record), _ended(run, result))
    return result


def _ended(run: ActiveRun, result: JobResult, *, restored: bool = False) -> JobEnded:
    return JobEnded(
        at=run.clock(),
        flow_id=run.key.flow_id,
        run_id=run.key.run_id,
        job_id=result.job_id,
        status=result.status,
        duration_ms=result.duration_ms,
        reason=result.reason,
        restored=restored,
    )
