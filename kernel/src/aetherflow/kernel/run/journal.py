"""What happened, written to the ledger first and told afterwards; what belongs together in one commit."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import LedgerFailed, RunFailed
from ..plugins.boundary import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..contracts.events import Event
    from ..contracts.records import RunKey
    from ..contracts.stores import StateStore
    from ..events.bus import Telling
    from .crew import Crew

    Write = Callable[[StateStore], None]


#: How much may wait to be written while nobody waits for it: what a crash takes back is no more than that.
_MOST_AHEAD = 256


class _Batch:
    """What one commit writes, and what is told after it."""

    __slots__ = ("events", "failure", "has_leader", "is_over", "is_waited_for", "waiting", "writes")

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.events: list[Event] = []
        #: Whether a thread is about to commit it.
        self.has_leader = False
        #: Whether it is on the disk, or can't be.
        self.is_over = False
        #: It holds what may not be done again: nothing begins before it is on the disk.
        self.is_waited_for = False
        #: Of each thread that waits for that, a lock that is given back then.
        self.waiting: list[threading.Lock] = []
        self.failure: LedgerFailed | None = None


class Pending:
    """What was noted and is on its way to the disk."""

    __slots__ = ("_batch", "_journal")

    def __init__(self, journal: Journal, batch: _Batch) -> None:
        self._journal = journal
        self._batch = batch

    def wait(self) -> None:
        """Wait until it is there.

        Raises:
            LedgerFailed: it could not be written.
        """
        self._journal.wait_for(self._batch)

    @property
    def failure(self) -> LedgerFailed | None:
        """Why it could not be written, where that is known by now."""
        return self._batch.failure


class Journal:
    """Collects what happened until the next commit; safe to use from several threads.

    The end of a step waits for the start of the next one, which follows at once: together they cost one
    sync. Threads that commit at the same time share one: the first of them leads, and writes all that was noted
    until it is its turn. An event is told only when what it says is on the disk, in the order in which it was
    written; and apart from the commit: whoever takes long to hear it holds up nobody's writing.
    """

    def __init__(self, ledger: StateStore, telling: Telling, fence: tuple[RunKey, int], crew: Crew) -> None:
        self._ledger = ledger
        self._telling = telling
        self._fence = fence
        self._crew = crew
        #: Where things are noted now.
        self._open = _Batch()
        #: What is written now, or was last.
        self._closed = _Batch()
        self._guard = threading.Lock()
        #: Held by the thread that commits.
        self._committing = threading.Lock()
        #: After this, nothing is written any more; what was to be written is kept.
        self._failure: LedgerFailed | None = None
        self._unwritten = _Batch()

    def note(self, *writes: Write, event: Event | None = None, is_waited_for: bool = False) -> None:
        """Remember one thing that happened, written as a whole or not at all, and what to tell of it.

        Args:
            writes: what to write.
            event: what to tell.
            is_waited_for: nothing begins, not even what may be done again, before this is on the disk.
        """
        with self._guard:
            batch = self._open
            batch.writes += writes
            batch.is_waited_for = batch.is_waited_for or is_waited_for
            if event is not None:
                batch.events.append(event)

    def wait_for_room(self) -> None:
        """Wait where too much is untold; for who is about to begin something, before anything is noted of it."""
        self._telling.wait_while_crowded()

    def commit(self) -> None:
        """Make all that was noted durable, in one transaction; then tell it.

        Raises:
            LedgerFailed: it could not be written, now or earlier: nothing is written after that.
        """
        batch, is_led = self._leader_wanted()
        (self.wait_for if is_led else self._lead)(batch)
        self._telling.tell_left()

    def commit_soon(self) -> Pending | None:
        """Have all that was noted made durable by another thread; null where it is durable already.

        Raises:
            LedgerFailed: something could not be written earlier.
        """
        if self._failure is not None:
            raise self._failure
        if self._must_be_waited_for():
            self.commit()
            return None
        batch, is_led = self._leader_wanted()
        if not is_led:
            try:
                self._crew.start(lambda: self._lead_quietly(batch))
            except RunFailed:
                self._lead(batch)
                self._telling.tell_left()
                return None
        return Pending(self, batch)

    def wait_for(self, batch: _Batch) -> None:
        """Wait until a batch is over that has a leader.

        Raises:
            LedgerFailed: it could not be written.
        """
        turn = None
        with self._guard:
            if not batch.is_over:
                turn = threading.Lock()
                turn.acquire()
                batch.waiting.append(turn)
        if turn is not None:
            turn.acquire()
        if batch.failure is not None:
            raise batch.failure

    @property
    def failure(self) -> LedgerFailed | None:
        """Why nothing is written any more."""
        return self._failure

    def _rescue(self) -> None:
        """One more try for what an earlier commit could not write, where that may help: a disk that was full.

        After an error of the device nothing is tried again: what the system holds need not be what the disk has.
        """
        with self._committing:
            if self._failure is None or not self._failure.may_be_tried_again:
                return
            self._failure = None
            with suppress(LedgerFailed):
                self._close(self._open)

    def finish(self) -> None:
        """The last of a start: what can still be written is written, and what is written is told."""
        self._rescue()
        self._telling.finish()

    def _must_be_waited_for(self) -> bool:
        """Whether nothing may begin ahead: the disk is slower than the work, or what came before may not be lost."""
        with self._guard:
            is_under_way = self._closed.is_waited_for and not self._closed.is_over
            batch = self._open
            is_large = max(len(batch.writes), len(batch.events)) > _MOST_AHEAD
            return is_under_way or batch.is_waited_for or is_large

    def _leader_wanted(self) -> tuple[_Batch, bool]:
        """The open batch, and whether it has a leader; if not, whoever asked sees to one."""
        with self._guard:
            batch = self._open
            is_led, batch.has_leader = batch.has_leader, True
            return batch, is_led

    def _lead(self, batch: _Batch) -> None:
        # Also where nothing was noted since: what this thread noted may be in the commit that is under way.
        with self._committing:
            # A rescue may have been faster.
            if not batch.is_over:
                self._close(batch)
        if batch.failure is not None:
            raise batch.failure

    def _lead_quietly(self, batch: _Batch) -> None:
        # Whoever commits next hears of it, and so does the thread that waits for the end of the run.
        with suppress(LedgerFailed):
            self._lead(batch)
        self._telling.tell_left()

    def _close(self, batch: _Batch) -> None:
        """Commit the open batch; the next one is open from now on."""
        with self._guard:
            self._closed, self._open = batch, _Batch()
        try:
            self._write(batch)
        except BaseException as error:
            self._failure = batch.failure = _as_failure(error)
            if isinstance(error, LedgerFailed) or not isinstance(error, Exception):
                raise
            raise batch.failure from error
        finally:
            with self._guard:
                batch.is_over = True
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
