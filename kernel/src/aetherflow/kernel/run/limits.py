"""What bounds all attempts of a job: its time, and the lock that it works under."""

from __future__ import annotations

import math
import time


class Limits:
    """The limits of one job of a run; times are monotonic seconds."""

    def __init__(self, timeout_seconds: float | None, *, is_locked: bool) -> None:
        #: How long the job may take; null where it has no limit.
        self.timeout_seconds = timeout_seconds
        self._deadline = math.inf if timeout_seconds is None else time.monotonic() + timeout_seconds
        self._is_locked = is_locked
        self.has_lost_lock = False

    @property
    def is_over(self) -> bool:
        """Whether the time of the job is over."""
        return time.monotonic() >= self._deadline

    @property
    def must_watch(self) -> bool:
        """Whether an attempt may have to end before it does so itself."""
        return self._is_locked or self._deadline != math.inf

    def lose_lock(self) -> None:
        """The lock that the job works under is another run's now."""
        self.has_lost_lock = True

    def seconds_left(self) -> float:
        """How long the job may still take; infinite where it has no limit."""
        return max(0.0, self._deadline - time.monotonic())
