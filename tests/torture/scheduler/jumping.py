"""Sets the clock of a daemon at work, and looks what it makes of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from .audit import Row, changes_in, gaps_in, rows_in
from .clock import DAY, HOUR, MovedClock
from .measuring import sleeps_of
from .place import Place, Scheduler, every_second
from .verdict import EDGE_SECONDS, OVER, PATIENCE_SECONDS, faults_of_claims, faults_of_starts, told, witnessed

#: How long after a jump a daemon has until it must have seen it and made up for what it may, and how long it is looked
#: at from then on: whether it looks again and again.
SEEING_SECONDS, LOOKING_SECONDS = 3.5, 2.0
#: How often it may go to sleep in a second when nothing is due: it looks once in a second all the same.
MOST_SLEEPS = 20
#: A clock that goes back by more than this was wrong before.
WRONG_BY = 2 * DAY
#: How many seconds lie between two moments of an item; all are due at full ones, counted from 1970.
PERIODS: Mapping[str, int] = MappingProxyType({"second": 1, "minute": 60, "hour": HOUR, "day": DAY})
GRACE = {"second": 20, "minute": 300, "hour": 2 * DAY, "day": 2 * DAY}
ITEMS = [
    every_second("second", misfire="all", misfire_grace_time=GRACE["second"]),
    *(
        every_second(name, every=f"{PERIODS[name]}s", misfire="latest", misfire_grace_time=GRACE[name])
        for name in ("minute", "hour", "day")
    ),
]


@dataclass(slots=True)
class Jumper:
    """The one who sets the clock."""

    place: Place
    clock: MovedClock
    faults: list[str] = field(default_factory=list)
    #: How often in a second the daemon went to sleep after a jump back, when nothing was due, at most.
    busiest: float = 0.0
    _began: float = 0.0
    _latest: float = 0.0

    def jump(self, *jumps: int, kill: bool = False) -> None:
        """Let a daemon work, set its clock by so much each time, and judge in the end.

        Args:
            jumps: seconds, forwards or backwards.
            kill: have another daemon go on after each jump.
        """
        self.place.prepare()
        self._began = self._latest = self.clock.now()
        daemon = self.place.start()
        try:
            self._look_at(daemon, is_calm=False)
            for seconds in jumps:
                before = rows_in(self.place.ledger)
                self.clock.move(seconds)
                at = self.clock.now()
                if kill:
                    daemon.kill()
                    daemon = self.place.start()
                self._look_at(daemon, is_calm=-WRONG_BY <= seconds <= -HOUR and not kill)
                self.faults += faults_of_jump(seconds, at, before, rows_in(self.place.ledger))
            if (code := daemon.leave()) != 0:
                self.faults.append(f"the daemon left with {code}: {self.place.told()}")
        finally:
            daemon.kill()
            self.faults += self.place.survivors()
        self.faults += self._faults_of_all()

    def _look_at(self, daemon: Scheduler, *, is_calm: bool) -> None:
        """See what becomes of it; when nothing is due for a while, it sleeps and seldom looks."""
        daemon.wait_until_at_work()
        time.sleep(SEEING_SECONDS)
        self._wait_for_what_is_due()
        if daemon.has_ended:
            self.faults.append(f"the daemon left by itself: {self.place.told()}")
            return
        slept, began = sleeps_of(daemon.pid), time.monotonic()
        time.sleep(LOOKING_SECONDS)
        if is_calm:
            self.busiest = max(self.busiest, (sleeps_of(daemon.pid) - slept) / (time.monotonic() - began))
        self._latest = max(self._latest, self.clock.now())

    def _wait_for_what_is_due(self) -> None:
        """Wait until all that is due has run: on a busy machine that takes a while."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and any(self._late(rows_in(self.place.ledger))):
            time.sleep(0.2)

    def _late(self, rows: Iterable[Row]) -> Iterator[Row]:
        """What is not over and should be; what is due only when the clock comes there again waits until then."""
        now = self.clock.now()
        yield from (row for row in rows if row.status not in OVER and row.second < now - EDGE_SECONDS)

    def _faults_of_all(self) -> Iterator[str]:
        rows, changes = rows_in(self.place.ledger), changes_in(self.place.ledger)
        starts, _ = witnessed(self.place.witness)
        yield from faults_of_claims(changes)
        yield from faults_of_starts(starts, changes)
        yield from self._unaccounted(rows)
        yield from (f"left: {row.run_id} is {row.status} {row.reason}".rstrip() for row in self._late(rows))
        yield from (f"failed: {row.run_id}" for row in rows if row.status not in {"SUCCESS", "MISSED", "WAITING"})

    def _unaccounted(self, rows: Collection[Row]) -> Iterator[str]:
        """Every moment up to the latest that the clock has shown has its one row, or lies in a gap."""
        counts = Counter((row.item, row.second) for row in rows)
        yield from (f"twice: {item} at {told(second)}" for (item, second), many in counts.items() if many > 1)
        gaps = gaps_in(self.place.ledger)
        for item, period in PERIODS.items():
            first = (int(self._began) // period + 1) * period
            for second in range(first, int(self._latest - EDGE_SECONDS), period):
                is_in_gap = any(each == item and begin <= second <= end for each, begin, end in gaps)
                if (item, second) not in counts and not is_in_gap:
                    yield f"lost: {item} at {told(second)}"


def faults_of_jump(seconds: int, at: float, before: Collection[Row], after: Collection[Row]) -> Iterator[str]:
    """What policies leave out is left out, the rest runs, and nothing comes back that was before.

    Args:
        seconds: how far the clock jumped.
        at: where it jumped to.
        before: the rows just before.
        after: the rows some seconds later.
    """
    known = {(row.item, row.second) for row in before}
    for item, period in PERIODS.items():
        newest_before = max((row.second for row in before if row.item == item), default=0)
        new = [row for row in after if row.item == item and (row.item, row.second) not in known]
        if seconds < -WRONG_BY:
            # It was wrong before: what is due now is run, and not what was due long ago.
            yield from (f"back: {row.run_id} was due long ago" for row in new if row.second < at)
            if item == "second" and not new:
                yield "lost: nothing is due since the clock shows the right time again"
        else:
            yield from (f"back: {row.run_id} came after a later one" for row in new if row.second < newest_before)
        if seconds > period:
            yield from _faults_of_catching_up(item, at, new)


def _faults_of_catching_up(item: str, at: float, new: Sequence[Row]) -> Iterator[str]:
    """Of what the clock jumped over, the latest runs, or all that is not too old; it is seen some seconds later."""
    if not new:
        yield f"lost: {item} has nothing new after a jump over its moments"
        return
    seen = at + SEEING_SECONDS
    oldest_to_run = seen - GRACE[item] if item == "second" else new[-1].second
    newest_to_miss = at - GRACE[item] if item == "second" else at - PERIODS[item]
    for row in new:
        if row.second >= oldest_to_run and row.status == "MISSED":
            yield f"lost: {row.run_id} was MISSED {row.reason}"
        if row.second < newest_to_miss and row.status != "MISSED":
            yield f"too much: {row.run_id} is {row.status}, the clock jumped to {told(at)}"
