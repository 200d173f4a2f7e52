"""What the scheduler needs of a memory that several schedulers may share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from .records import Due, Ended, ItemState, Occurrence, Origin, OwnerState, Room, Status


class OccurrenceStore(Protocol):
    """Each method is one transaction, on the disk when it returns; what two schedulers do at once, one of them did.

    To forget takes several, so that others write in between.

    Raises, all of them:
        StoreFailed: it can't be read or written.
    """

    def register(
        self,
        items: Mapping[str, bool],
        now: datetime,
        *,
        times_of: Mapping[str, str] | None = None,
        written_at: datetime | None = None,
    ) -> Mapping[str, ItemState]:
        """Make the items known, each with whether it is enabled; answers the state of all enabled ones.

        What is new, or was not enabled before, has been looked at until now. Others that are known are not enabled any
        more, and what waits of them is CANCELLED; of those that are not enabled, what their times made is SKIPPED.

        Args:
            items: the items.
            now: the time.
            times_of: what names the times of an item, in words. Where that is another than before, its times before
                `written_at` were not its own when they passed: it counts as looked at until then.
            written_at: since when the items are as they are; null for now.
        """

    def account(self, dues: Sequence[Due], now: datetime) -> tuple[Occurrence, ...]:
        """Write a row for each time that has none, by its policies; answers the rows that this call wrote."""

    def claim(self, room: Room, now: datetime, due_until: datetime | None = None) -> tuple[Occurrence, ...]:
        """Take what waits, is due and has room, the longest waiting first; answers it as RUNNING, ours from now on.

        Args:
            room: how much may run.
            now: the time.
            due_until: what is due later is left to others; null for now.
        """

    def account_and_claim(
        self, dues: Sequence[Due], room: Room, now: datetime, due_until: datetime | None = None
    ) -> tuple[tuple[Occurrence, ...], tuple[Occurrence, ...]]:
        """`account` and then `claim` as one: nobody comes in between, and where it fails neither was done.

        Answers the rows that were written, as policies decided of them, and those that were taken: some of them may be
        the same. Where nothing is due, nothing is written.
        """

    def finish(self, ended: Sequence[Ended], now: datetime) -> None:
        """Write down how runs ended; those that are to run again wait from now on."""

    def hasten(self, waiting: Collection[Occurrence], now: datetime) -> None:
        """Have those of these that still wait be due now: their time has passed, and the clock was set back."""

    def recover(self, grace_of: Mapping[str, float], now: datetime) -> tuple[Occurrence, ...]:
        """Take in what dead schedulers left RUNNING: it waits to be gone on with, or is marked as INTERRUPTED.

        Likewise what a stopped scheduler left as INTERRUPTED and CONTINUED. What somebody wanted ended is CANCELLED.

        Args:
            grace_of: of each item, how many seconds after its scheduler was last heard of it is still gone on with.
            now: the time.
        """

    def owners(self) -> tuple[OwnerState, ...]:
        """The schedulers that run something or say that they live, and the dead that were not recovered from."""

    def heartbeat(self, now: datetime) -> None:
        """Say that this scheduler lives."""

    def cancel_asked(self) -> tuple[Occurrence, ...]:
        """Of those that this scheduler runs, the ones that somebody wants ended."""

    def cancel(self, item: str, scheduled_for: datetime, now: datetime) -> Occurrence | None:
        """Have an occurrence end, at once where it waits; answers it as it stands then, null where it is over."""

    def next_due(self, items: Collection[str], after: datetime | None = None) -> datetime | None:
        """When the next of those that wait is due, after a moment; null where none waits.

        What waits for room is due already: room comes where a run ends.
        """

    def pause(self, items: Collection[str], now: datetime) -> None:
        """From now on their occurrences are skipped, and what waits of them is held, but for what is triggered."""

    def resume(self, items: Collection[str], now: datetime) -> None:
        """From now on they run again."""

    def trigger(self, item: str, now: datetime) -> Occurrence:
        """One more occurrence, now, which no policy skips."""

    def backfill(
        self, item: str, times: Sequence[datetime], *, max_parallel: int, is_again: bool, now: datetime
    ) -> int:
        """Have times of the past run that were not, at most `max_parallel` of them at once; answers how many.

        That is, those without a row, those that were skipped or missed, and with `is_again` those that failed.
        """

    def history(
        self,
        items: Collection[str] | None = None,
        *,
        statuses: Collection[Status] | None = None,
        origin: Origin | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> tuple[Occurrence, ...]:
        """The newest occurrences, the newest first."""

    def count_not_over(self) -> Mapping[Status, Counter[str]]:
        """How many occurrences of each item wait, and how many run."""

    def states(self) -> Mapping[str, ItemState]:
        """What is remembered of all items, those included that are not enabled."""

    def gaps(self, items: Collection[str] | None = None) -> tuple[tuple[str, datetime, datetime], ...]:
        """Spans in which nobody looked, and whose occurrences were too many to be listed."""

    def forget(self, before: datetime) -> int:
        """Remove what was over before, not all at once where it is much; answers how many rows, 0 once none is left."""

    def close(self) -> None:
        """Let go of it; what this scheduler still runs counts as left by a dead one."""
