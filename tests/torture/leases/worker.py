"""Holders of one lock: processes that take it, write under it, and are killed and stopped by whoever started them.

Run as a program: `worker.py FOLDER SECONDS WORKERS TTL LONG SEED`, where LONG is the part of the holds that last
long enough for somebody else to come in, were the lock not kept. It forks the workers, and forks another one for each that
dies, until the time is over. Everything that happens is appended to files, a line in one write each:

grants      token, the time of the grant, pid
releases    token, the time just before the last `check()` in front of the release
writes      token, the time just before `check()` let the write through, whether the store took it
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import apsw

from aetherflow.kernel.errors import AetherFlowError, LockLost, OwnedByAnother
from aetherflow.kernel.run.leases import LeaseKeeper, step_lock
from aetherflow.kernel.state.leases import Holder, seconds_since_boot

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Writes that a holder makes before it gives the lock back, and the work between two.
MOST_WRITES, WORK_SECONDS, WRITES_OF_A_LONG_HOLD = 4, 0.001, 300
#: How often it is tried to stop a worker while it holds the lock.
TRIES = 20
#: The part of the strikes that stop a holder, and of the others the part that are aimed at one.
STOPS, AT_HOLDER = 0.04, 0.6
KEY = step_lock("storm")


class FencedStore:
    """What the lock guards: a place that refuses a token lower than the highest it has seen."""

    def __init__(self, path: Path) -> None:
        self._connection = apsw.Connection(str(path))
        self._connection.set_busy_timeout(60_000)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")  # its content need not outlive the machine
        self._connection.execute("CREATE TABLE IF NOT EXISTS writes (number INTEGER PRIMARY KEY, token INTEGER) STRICT")

    def write(self, token: int) -> bool:
        """Take a write, or refuse it."""
        self._connection.execute("BEGIN IMMEDIATE")
        ((highest,),) = self._connection.execute("SELECT coalesce(max(token), 0) FROM writes")
        if token >= highest:
            self._connection.execute("INSERT INTO writes (token) VALUES (?)", (token,))
        self._connection.execute("COMMIT")
        return bool(token >= highest)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class History:
    """The files of what happened."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            name: os.open(folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            for name in ("grants", "releases", "writes")
        }

    def note(self, name: str, *values: object) -> None:
        """One line in one write: a kill leaves it whole or not at all."""
        os.write(self._files[name], (" ".join(map(str, values)) + "\n").encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """What all workers share."""

    folder: Path
    ttl: float
    long: float
    seed: int


def work(storm: Storm, number: int) -> None:
    """Take the lock, write, give it back, as long as the parent lives."""
    random, history = Random(storm.seed + number), History(storm.folder)  # noqa: S311 - to be repeated
    keeper = LeaseKeeper(storm.folder / "ledger.sqlite")
    store = FencedStore(storm.folder / "store.sqlite")
    holder, parent = Holder(flow_id="storm", run_id=str(os.getpid())), os.getppid()
    while os.getppid() == parent:
        # What it is told of a loss, and of the others, is not what counts: the checker looks at what was done.
        with (
            suppress(LockLost, OwnedByAnother),
            keeper.hold(KEY, holder, ttl_seconds=storm.ttl, wait_seconds=10, cancelled=threading.Event()) as lease,
        ):
            history.note("grants", lease.token, lease.grant.granted_at, os.getpid())
            is_long = random.random() < storm.long
            for _ in range(WRITES_OF_A_LONG_HOLD if is_long else random.randint(1, MOST_WRITES)):
                asked_at = seconds_since_boot()
                lease.check()
                history.note("writes", lease.token, asked_at, int(store.write(lease.token)))
                work_for(WORK_SECONDS)
            asked_at = seconds_since_boot()
            lease.check()
            history.note("releases", lease.token, asked_at)
        time.sleep(random.uniform(0, 0.02))


def work_for(seconds: float) -> None:
    """Work, and don't sleep: who is stopped here goes on at once when it may, before its keeper can warn it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


@contextmanager
def crowd(storm: Storm, count: int) -> Iterator[dict[int, None]]:
    """So many workers; all ended at the end, with those that took their place."""
    living: dict[int, None] = {}
    try:
        for number in range(count):
            living[fork(storm, number)] = None
        yield living
    finally:
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in living:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def fork(storm: Storm, number: int) -> int:
    """Start one worker."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work(storm, number)
    except AetherFlowError as error:
        os.write(2, f"worker: {error}\n".encode())
    finally:
        os._exit(1)


def holder_of(folder: Path) -> int | None:
    """The process that holds the lock now, as far as the ledger says."""
    connection = apsw.Connection(str(folder / "ledger.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
    with closing(connection):
        connection.set_busy_timeout(1_000)
        for (pid,) in connection.execute("SELECT pid FROM locks WHERE held = 1"):
            return int(pid)
    return None


class Nemesis:
    """Kills and stops workers, most of the time the one that holds the lock."""

    def __init__(self, folder: Path, living: dict[int, None], ttl: float, random: Random) -> None:
        self._folder, self._living, self._ttl, self._random = folder, living, ttl, random
        self._stopped: dict[int, float] = {}
        self.kills = self.stops = 0

    def strike(self) -> None:
        """Hit one worker; a stop lasts longer than a lease. The first strike stops a holder."""
        if self.stops == 0 or self._random.random() < STOPS:
            self._stop()
            return
        victim = self._holder() if self._random.random() < AT_HOLDER else None
        victim = victim or self._random.choice(list(self._living))
        if victim not in self._stopped:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                self.kills += 1

    def _stop(self) -> None:
        """Stop a worker while it holds the lock: it must hold it still once it stands."""
        for _ in range(TRIES):
            victim = self._holder()
            if victim is None or victim in self._stopped:
                time.sleep(0.005)
                continue
            os.kill(victim, signal.SIGSTOP)
            if self._holder() == victim:
                self.stops += 1
                self._stopped[victim] = time.monotonic() + self._ttl * self._random.uniform(1.05, 1.5)
                return
            os.kill(victim, signal.SIGCONT)

    def _holder(self) -> int | None:
        holder = holder_of(self._folder)
        return holder if holder in self._living else None

    def wake(self) -> None:
        """Let those go on whose time is over."""
        now = time.monotonic()
        for pid in [pid for pid, until in self._stopped.items() if until <= now]:
            del self._stopped[pid]
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def rage(storm: Storm, seconds: float, count: int) -> tuple[int, int]:
    """All of it; answers how many were killed and stopped."""
    random = Random(storm.seed)  # noqa: S311 - to be repeated
    with crowd(storm, count) as living:
        nemesis, forked = Nemesis(storm.folder, living, storm.ttl, random), count
        deadline = time.monotonic() + seconds
        next_strike = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            nemesis.wake()
            if time.monotonic() >= next_strike:
                nemesis.strike()
                next_strike = time.monotonic() + random.uniform(0.1, 0.6)
            while (dead := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                del living[dead]
                living[fork(storm, forked)] = None
                forked += 1
            time.sleep(0.02)
    return nemesis.kills, nemesis.stops


def main() -> None:
    """Read the arguments, and tell the figures."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder, seconds, workers, ttl, long, seed = sys.argv[1:]
    storm = Storm(folder=Path(folder), ttl=float(ttl), long=float(long), seed=int(seed))
    print(*rage(storm, float(seconds), int(workers)))


if __name__ == "__main__":
    main()
