"""Jobs that end without running: restored, blocked, skipped, or stopped before they began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..contracts.events import JobEnded, Status
from ..contracts.records import JobRecord
from ..errors import AetherFlowError
from ..plan.decisions import Decision
from ..plan.outputs import declared_outputs, kept_outputs
from ..quick_dataclasses import replace
from .active import Failure, JobResult, StepResult

if TYPE_CHECKING:
    from ..plan.decisions import JobPlan
    from .active import ActiveRun

_STOPPED = "the run was stopped before"
_FALSE = "condition=false"
#: A job that ends so has nothing that a later start would go on from.
_ENDS_WITH_NOTHING = frozenset({Status.SKIPPED})


def end_without_running(run: ActiveRun, plan: JobPlan, *, failed_job: str) -> JobResult | None:
    """How a job ends that need not run, or must not; null where it runs.

    Args:
        run: what is under way.
        plan: of the job.
        failed_job: the job whose failure keeps others from starting; empty where none does.
    """
    if plan.decision is Decision.RESTORE:
        return _restored(run, plan)
    if run.stop.must_stop:
        return _not_run(run, plan, Status.PENDING, _STOPPED)
    if blocking := _blocking(run, plan):
        return _not_run(run, plan, Status.BLOCKED, blocking)
    if failed_job:
        return _not_run(run, plan, Status.CANCELLED, f"job {failed_job!r} failed, and the flow fails fast")
    try:
        is_wanted = run.flow_index.when(plan.job.id).evaluate(run.scope())
    except AetherFlowError as error:
        told = run.redactor.redact(error.problem.message)
        failure = Failure(
            job_id=plan.job.id, step_id="", status=Status.FAILED, error=told, error_code=error.problem.code
        )
        return replace(_not_run(run, plan, Status.FAILED, told), failure=failure)
    return None if is_wanted else _not_run(run, plan, Status.SKIPPED, _FALSE)


def take_over(run: ActiveRun, plan: JobPlan) -> None:
    """Let later jobs see the earlier result of a job that this start does not touch.

    Without one, or where a secret was left out of it, they see that it is missing.
    """
    if plan.earlier is not None:
        outputs = {} if plan.earlier.is_masked else kept_outputs(plan)
        run.remember(JobResult(job_id=plan.job.id, status=plan.earlier.status, outputs=outputs))


def _blocking(run: ActiveRun, plan: JobPlan) -> str:
    for dependency in plan.job.depends_on:
        result = run.results.get(dependency)
        status = result.status if result else Status.PENDING
        if status is not Status.SUCCESS:
            return f"job {dependency!r}, which it depends on, is {status}"
    return ""


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
        outputs=kept_outputs(plan),
        steps=steps,
    )
    run.journal.note(event=_ended(run, result, restored=True))
    return result


def _not_run(run: ActiveRun, plan: JobPlan, status: Status, reason: str) -> JobResult:
    result = JobResult(job_id=plan.job.id, status=status, reason=reason, outputs=declared_outputs(plan))
    now = run.clock()
    # What an earlier start promoted stays remembered where the job may go on from there.
    fresh = JobRecord(status=status, outputs=result.outputs)
    earlier = fresh if plan.earlier is None or status in _ENDS_WITH_NOTHING else plan.earlier
    record = replace(earlier, status=status, reason=reason, definition=plan.definition, ended_at=now)
    run.journal.note(
        lambda ledger: ledger.put_job(run.key, plan.job.id, record, start=plan.start), event=_ended(run, result)
    )
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
