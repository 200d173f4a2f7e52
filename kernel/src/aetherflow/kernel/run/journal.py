"""What happened, written to the ledger first and told afterwards; what belongs together in one commit."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import LedgerFailed
from ..plugins.boundary import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..contracts.events import Event
    from ..contracts.records import RunKey
    from ..contracts.stores import StateStore
    from ..events.bus import Telling

    Write = Callable[[StateStore], None]


class _Batch:
    """What one commit writes, and what is told after it."""

    __slots__ = ("events", "failure", "has_leader", "waiting", "writes")

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.events: list[Event] = []
        #: Whether a thread is about to commit it.
        self.has_leader = False
        #: Of each thread that waits for its leader, a lock that is given back when it is on the disk, or can't be.
        self.waiting: list[threading.Lock] = []
        self.failure: LedgerFailed | None = None


class Journal:
    """Collects what happened until the next commit; safe to use from several threads.

    The end of a step waits for the start of the next one, which follows at once: together they cost one
    sync. Threads that commit at the same time share one: the first of them leads, and writes all that was noted
    until it is its turn. An event is told only when what it says is on the disk, in the order in which it was
    written; and apart from the commit: whoever takes long to hear it holds up nobody's writing.
    """

    def __init__(self, ledger: StateStore, telling: Telling, fence: tuple[RunKey, int]) -> None:
        self._ledger = ledger
        self._telling = telling
        self._fence = fence
        #: Where things are noted now.
        self._open = _Batch()
        self._guard = threading.Lock()
        #: Held by the thread that commits.
        self._committing = threading.Lock()
        #: After this, nothing is written any more; what was to be written is kept.
        self._failure: LedgerFailed | None = None
        self._unwritten = _Batch()

    def note(self, *writes: Write, event: Event | None = None) -> None:
        """Remember one thing that happened, written as a whole or not at all, and what to tell of it."""
        with self._guard:
            batch = self._open
            batch.writes += writes
            if event is not None:
                batch.events.append(event)

    def commit(self) -> None:
        """Make all that was noted durable, in one transaction; then tell it.

        Raises:
            LedgerFailed: it could not be written, now or earlier: nothing is written after that.
        """
        with self._guard:
            batch = self._open
            turn = None
            if batch.has_leader:
                turn = threading.Lock()
                turn.acquire()
                batch.waiting.append(turn)
            batch.has_leader = True
        if turn is None:
            # Also where nothing was noted since: what this thread noted may be in the commit that is under way.
            with self._committing:
                self._close(batch)
        else:
            turn.acquire()
        if batch.failure is not None:
            raise batch.failure
        self._telling.tell_left()

    def rescue(self) -> None:
        """One more try for what an earlier commit could not write, where that may help: a disk that was full.

        After an error of the device nothing is tried again: what the system holds need not be what the disk has.
        """
        with self._committing:
            if self._failure is None or not self._failure.may_be_tried_again:
                return
            self._failure = None
            with suppress(LedgerFailed):
                self._close(self._open)
        self._telling.tell_left()

    def _close(self, batch: _Batch) -> None:
        """Commit the open batch; the next one is open from now on."""
        with self._guard:
            self._open = _Batch()
        try:
            self._write(batch)
        except BaseException as error:
            self._failure = batch.failure = _as_failure(error)
            if isinstance(error, LedgerFailed) or not isinstance(error, Exception):
                raise
            raise batch.failure from error
        finally:
            # Nobody who comes now waits for this batch: it is not open any more.
            for turn in batch.waiting:
                turn.release()

    def _write(self, batch: _Batch) -> None:
        # With what could not be written before, if this is another try.
        earlier, self._unwritten = self._unwritten, batch
        batch.writes[:0], batch.events[:0] = earlier.writes, earlier.events
        if self._failure is not None:
            raise self._failure
        if batch.writes:
            self._ledger.write_all(batch.writes, fence=self._fence)
        self._unwritten = _Batch()
        self._telling.leave(batch.events)


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
