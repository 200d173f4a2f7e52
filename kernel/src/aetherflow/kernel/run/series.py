"""The attempts of one step or item: the first, and as many more as its `retry` allows."""

from __future__ import annotations

import math
import secrets
import threading
import time
from fnmatch import fnmatchcase
from queue import Empty
from typing import TYPE_CHECKING

from ..contracts.effects import Rerun
from ..contracts.events import Status
from ..errors import AetherFlowError, LedgerFailed, RunFailed
from ..quick_dataclasses import dataclass, replace
from .attempt import LOCK_LOST, STOPPED, Outcome, failure, left_behind, prepare_attempt, run_attempt, timed_out
from .context import Fence
from .crew import LeftBehind
from .inbox import Inbox
from .stopping import GRACE_SECONDS, LOOK_SECONDS, Cancellation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..spec.models import Retry
    from .active import ActiveRun
    from .attempt import Attempt, Place
    from .journal import Pending
    from .limits import Limits
    from .notes import JobNotes
    from .unit import Unit

#: Where `max_backoff_seconds` says nothing: a day.
_LONGEST_WAIT = 86_400.0


@dataclass(frozen=True, slots=True)
class Current:
    """An attempt that a thread is busy with."""

    attempt: Attempt
    started_at: float
    fence: Fence


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a series ended: the outcome of its last attempt, if one was made, with when it began."""

    outcome: Outcome
    attempt: Attempt | None = None
    started_at: float | None = None
    #: The ledger knows already where the unit stands: between two attempts.
    is_noted: bool = False


class Series:
    """One series of attempts, made on the thread that calls `run`."""

    def __init__(
        self,
        run: ActiveRun,
        notes: JobNotes,
        unit: Unit,
        place: Place,
        limits: Limits,
    ) -> None:
        self._run = run
        self._notes = notes
        self.unit = unit
        self._place = place
        self._limits = limits
        #: The attempt that holds the calling thread; whoever leaves the thread behind ends it.
        self.current: Current | None = None
        self._guard = threading.Lock()
        #: Of the attempt that is under way.
        self._fence: Fence | None = None
        self._is_abandoned = False

    def run(self, scope: Callable[[], Mapping[str, Any]]) -> Ended:
        """Make attempts until one is not followed by another; the last one's end is for the caller to note.

        Raises:
            LeftBehind: the attempt was ended by somebody else, and the caller must not go on.
            LedgerFailed: the ledger can't be written.
        """
        if used_up := self._used_up():
            return Ended(outcome=used_up)
        wait = self._wait_that_is_left()
        while True:
            if wait and not self._waited(wait):
                return Ended(outcome=STOPPED, is_noted=True)
            ended = self._attempt(scope)
            self.unit.number += 1
            retry = self.unit.plan.step.retry
            if retry is None or not self._is_tried_again(retry, ended.outcome):
                return ended
            wait = backoff(retry, self.unit.attempts_made)
            if wait >= self._limits.seconds_left():
                return self._without_time(ended)
            self._notes.tried_again(
                self.unit, ended.attempt, ended.started_at or self._run.clock(), ended.outcome, wait
            )
            self._run.journal.commit()

    def leave(self) -> Current | None:
        """End the attempt that holds the thread, in its place; null where it has ended, or there is none."""
        current = self.current
        if current is None or not current.fence.end():
            return None
        current.fence.revoke()
        return current

    def abandon(self) -> bool:
        """Let nothing count any more that the series still does; answers whether it was busy."""
        if self.leave() is not None:
            return True
        with self._guard:
            self._is_abandoned, fence = True, self._fence
        if fence is not None:
            fence.revoke()
        return fence is not None

    def _must_stop(self) -> bool:
        return self._run.stop.must_stop

    def _begun(self, fence: Fence) -> Fence:
        with self._guard:
            if self._is_abandoned:
                raise LeftBehind
            self._fence = fence
        return fence

    def _attempt(self, scope: Callable[[], Mapping[str, Any]]) -> Ended:
        self._run.journal.wait_for_room()
        unit, started_at = self.unit, self._run.clock()
        if self._must_stop():
            # It came while there was no room.
            return Ended(outcome=replace(STOPPED, is_without_effect=True), started_at=started_at)
        if self._limits.has_lost_lock:
            return Ended(outcome=replace(LOCK_LOST, is_without_effect=True), started_at=started_at)
        try:
            attempt = prepare_attempt(
                self._run, unit.key, unit.plan, scope(), number=unit.number, generation=unit.generation
            )
        except LedgerFailed:
            raise
        except AetherFlowError as error:
            return Ended(outcome=failure(self._run, error), started_at=started_at)
        self._notes.started(unit, attempt, attempt.inputs_digest, started_at)
        try:
            start = self._noted_start()
        except LedgerFailed:
            self._notes.never_began(unit, attempt, started_at)
            raise
        fence = self._begun(Fence(start))
        if self._must_stop():
            # It came while the start was written.
            return Ended(outcome=replace(STOPPED, is_without_effect=True), attempt=attempt, started_at=started_at)
        seconds = self._seconds()
        outcome = self._held(attempt, started_at, fence) if seconds is None else self._watched(attempt, seconds, fence)
        self._fence = None
        if start is not None and start.failure is not None:
            # Whatever it answers: what it was to do for others to see was not done.
            self._notes.never_began(unit, attempt, started_at)
            raise start.failure
        return Ended(outcome=outcome, attempt=attempt, started_at=started_at)

    def _noted_start(self) -> Pending | None:
        """Have the start of the attempt on the disk; answers what is still to come of that.

        A step that may be done again freely need not wait for it, where nothing has to be on the disk before it: of
        many short steps the waits would be most of their time. All that it does through its context waits. Where its
        time is limited it begins afterwards: its time is its own.
        """
        step = self.unit.plan
        if step.rerun == Rerun.SAFE and step.step.retry is None and self._seconds() is None:
            return self._run.journal.commit_soon()
        self._run.journal.commit()
        return None

    def _held(self, attempt: Attempt, started_at: float, fence: Fence) -> Outcome:
        """The attempt on this thread; whoever waits for the thread may leave it behind."""
        self.current = current = Current(attempt, started_at, fence)
        cancellation = Cancellation(self._run.stop.cancelled)
        outcome = run_attempt(self._run, attempt, self._place, current.fence, cancellation)
        if not current.fence.end():
            raise LeftBehind
        self.current = None
        return outcome

    def _watched(self, attempt: Attempt, seconds: float, fence: Fence) -> Outcome:
        """The attempt on a thread of its own, as long as its time and its lock last."""
        stop, limits = self._run.stop, self._limits
        cancellation = Cancellation(stop.cancelled)
        answers: Inbox[Outcome] = Inbox()
        try:
            self._run.crew.start(lambda: answers.put(run_attempt(self._run, attempt, self._place, fence, cancellation)))
        except RunFailed as error:
            return failure(self._run, error)
        deadline = time.monotonic() + seconds
        outcome = _answer(
            answers,
            lambda: time.monotonic() >= deadline or stop.must_stop or limits.has_lost_lock or cancellation.is_cancelled,
        )
        if outcome is not None:
            return outcome
        is_stopped, is_locked_out = stop.must_stop, limits.has_lost_lock or cancellation.is_cancelled
        if is_locked_out:
            fence.revoke()
        cancellation.cancel()
        grace_ends = time.monotonic() + GRACE_SECONDS
        outcome = _answer(answers, lambda: time.monotonic() >= grace_ends or stop.is_over)
        if outcome is None:
            fence.revoke()
            self._run.crew.has_left_behind = True
            outcome = left_behind(stop) if is_stopped else LOCK_LOST if is_locked_out else self._timed_out(seconds)
            return replace(outcome, is_left_behind=True)
        # What was done before the end of its time, or just after, is done.
        is_told = is_stopped or is_locked_out or outcome.status.is_done
        return outcome if is_told else self._timed_out(seconds, outcome)

    def _timed_out(self, seconds: float, outcome: Outcome | None = None) -> Outcome:
        """The outcome where the seconds were over that its own limit, or what was left of its job's, allowed."""
        own, of_job = self.unit.plan.step.timeout_seconds, self._limits.timeout_seconds
        if of_job is None or (own is not None and own <= seconds):
            return timed_out(seconds, outcome)
        return timed_out(of_job, outcome, whose="the time of its job")

    def _without_time(self, ended: Ended) -> Ended:
        """How a series ends whose next attempt could only begin after the time of its job."""
        outcome = ended.outcome
        if outcome.status is Status.TIMED_OUT and self._limits.is_over:
            # It says so already.
            return ended
        told = f"{outcome.error}, and no time of its job is left for another attempt"
        return replace(ended, outcome=replace(outcome, error=told))

    def _seconds(self) -> float | None:
        """How long the attempt may take; null where nothing but the end of the run bounds it."""
        step = self.unit.plan.step
        if step.timeout_seconds is None and not self._limits.must_watch and not self._may_lose_a_lock():
            return None
        own = math.inf if step.timeout_seconds is None else step.timeout_seconds
        return min(own, self._limits.seconds_left())

    def _may_lose_a_lock(self) -> bool:
        """Whether the step is one around another step, which works under what the outer one holds."""
        return self._run.plugin_index.step(self.unit.plan.step.type).outputs_from is not None

    def _used_up(self) -> Outcome | None:
        retry = self.unit.plan.step.retry
        # Without `retry` whoever starts the run again is the one who tries again.
        if retry is None or retry.max_attempts == 1 or self.unit.attempts_made < retry.max_attempts:
            return None
        return Outcome(
            status=Status.FAILED,
            error_code="AF-ATTEMPTS-USED",
            error=f"its {retry.max_attempts} attempts are used up, and the last one was cut off;"
            " start the run again for as many more",
        )

    def _is_tried_again(self, retry: Retry, outcome: Outcome) -> bool:
        if not outcome.status.is_failure or self.unit.attempts_made >= retry.max_attempts:
            return False
        if self._run.stop.must_stop or self._limits.has_lost_lock or outcome.is_left_behind:
            return False
        if self.unit.plan.rerun == "ONCE" and not outcome.is_without_effect:
            return False
        return not retry.on_errors or any(fnmatchcase(outcome.error_code, code) for code in retry.on_errors)

    def _wait_that_is_left(self) -> float:
        """How long the wait still is that an earlier start began; the clock may have been set since."""
        retry, due_at = self.unit.plan.step.retry, self.unit.due_at
        if retry is None or due_at is None:
            return 0.0
        longest = backoff(retry, self.unit.attempts_made, jitter=1.0)
        return min(max(0.0, due_at - self._run.clock()), longest)

    def _waited(self, seconds: float) -> bool:
        """Wait; answers whether an attempt may follow."""
        if not self._limits.must_watch:
            return not self._run.stop.cancelled.wait(seconds)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._limits.has_lost_lock:
            if self._run.stop.cancelled.wait(min(left, LOOK_SECONDS)):
                return False
        return not self._limits.has_lost_lock


def backoff(retry: Retry, made: int, *, jitter: float | None = None) -> float:
    """How long to wait after so many attempts, in seconds; `jitter`, from -1 to 1, is by chance."""
    longest = _LONGEST_WAIT if retry.max_backoff_seconds is None else retry.max_backoff_seconds
    try:
        grown = min(longest, retry.backoff_seconds * retry.backoff_multiplier ** max(0, made - 1))
    except OverflowError:
        grown = longest
    chance = secrets.SystemRandom().uniform(-1, 1) if jitter is None else jitter
    return float(grown * (1 + retry.jitter * chance))


def _answer(answers: Inbox[Outcome], is_over: Callable[[], bool]) -> Outcome | None:
    """What a thread answers; null where it is over before that."""
    while True:
        try:
            return answers.get(timeout=LOOK_SECONDS)
        except Empty:
            if is_over():
                return None
