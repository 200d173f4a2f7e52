"""When which item is looked at next: a heap, so that nobody pays for those that are not due."""

from __future__ import annotations

import heapq
from datetime import datetime


class Wakings:
    """The next moment of each item, the earliest first."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str]] = []

    def put(self, item: str, moment: datetime) -> None:
        """Have an item looked at from a moment on; it is not in here."""
        heapq.heappush(self._heap, (moment, item))

    def take(self, now: datetime) -> str | None:
        """Take out the item whose moment came first; null where none has come."""
        if not self._heap or self._heap[0][0] > now:
            return None
        return heapq.heappop(self._heap)[1]

    @property
    def next(self) -> datetime | None:
        """The earliest moment; null where there is none."""
        return self._heap[0][0] if self._heap else None
