"""A run's jobs: each started as soon as what it stands on has ended, as many at a time as the flow allows."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from queue import Empty
from typing import TYPE_CHECKING

from ..contracts.events import Status
from ..errors import RunFailed
from ..plan.decisions import Decision
from ..plan.readiness import Readiness
from .active import JobResult
from .crew import LeftBehind
from .job import JobRun
from .stopping import LOOK_SECONDS, SignalArrived
from .without_running import end_without_running, take_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..plan.decisions import JobPlan
    from .active import ActiveRun

#: The main thread looks up so often although nobody woke it: a signal may have been given to another thread.
_LONGEST_WAIT = 0.25


def run_jobs(run: ActiveRun, plans: Sequence[JobPlan], *, fails_fast: bool = False) -> tuple[JobResult, ...]:
    """Bring jobs to their end, as many at a time as the flow allows; answers how each ended, in the order of the file.

    Jobs that this start leaves alone are not among the results. With `fails_fast` no other job starts after one
    that failed.

    Raises:
        LedgerFailed: the ledger can't be written.
    """
    return _Conductor(run, plans, fails_fast=fails_fast).conduct() if plans else ()


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
    left = [
        job.earlier.status if job.earlier and not job.is_borrowed else None
        for job in plans
        if job.decision is Decision.LEAVE
    ]
    if not left or not status.is_done:
        return status
    if any(earlier is None or earlier in {Status.PENDING, Status.RUNNING} for earlier in left):
        return Status.PENDING
    statuses = [*(result.status for result in results), *(earlier for earlier in left if earlier)]
    return status_of(statuses, is_stopped=False)


class _Conductor:
    """Gives jobs to threads; the thread that made it waits for the end, and for signals."""

    def __init__(self, run: ActiveRun, plans: Sequence[JobPlan], *, fails_fast: bool) -> None:
        self._run = run
        self._plans = plans
        self._most = run.flow_index.flow.concurrency.max_parallel_jobs
        self._fails_fast = fails_fast
        self._readiness = Readiness(plans, run.flow_index.named_jobs())
        self._results: dict[str, JobResult] = {}
        self._running: dict[int, JobRun] = {}
        self._threads = self._idle = 0
        #: Nothing is left to run, or something broke, and nothing more may start.
        self._is_over = False
        self._error: BaseException | None = None
        self._failed_job = ""
        self._guard = threading.Lock()
        self._changed = threading.Condition(self._guard)

    def conduct(self) -> tuple[JobResult, ...]:
        """Run the jobs; see `run_jobs`."""
        with self._guard:
            self._add_thread()
        try:
            self._add_threads()
            self._wait_for_the_end()
        except BaseException as error:  # noqa: BLE001 - raised below, when nothing of the run goes on behind its back
            self._break(None, error)
            self._wait_for_the_end()
        if self._error is not None:
            raise self._error
        wanted = [plan.job.id for plan in self._plans if plan.decision is not Decision.LEAVE]
        return tuple(self._results[job_id] for job_id in wanted)

    def _wait_for_the_end(self) -> None:
        stop = self._run.stop
        while True:
            # What arrives only wakes: how things stand is looked up, under the guard.
            with suppress(Empty):
                if isinstance(stop.inbox.get(timeout=self._patience()), SignalArrived) and stop.must_stop:
                    self._run.connectors.cancel()
                    with self._guard:
                        self._changed.notify_all()
            if self._error is None and self._run.journal.failure is not None:
                # Nobody may be about to commit who would hear of it.
                self._break(None, self._run.journal.failure)
            if stop.is_over:
                self._stop_at_once()
            with self._guard:
                if self._is_over and not self._running:
                    return

    def _patience(self) -> float:
        """How long to wait for news: a while, or to the end of the grace, and then in short looks."""
        deadline = self._run.stop.deadline
        left = _LONGEST_WAIT if deadline is None else max(LOOK_SECONDS, deadline - time.monotonic())
        return min(left, _LONGEST_WAIT)

    def _stop_at_once(self) -> None:
        """The grace is over: jobs whose step holds their thread end without it."""
        self._run.stop.cancelled.set()
        for number, job in list(self._running.items()):
            result = job.leave()
            if result is not None:
                self._run.crew.has_left_behind = True
                with self._guard:
                    self._threads -= 1
                    self._finish(number, result)
        with self._guard:
            if self._run.stop.is_long_over:
                # No step holds their threads: they hang where they tell what happened, to somebody who does not read.
                for number in list(self._running):
                    self._give_up(number)
            # Nobody else may be there to say of the jobs that wait that they don't run.
            self._next()

    def _give_up(self, number: int) -> None:
        """A job that writes nothing more of its end; the next start finds it as one that was cut off."""
        self._run.crew.has_left_behind = True
        self._threads -= 1
        plan = self._plans[number]
        reason = "still busy long after the grace was over"
        self._finish(number, JobResult(job_id=plan.job.id, status=Status.INTERRUPTED, reason=reason))

    def _work(self) -> None:
        """What each thread does: one job after the other, as long as there are any."""
        number = result = None
        try:
            while (number := self._take(number, result)) is not None:
                result = self._running[number].run()
        except LeftBehind:
            return
        except BaseException as error:  # noqa: BLE001 - raised on the thread that waits
            self._break(number, error)

    def _break(self, number: int | None, error: BaseException) -> None:
        """Something that is no job's failure keeps the run from going on: nothing more starts, and what runs stops."""
        with self._guard:
            self._error = self._error or error
            self._is_over = True
            if number is not None:
                self._running.pop(number, None)
            self._changed.notify_all()
        self._run.stop.give_up()

    def _take(self, ended: int | None, result: JobResult | None) -> int | None:
        """The next job for this thread, whose last one has ended; waits for one, and answers null if there is none."""
        while True:
            with self._guard:
                if ended is not None and result is not None:
                    self._finish(ended, result)
                    ended = None
                number = None if self._is_over else self._next()
                if number is not None:
                    self._begin(number)
                    return number
                if self._is_over:
                    return None
            # No start follows at once that the end of the last job could share a commit with.
            self._run.journal.commit()
            with self._guard:
                if not self._readiness and not self._is_over:
                    self._idle += 1
                    self._changed.wait()
                    self._idle -= 1

    def _begin(self, number: int) -> None:
        job = JobRun(self._run, self._plans[number])
        self._add_thread_for_more()
        self._running[number] = job

    def _add_threads(self) -> None:
        """As many as there is work for; the first of them are at work meanwhile."""
        while True:
            with self._guard:
                if not self._add_thread_for_more():
                    return

    def _add_thread_for_more(self) -> bool:
        """Let one more job run at the same time, where there is one that may; answers whether that was done."""
        if not self._readiness or self._idle or self._threads >= self._most:
            return False
        # One thread less only means that less runs at the same time.
        with suppress(RunFailed):
            self._add_thread()
            return True
        return False

    def _add_thread(self) -> None:
        self._run.crew.start(self._work)
        self._threads += 1

    def _next(self) -> int | None:
        """The first job that is to run on a thread; all before it that need none are brought to their end."""
        while (number := self._readiness.take()) is not None:
            plan = self._plans[number]
            if plan.decision is Decision.LEAVE:
                take_over(self._run, plan)
                self._release(number)
                continue
            result = end_without_running(self._run, plan, failed_job=self._failed_job)
            if result is None:
                return number
            self._finish(number, result)
        if not self._running and not self._is_over:
            self._is_over = True
            self._changed.notify_all()
            self._run.stop.inbox.put(None)
        return None

    def _finish(self, number: int, result: JobResult) -> None:
        self._running.pop(number, None)
        self._results[result.job_id] = result
        self._run.remember(result)
        if result.status.is_failure and self._fails_fast and not self._failed_job:
            self._failed_job = result.job_id
        self._release(number)
        if self._is_over:
            # Something broke, and the one that waits wants to know when the last one has ended.
            self._run.stop.inbox.put(None)

    def _release(self, number: int) -> None:
        self._readiness.release(number)
        if self._readiness and self._idle:
            self._changed.notify(len(self._readiness))
