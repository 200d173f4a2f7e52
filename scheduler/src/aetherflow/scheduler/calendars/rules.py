"""Rules beside cron's: every so often, and on given moments."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Rule(Protocol):
    """Names moments."""

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The moments after another one, in UTC, each later than the one before."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Every so often, counted from a moment: restarts change nothing."""

    every: timedelta
    start: datetime

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The moments after another one."""
        # In UTC: sums of times in a zone follow its clock, not the time that passes.
        start = self.start.astimezone(UTC)
        passed = max((moment - start) // self.every + 1, 0)
        while True:
            try:
                yield start + passed * self.every
            except OverflowError:
                return
            passed += 1


@dataclass(frozen=True, slots=True)
class Moments:
    """Some moments, in UTC and in their order."""

    moments: tuple[datetime, ...]

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The moments after another one."""
        yield from self.moments[bisect_right(self.moments, moment) :]
