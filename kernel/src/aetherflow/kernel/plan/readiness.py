"""Which jobs may start: those whose predecessors have ended, the first of the file first."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .decisions import JobPlan


class Readiness:
    """Jobs by their numbers, and what each waits for; a reference orders as `depends_on` does, and does not block."""

    def __init__(self, plans: Sequence[JobPlan], named_jobs: Mapping[str, frozenset[str]]) -> None:
        numbers = {plan.job.id: number for number, plan in enumerate(plans)}
        self._followers: list[list[int]] = [[] for _ in plans]
        #: How many jobs each still waits for.
        self._missing: list[int] = []
        for number, plan in enumerate(plans):
            earlier = {*plan.job.depends_on, *named_jobs.get(plan.job.id, ())}
            waits_for = {numbers[other] for other in earlier if other in numbers}
            self._missing.append(len(waits_for))
            for other in waits_for:
                self._followers[other].append(number)
        self._ready = [number for number, missing in enumerate(self._missing) if not missing]

    def __len__(self) -> int:
        """How many jobs may start now."""
        return len(self._ready)

    def take(self) -> int | None:
        """The first job that may start, which then is not ready any more."""
        return heapq.heappop(self._ready) if self._ready else None

    def release(self, number: int) -> None:
        """A job has ended: those that waited for it alone are ready."""
        for follower in self._followers[number]:
            self._missing[follower] -= 1
            if not self._missing[follower]:
                heapq.heappush(self._ready, follower)
