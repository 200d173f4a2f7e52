"""A run from its first job to its last, those included that belong to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..contracts.events import Status
from ..quick_dataclasses import dataclass, replace
from .active import NO_FAILURE
from .runner import run_jobs, status_of, whole_status

if TYPE_CHECKING:
    from ..plan.decisions import Plan
    from .active import ActiveRun, JobResult


@dataclass(frozen=True, slots=True)
class Ending:
    """How a start ended, and with it the run, which is another thing where the start left jobs out."""

    jobs: tuple[JobResult, ...]
    status: Status
    of_run: Status


def run_to_the_end(run: ActiveRun, plan: Plan, *, was_done: bool) -> Ending:
    """Bring all jobs to their end, then those that belong to the end of the run.

    Args:
        run: what is under way.
        plan: what this start does.
        was_done: the run had ended well before: where nothing is left to do, its end is not repeated either.

    Raises:
        LedgerFailed: the ledger can't be written.
    """
    jobs = run_jobs(run, plan.jobs, fails_fast=run.flow_index.flow.concurrency.fail_fast)
    status = status_of((job.status for job in jobs), is_stopped=run.stop.is_asked)
    of_run = whole_status(plan.jobs, jobs, status)
    is_idle = was_done and not plan.has_work
    # Without its lock the run may be beside another one, which has an end of its own.
    if is_idle or run.stop.has_lost_lock or not (plan.on_failure or plan.finally_):
        return Ending(jobs, status, of_run)
    run.stop.begin_the_end()
    failure = next((job.failure for job in jobs if job.failure is not None), None)
    last = replace(run, failure=NO_FAILURE if failure is None else failure.as_scope())
    at_the_end: list[JobResult] = []
    if status is Status.FAILED:
        at_the_end += run_jobs(last, plan.on_failure)
    for job in plan.finally_:
        # One after the other: a signal stops the one that it meets, and not those behind it as long as the grace lasts.
        run.stop.begin_the_end()
        at_the_end += run_jobs(last, (job,))
    if status.is_done:
        later = status_of((job.status for job in at_the_end), is_stopped=run.stop.is_asked)
        if not later.is_done:
            status = of_run = later
    return Ending((*jobs, *at_the_end), status, of_run)
