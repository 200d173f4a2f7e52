"""A run's jobs: each started as soon as what it stands on has ended, restored, skipped or blocked, to the last."""

from __future__ import annotations

import heapq
import threading
import time
from queue import Empty
from typing import TYPE_CHECKING

from ..contracts.events import JobEnded, Status
from ..contracts.records import JobRecord
from ..errors import AetherFlowError
from ..plan.decisions import Decision
from ..quick_dataclasses import dataclass, replace
from .active import Failure, JobResult, StepResult
from .crew import LeftBehind
from .job import JobRun, declared_outputs, kept_outputs
from .stopping import LOOK_SECONDS, SignalArrived

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..plan.decisions import JobPlan
    from .active import ActiveRun

_STOPPED = "the run was stopped before"
_FALSE = "condition=false"
#: Python handles a signal only when its main thread does something: one that the system gave to another thread, or that
#: came just before the wait began, does not end the wait.
_LONGEST_WAIT = 0.25
#: How a job may end that `fail_fast` takes for a failure.
_FAILURES = frozenset({Status.FAILED, Status.TIMED_OUT, Status.LOCK_LOST})


def run_jobs(run: ActiveRun, plans: Sequence[JobPlan]) -> tuple[JobResult, ...]:
    """Bring jobs to their end, as many at a time as the flow allows; answers how each ended, in the order of the file.

    Jobs that this start leaves alone are not among the results.

    Raises:
        LedgerFailed: the ledger can't be written.
    """
    return _Conductor(run, plans).conduct() if plans else ()


def status_of(jobs: Iterable[Status], *, is_stopped: bool) -> Status:
    """The status of a run whose jobs ended so; a signal that came too late to stop anything changes nothing."""
    statuses = set(jobs)
    if is_stopped and statuses & {Status.PENDING, Status.INTERRUPTED, Status.RUNNING}:
        return Status.INTERRUPTED
    if statuses - {Status.SUCCESS, Status.SKIPPED, Status.BLOCKED}:
        return Status.FAILED
    return Status.SKIPPED if statuses and Status.SUCCESS not in statuses else Status.SUCCESS


def whole_status(plans: Sequence[JobPlan], results: Iterable[JobResult], status: Status) -> Status:
    """The status of the whole run, where this start may have left jobs out: those count as they ended before."""
    left = [job.earlier.status if job.earlier else None for job in plans if job.decision is Decision.LEAVE]
    if not left or not status.is_done:
        return status
    if any(earlier is None or earlier in {Status.PENDING, Status.RUNNING} for earlier in left):
        return Status.PENDING
    statuses = [*(result.status for result in results), *(earlier for earlier in left if earlier)]
    return status_of(statuses, is_stopped=False)


@dataclass(frozen=True, slots=True)
class _Over:
    """What a thread puts into the inbox of the run: nothing is left to run, or why it can't go on."""

    #: Whose jobs are over: the inbox serves one conductor after the other.
    of: object
    error: BaseException | None = None


class _Conductor:
    """Gives jobs to threads; the thread that made it waits for the end, and for signals."""

    def __init__(self, run: ActiveRun, plans: Sequence[JobPlan]) -> None:
        self._run = run
        self._plans = plans
        concurrency = run.flow_index.flow.concurrency
        self._most, self._fails_fast = concurrency.max_parallel_jobs, concurrency.fail_fast
        self._results: dict[str, JobResult] = {}
        numbers = {plan.job.id: number for number, plan in enumerate(plans)}
        named = run.flow_index.named_jobs()
        #: For each job those that wait for it, and how many it waits for itself.
        self._followers: list[list[int]] = [[] for _ in plans]
        self._missing: list[int] = []
        for number, plan in enumerate(plans):
            # A reference orders as `depends_on` does, and does not block.
            earlier = {*plan.job.depends_on, *named.get(plan.job.id, ())}
            waits_for = {numbers[other] for other in earlier if other in numbers}
            self._missing.append(len(waits_for))
            for other in waits_for:
                self._followers[other].append(number)
        #: The jobs that may start, the first of the file first.
        self._ready = [number for number, missing in enumerate(self._missing) if not missing]
        self._running: dict[int, JobRun] = {}
        self._threads = self._idle = 0
        self._is_over = False
        self._failed_job = ""
        self._guard = threading.Lock()
        self._changed = threading.Condition(self._guard)

    def conduct(self) -> tuple[JobResult, ...]:
        with self._guard:
            self._add_thread()
        error = self._wait_for_the_end()
        if error is not None:
            raise error
        return tuple(self._results[plan.job.id] for plan in self._plans if plan.job.id in self._results)

    def _wait_for_the_end(self) -> BaseException | None:
        stop, error = self._run.stop, None
        while True:
            try:
                arrived = stop.inbox.get(timeout=self._patience())
            except Empty:
                arrived = None
            if isinstance(arrived, SignalArrived):
                self._run.connectors.cancel()
                with self._guard:
                    self._changed.notify_all()
            elif isinstance(arrived, _Over) and arrived.of is self:
                error = error or arrived.error
            if stop.is_over:
                self._stop_at_once()
            with self._guard:
                if self._is_over and not self._running:
                    return error

    def _patience(self) -> float:
        """How long to wait for news: a while, or to the end of the grace, and then in short looks."""
        deadline = self._run.stop.deadline
        left = _LONGEST_WAIT if deadline is None else max(LOOK_SECONDS, deadline - time.monotonic())
        return min(left, _LONGEST_WAIT)

    def _stop_at_once(self) -> None:
        """The grace is over: jobs whose step holds their thread end without it."""
        # Not again where it is set: a signal that arrives meanwhile sets it too, in this same thread.
        if not self._run.stop.must_stop:
            self._run.stop.cancelled.set()
        for number, job in list(self._running.items()):
            result = job.leave()
            if result is not None:
                self._run.crew.has_left_behind = True
                with self._guard:
                    self._threads -= 1
                    self._finish(number, result)
        with self._guard:
            # Nobody else may be there to say of the jobs that wait that they don't run.
            self._next()

    def _work(self) -> None:
        """What each thread does: one job after the other, as long as there are any."""
        number = None
        try:
            while (found := self._take()) is not None:
                number, job = found
                result = job.run()
                with self._guard:
                    self._finish(number, result)
        except LeftBehind:
            return
        except BaseException as error:  # noqa: BLE001 - raised on the thread that waits
            self._run.stop.give_up()
            with self._guard:
                self._is_over = True
                if number is not None:
                    self._running.pop(number, None)
                self._changed.notify_all()
            self._run.stop.inbox.put(_Over(self, error))

    def _take(self) -> tuple[int, JobRun] | None:
        """The next job for this thread; waits for one, and answers null when there will be none."""
        while True:
            with self._guard:
                number = self._next()
                if number is not None and not self._is_over:
                    return number, self._begin(number)
                if self._is_over:
                    return None
            # No start follows at once that the end of the last job could share a commit with.
            self._run.journal.commit()
            with self._guard:
                if not self._ready and not self._is_over:
                    self._idle += 1
                    self._changed.wait()
                    self._idle -= 1

    def _begin(self, number: int) -> JobRun:
        job = self._running[number] = JobRun(self._run, self._plans[number])
        if self._ready and not self._idle and self._threads < self._most:
            self._add_thread()
        return job

    def _add_thread(self) -> None:
        self._threads += 1
        self._run.crew.start(self._work)

    def _next(self) -> int | None:
        """The first job that is to run on a thread; all before it that need none are brought to their end."""
        while self._ready:
            number = heapq.heappop(self._ready)
            plan = self._plans[number]
            if plan.decision is Decision.LEAVE:
                self._take_over(plan)
                self._release(number)
                continue
            result = self._without_running(plan)
            if result is None:
                return number
            self._finish(number, result)
        self._settle()
        return None

    def _settle(self) -> None:
        """Nothing is ready: see whether anything will ever be."""
        if not self._ready and not self._running and not self._is_over:
            self._is_over = True
            self._changed.notify_all()
            self._run.stop.inbox.put(_Over(self))

    def _finish(self, number: int, result: JobResult) -> None:
        self._running.pop(number, None)
        if self._is_over:
            # Something broke, and the one that waits wants to know when the last one has ended.
            self._run.stop.inbox.put(_Over(self))
        self._results[result.job_id] = result
        self._run.remember(result)
        if result.status in _FAILURES and self._fails_fast and not self._failed_job:
            self._failed_job = result.job_id
        self._release(number)

    def _release(self, number: int) -> None:
        for follower in self._followers[number]:
            self._missing[follower] -= 1
            if not self._missing[follower]:
                heapq.heappush(self._ready, follower)
        if self._ready and self._idle:
            self._changed.notify(len(self._ready))

    def _without_running(self, plan: JobPlan) -> JobResult | None:
        """How a job ends that need not run, or must not; null where it runs."""
        run = self._run
        if plan.decision is Decision.RESTORE:
            return _restored(run, plan)
        if run.stop.must_stop:
            return _not_run(run, plan, Status.PENDING, _STOPPED)
        if blocking := _blocking(run, plan):
            return _not_run(run, plan, Status.BLOCKED, blocking)
        if self._failed_job:
            return _not_run(run, plan, Status.CANCELLED, f"job {self._failed_job!r} failed, and the flow fails fast")
        try:
            is_wanted = run.flow_index.when(plan.job.id).evaluate(run.scope())
        except AetherFlowError as error:
            told = run.redactor.redact(error.problem.message)
            failure = Failure(
                job_id=plan.job.id, step_id="", status=Status.FAILED, error=told, error_code=error.problem.code
            )
            return replace(_not_run(run, plan, Status.FAILED, told), failure=failure)
        return None if is_wanted else _not_run(run, plan, Status.SKIPPED, _FALSE)

    def _take_over(self, plan: JobPlan) -> None:
        # Its earlier result is what later jobs see; without one, or where a secret was not kept, that it is missing.
        if plan.earlier is not None:
            outputs = {} if plan.earlier.is_masked else kept_outputs(plan)
            self._run.remember(JobResult(job_id=plan.job.id, status=plan.earlier.status, outputs=outputs))


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
    # What an earlier start promoted stays remembered: the job may go on from there.
    earlier = plan.earlier or JobRecord(status=status, outputs=result.outputs)
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
