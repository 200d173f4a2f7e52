"""Waits between starts of an occurrence, by a clock that nobody sets: one that is set back makes none longer."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import count

from ..occurrences.records import Ended, Occurrence


class Waits:
    """What this scheduler ran, and is to be run again after a while."""

    def __init__(self, passed: Callable[[], float] = time.monotonic) -> None:
        self._passed = passed
        self._heap: list[tuple[float, int, Ended]] = []
        self._numbers = count()

    def note(self, ended: Iterable[Ended]) -> None:
        """Count from now on for those that are to be run again."""
        for end in ended:
            if end.again_at is not None:
                over_at = self._passed() + (end.again_at - end.ended_at).total_seconds()
                heapq.heappush(self._heap, (over_at, next(self._numbers), end))

    def held_up(self, now: datetime) -> tuple[Occurrence, ...]:
        """What has waited long enough, and waits on as the clock on the wall was set back."""
        over_at = self._passed()
        waited = [end for moment, _, end in self._heap if moment <= over_at]
        return tuple(end.occurrence for end in waited if end.again_at is not None and end.again_at > now)

    def drop_over(self) -> None:
        """Count no more for what has waited long enough."""
        now = self._passed()
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)
