"""What happened, written to the ledger first and told afterwards; what belongs together in one commit."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import LedgerFailed
from ..plugins.boundary import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..contracts.events import Event
    from ..contracts.records import RunKey
    from ..contracts.stores import StateStore

    Write = Callable[[StateStore], None]


class Journal:
    """Collects what happened until the next commit; safe to use from several threads.

    The end of a step waits for the start of the next one, which follows at once: together they cost one
    sync. Threads that commit at the same time share one. An event is told only when what it says is on the
    disk, in the order in which it was written; and apart from the commit: whoever takes long to hear it holds up
    nobody's writing.
    """

    def __init__(self, ledger: StateStore, tell_all: Callable[[deque[Event]], None], fence: tuple[RunKey, int]) -> None:
        self._ledger = ledger
        self._tell_all = tell_all
        self._fence = fence
        self._writes: list[Write] = []
        self._events: list[Event] = []
        #: What is written, and is still to be told.
        self._untold: deque[Event] = deque()
        #: How many things were noted, and how many of them are written.
        self._noted = 0
        self._done = 0
        self._guard = threading.Lock()
        #: Held by the thread that commits; the others wait for it, and then find their own things done.
        self._committing = threading.Lock()
        self._failure: LedgerFailed | None = None
        #: What the commit that failed was to write.
        self._unwritten: list[Write] = []

    def note(self, *writes: Write, event: Event | None = None) -> None:
        """Remember one thing that happened, written as a whole or not at all, and what to tell of it."""
        with self._guard:
            self._writes += writes
            if event is not None:
                self._events.append(event)
            self._noted += 1

    def commit(self) -> None:
        """Make all that was noted durable, in one transaction; then tell it.

        Raises:
            LedgerFailed: it could not be written, now or earlier: nothing is written after that.
        """
        noted = self._noted
        with self._committing:
            if self._failure is not None:
                raise self._failure
            if self._done < noted:
                self._commit()
        if self._untold:
            self._tell_all(self._untold)

    def rescue(self) -> None:
        """One more try for what an earlier commit could not write, where that may help: a disk that was full.

        After an error of the device nothing is tried again: what the system holds need not be what the disk has.
        """
        with self._committing:
            if self._failure is None or not self._failure.may_be_tried_again:
                return
            with self._guard:
                self._failure, self._writes = None, [*self._unwritten, *self._writes]
            with suppress(LedgerFailed):
                self._commit()
        if self._untold:
            self._tell_all(self._untold)

    def _commit(self) -> None:
        with self._guard:
            writes, self._writes = self._writes, []
            events, self._events = self._events, []
            noted = self._noted
        if writes:
            try:
                self._ledger.write_all(writes, fence=self._fence)
            except BaseException as error:
                self._failure, self._unwritten = _as_failure(error), writes
                with self._guard:
                    # Told when it is written after all.
                    self._events = [*events, *self._events]
                if isinstance(error, Exception):
                    raise self._failure from error
                raise
        self._done = noted
        self._untold += events


def _as_failure(error: BaseException) -> LedgerFailed:
    """Why nothing more is written; what came between no code of ours foresaw, and the next try would meet it again."""
    if isinstance(error, LedgerFailed):
        return error
    failure = LedgerFailed(
        f"what happened could not be written to the ledger: {told(error)}",
        help="start the run again; it goes on with what was written",
    )
    failure.may_be_tried_again = False
    return failure
