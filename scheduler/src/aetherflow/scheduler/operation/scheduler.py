"""One look after the other: ends are written down, what is due is accounted for, what has room is started."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from aetherflow.kernel.api import LedgerFailed

from ..occurrences.moments import utc_now
from ..occurrences.records import Due, Ended, Occurrence, Reason, Room, Status
from ..occurrences.registering import CLOCK_WAS_WRONG
from ..occurrences.store import OccurrenceStore
from ..runs.launcher import Launcher
from ..schedules.models import Schedule
from .looking import due_of, next_of, times_of
from .patience import LEDGER_SECONDS, Patience
from .telling import Teller
from .waits import Waits
from .waking import Wakings

#: How long is slept at most: what other processes write, and jumps of the clock, are seen as late as that.
LONGEST_SLEEP = 1.0
#: How often this scheduler says that it lives, and looks for what dead ones left.
LIVE_SECONDS = 5.0
#: How many moments are accounted for in one look; the next one follows at once where there are more.
MOST_MOMENTS = 10_000


class Scheduler:
    """A schedule, what is remembered of it, and what runs of it; for one thread."""

    def __init__(
        self,
        schedule: Schedule,
        store: OccurrenceStore,
        launcher: Launcher,
        teller: Teller,
        *,
        ledger_seconds: float = LEDGER_SECONDS,
        now: Callable[[], datetime] | None = None,
        passed: Callable[[], float] = time.monotonic,
    ) -> None:
        self.schedule = schedule
        self.patience = Patience(ledger_seconds)
        #: Nothing new is accounted for or started any more.
        self.is_draining = False
        #: How many occurrences ended for good with anything but SUCCESS.
        self.failures = 0
        self._store = store
        self._launcher = launcher
        self._teller = teller
        self._now = now or utc_now
        #: Seconds by a clock that nobody sets.
        self._passed = passed
        self._wakings = Wakings()
        self._waits = Waits(passed)
        #: Of the enabled items, as what follows is.
        self._looked_until: dict[str, datetime] = {}
        self._enabled: frozenset[str] = frozenset()
        self._grace_of: dict[str, float] = {}
        self._room = Room(max_runs=0)
        self._next_waiting: datetime | None = None
        self._last_look = self._now()
        #: The latest since the ledger was last set right: a clock may go back in more than one step.
        self._latest_look = self._last_look
        self._next_life = passed()
        #: Ends that are not in the ledger yet.
        self._ends: list[Ended] = []

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs, and all that ended is written down."""
        return not self._launcher.working and not self._ends

    @property
    def seconds_to_sleep(self) -> float:
        """Until something is due, and at most until others may have written something."""
        if self.patience.is_failing or self.is_draining:
            return LONGEST_SLEEP
        moments = [self._wakings.next, self._next_waiting]
        now = self._now()
        soonest = min(((moment - now).total_seconds() for moment in moments if moment), default=LONGEST_SLEEP)
        return max(0.0, min(soonest, LONGEST_SLEEP))

    def has_due(self, horizon: datetime) -> bool:
        """Whether something is not accounted for yet that is due at a moment."""
        return self._wakings.next is not None and self._wakings.next <= horizon

    def begin(self) -> None:
        """Make the items known, learn since when nobody has looked at them, and take in what dead schedulers left.

        Raises:
            StoreFailed: the ledger can't be read or written.
        """
        self._use(self.schedule)
        now = self._now()
        self._recover(now)
        self._live(now)

    def replace(self, schedule: Schedule) -> None:
        """Go on with another schedule; what runs is not touched.

        Raises:
            StoreFailed: the ledger can't be read or written; the schedule is that of before.
        """
        # Times that a new rule names in the past were not its own when they passed.
        known = [id_ for id_ in self._looked_until if id_ in schedule.items]
        changed = [id_ for id_ in known if schedule.items[id_].rule != self.schedule.items[id_].rule]
        looked_until = dict.fromkeys(changed, self._last_look)
        self._store.account([Due(item=id_, times=(), looked_until=at) for id_, at in looked_until.items()], self._now())
        self._use(schedule)

    def look(self, horizon: datetime | None = None) -> int:
        """Look once; where the ledger can't be used nothing is lost, and it is tried again with the next look.

        Args:
            horizon: what is due later than this is left alone; null for now.

        Returns how many runs were started.
        """
        now = self._now()
        self._ends += self._launcher.collect()
        is_to_live = self._passed() >= self._next_life
        started = 0
        try:
            if now < self._latest_look - CLOCK_WAS_WRONG:
                self._use(self.schedule)
            self._write_ends(now)
            self._hasten(now)
            if is_to_live:
                self._recover(now)
            started = self._take(horizon or now, now)
            # What is due may take the place of what runs.
            self._cancel()
            if is_to_live:
                self._live(now)
            self._next_waiting = self._store.next_due(self._enabled, horizon or now)
        except LedgerFailed as error:
            if self.patience.fail():
                self._teller.tell("ERROR", "ledger_failed", error=str(error))
        else:
            if self.patience.work():
                self._teller.tell("INFO", "ledger_works")
            self._last_look = now
            self._latest_look = max(self._latest_look, now)
        return started

    def _use(self, schedule: Schedule) -> None:
        now = self._now()
        states = self._store.register(
            {item.id: item.enabled for item in schedule.items.values()},
            now,
            times_of={item.id: times_of(item) for item in schedule.items.values()},
            written_at=_written_at(schedule.file, now),
        )
        self.schedule = schedule
        self._latest_look = now
        self._wakings = Wakings()
        self._looked_until = {}
        for id_, state in states.items():
            self._wait_for_next(id_, state.looked_until)
        self._grace_of = {item.id: item.misfire_grace_seconds for item in schedule.items.values()}
        self._enabled = frozenset(states)
        enabled = [schedule.items[id_] for id_ in states]
        self._room = Room(
            max_runs=schedule.limits.max_runs,
            pools=schedule.limits.pools,
            pool_of={item.id: item.pool for item in enabled},
            max_runs_of={item.id: item.max_runs for item in enabled if item.overlap == "allow"},
        )

    def _wait_for_next(self, id_: str, since: datetime) -> None:
        self._looked_until[id_] = since
        moment = next_of(self.schedule.items[id_], since)
        if moment is not None:
            self._wakings.put(id_, moment)

    def _write_ends(self, now: datetime) -> None:
        if not self._ends:
            return
        self._ends = [end if end.occurrence.item in self._enabled else _for_good(end) for end in self._ends]
        self._store.finish(self._ends, now)
        self._waits.note(self._ends)
        written, self._ends = self._ends, []
        for end in written:
            self._teller.ended(end)
            self.failures += end.again_at is None and end.status is not Status.SUCCESS

    def _hasten(self, now: datetime) -> None:
        if held_up := self._waits.held_up(now):
            self._store.hasten(held_up, now)
        self._waits.drop_over()

    def _recover(self, now: datetime) -> None:
        if self.is_draining:
            return
        for occurrence in self._store.recover(self._grace_of, now):
            self._teller.recovered(occurrence)

    def _live(self, now: datetime) -> None:
        self._store.heartbeat(now)
        self._next_life = self._passed() + LIVE_SECONDS

    def _cancel(self) -> None:
        for occurrence in self._store.cancel_asked():
            if self._launcher.cancel(occurrence, "asked"):
                self._teller.cancelled(occurrence)

    def _take(self, horizon: datetime, now: datetime) -> int:
        """Account for what is due and start what has room; answers how many runs were started."""
        if self.is_draining:
            return 0
        woken = self._take_dues(horizon)
        dues = [due for due in woken.values() if due is not None]
        try:
            accounted, claimed = self._store.account_and_claim(dues, self._room, now, horizon)
        except BaseException:
            for id_ in woken:
                self._wait_for_next(id_, self._looked_until[id_])
            raise
        # It is due by now: all else that is to be done for it can wait until it is handed over.
        starts = self._start(claimed)
        for id_, due in woken.items():
            self._wait_for_next(id_, due.looked_until if due is not None else self._looked_until[id_])
        self._teller.accounted(accounted)
        for occurrence, at in starts:
            self._teller.started(occurrence, at)
        return len(starts)

    def _take_dues(self, horizon: datetime) -> dict[str, Due | None]:
        taken: dict[str, Due | None] = {}
        moments = 0
        while moments < MOST_MOMENTS and (id_ := self._wakings.take(horizon)) is not None:
            due = due_of(self.schedule.items[id_], self._looked_until[id_], horizon)
            taken[id_] = due
            moments += len(due.times) if due is not None else 1
        return taken

    def _start(self, claimed: Sequence[Occurrence]) -> list[tuple[Occurrence, datetime]]:
        """Hand over what was claimed; answers it with the time of each."""
        starts: list[tuple[Occurrence, datetime]] = []
        for occurrence in claimed:
            starts.append((occurrence, self._now()))
            self._launcher.start(occurrence, self.schedule.items[occurrence.item])
        return starts


def _written_at(file: Path, now: datetime) -> datetime:
    """When a schedule file was written last."""
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return now


def _for_good(end: Ended) -> Ended:
    """The end of a run whose item is not there any more: nobody would ever try it again."""
    if end.again_at is None:
        return end
    status = end.status if end.status.is_over else Status.INTERRUPTED
    return replace(end, status=status, reason=Reason.REMOVED, again_at=None)
