"""What happened, written to the ledger first and told afterwards; what belongs together in one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..contracts.events import Event
    from ..contracts.records import RunKey
    from ..state.ledger import Ledger


class Journal:
    """Collects what happened until the next commit.

    The end of a step waits for the start of the next one, which follows at once: together they cost one
    sync. An event is told only when what it says is on the disk.
    """

    def __init__(self, ledger: Ledger, tell: Callable[[Event], None], fence: tuple[RunKey, int]) -> None:
        self._ledger = ledger
        self._fence = fence
        self._tell = tell
        self._writes: list[Callable[[Ledger], None]] = []
        self._events: list[Event] = []

    def note(self, write: Callable[[Ledger], None] | None, event: Event | None = None) -> None:
        """Remember one thing that happened, and what to tell of it."""
        if write is not None:
            self._writes.append(write)
        if event is not None:
            self._events.append(event)

    def commit(self) -> None:
        """Make all that was noted durable, in one transaction; then tell it."""
        # What could not be committed stays noted, and untold.
        if self._writes:
            self._ledger.write_all(self._writes, fence=self._fence)
        self._writes = []
        events, self._events = self._events, []
        for event in events:
            self._tell(event)
