"""A scheduler that works as fast as it can, to be killed: `python -m scheduler.tests.occurrences.workers STATE WITNESS SEED`.

Each item is due every 20 milliseconds. What it claims it writes down in WITNESS, and ends some of it in each round.
"""

from __future__ import annotations

import os
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aetherflow.scheduler.occurrences.opening import open_store
from aetherflow.scheduler.occurrences.records import Due, Ended, Occurrence, Room, Status

PERIOD = timedelta(milliseconds=20)
ITEMS = {"skipping": "skip", "queueing": "queue", "allowing": "allow", "cancelling": "cancel"}
ROOM = Room(
    max_runs=5,
    pools={"warehouse": 2},
    pool_of={"skipping": None, "queueing": "warehouse", "allowing": "warehouse", "cancelling": None},
    max_runs_of={"allowing": 3},
)
GRACE = dict.fromkeys(ITEMS, 300.0)


def main(state: str, witness: str, seed: str) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    told = os.open(witness, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    store = open_store(Path(state))
    states = store.register(dict.fromkeys(ITEMS, True), _now())
    looked_until = min(states[item].looked_until for item in ITEMS)
    working: list[Occurrence] = []
    while True:
        now = _now()
        store.recover(GRACE, now)
        times = _times_between(looked_until, now)
        dues = [
            Due(item=item, times=times, looked_until=times[-1], overlap=overlap, misfire="all")
            for item, overlap in ITEMS.items()
            if times
        ]
        _, claimed = store.account_and_claim(dues, ROOM, now)
        looked_until = times[-1] if times else looked_until
        for run in claimed:
            os.write(told, f"{run.item} {run.scheduled_for.isoformat()}\n".encode())
            working.append(run)
        ends = [run for run in working if chance.random() < 0.5]
        working = [run for run in working if run not in ends]
        store.finish([Ended(occurrence=run, status=Status.SUCCESS, ended_at=now) for run in ends], now)
        store.heartbeat(now)


def _times_between(after: datetime, until: datetime) -> tuple[datetime, ...]:
    first = after - timedelta(microseconds=after.microsecond % 20_000) + PERIOD
    return tuple(first + PERIOD * number for number in range(max(0, (until - first) // PERIOD + 1)))


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main(*sys.argv[1:])
