"""`lateness.py SCHEDULE.yaml SECONDS`: how late our scheduler hands over what is due at each full second.

It works as it always does: each occurrence has its row, and is claimed, before it is handed over, both synced to the
disk. Only the process of its run is left out, since the peer has none: here it is done at once.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

from aetherflow.kernel.api import Event
from aetherflow.scheduler.occurrences.moments import utc_now
from aetherflow.scheduler.occurrences.opening import open_store
from aetherflow.scheduler.occurrences.records import Ended, Occurrence, Status
from aetherflow.scheduler.operation.scheduler import Scheduler
from aetherflow.scheduler.operation.telling import Teller
from aetherflow.scheduler.runs.command_line import Surroundings
from aetherflow.scheduler.runs.launcher import Launcher
from aetherflow.scheduler.runs.wake_up import WakeUp
from aetherflow.scheduler.schedules.models import Item
from aetherflow.scheduler.schedules.reading import read_schedule


class Silence:
    """An event log that nobody reads."""

    def tell(self, event: Event) -> None:
        """Say nothing."""


class Hand(Launcher):
    """Takes what it is handed, looks at the clock, and is done with it."""

    def __init__(self, surroundings: Surroundings, wake_up: WakeUp) -> None:
        super().__init__(surroundings, wake_up)
        self.milliseconds: list[float] = []
        self._done: list[Ended] = []

    def start(self, occurrence: Occurrence, item: Item) -> None:
        """Note how late it is."""
        at = utc_now()
        self.milliseconds.append(1000 * (at - occurrence.scheduled_for).total_seconds())
        self._done.append(Ended(occurrence=occurrence, status=Status.SUCCESS, ended_at=at, exit_code=0))
        # As the threads of runs do: ends are written down with the next look, which follows at once.
        self._wake_up.ring()

    def collect(self) -> tuple[Ended, ...]:
        """Hand over the ends since it was last asked for."""
        done, self._done = tuple(self._done), []
        return done


def lateness_of(file: Path, seconds: int) -> list[float]:
    """The milliseconds by which all that became due was late."""
    schedule = read_schedule(file, environment=dict(os.environ))
    store = open_store(schedule.state)
    wake_up = WakeUp()
    hand = Hand(Surroundings(folder=file.parent, state=schedule.state, environment={}), wake_up)
    scheduler = Scheduler(schedule, store, hand, Teller(Silence()))
    try:
        scheduler.begin()
        # In mid-second, so that the last second is a whole one.
        end = time.time() // 1 + seconds + 0.5
        while time.time() < end:
            scheduler.look()
            wake_up.sleep(min(scheduler.seconds_to_sleep, end - time.time()))
    finally:
        store.close()
        wake_up.close()
    return sorted(hand.milliseconds)


if __name__ == "__main__":
    found = lateness_of(Path(sys.argv[1]), int(sys.argv[2]))
    print(f"figure p50 ms = {statistics.median(found):.3f}")
    print(f"figure p99 ms = {found[int(len(found) * 0.99)]:.3f}")
    print(f"{len(found)} called")
