"""Several schedulers on one ledger, killed and stopped at random: each occurrence once, within limits, nothing half."""

from __future__ import annotations

import dataclasses
import random
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import apsw
import pytest
from scheduler.tests.occurrences.workers import GRACE, ITEMS, PERIOD

from aetherflow.kernel.api import open_connection
from aetherflow.scheduler.occurrences.opening import open_store
from aetherflow.scheduler.occurrences.schema import CONTENTS
from tests.torture.lengths import scaled

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
LIMITS = {
    "in all": ("SELECT count(*) FROM occurrences WHERE status = 'RUNNING'", 5),
    "of the pool": (
        "SELECT count(*) FROM occurrences WHERE status = 'RUNNING' AND item IN ('queueing', 'allowing')",
        2,
    ),
    "of the items one by one": (
        "SELECT count(*) - count(DISTINCT item) FROM occurrences WHERE status = 'RUNNING' AND item <> 'allowing'",
        0,
    ),
}


@dataclass
class Storm:
    """Schedulers on one ledger, and what is found while they work."""

    folder: Path
    seed: int
    workers: list[subprocess.Popen] = field(default_factory=list)
    kills: int = 0
    stops: int = 0
    over_limits: Counter = field(default_factory=Counter)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def rage(self, *, kills: int, count: int) -> None:
        chance = random.Random(self.seed)  # noqa: S311 - to be repeated
        try:
            for _ in range(count):
                self._start()
            look = _look(self.state)
            self._warm_up(look, count)
            while self.kills < kills:
                victim = chance.choice(self.workers)
                if chance.random() < 0.3:
                    self._stop(victim, chance)
                    continue
                self._wait(victim, chance.uniform(0.05, 0.6))
                victim.kill()
                victim.wait()
                self.workers.remove(victim)
                self.kills += 1
                self._start()
                self._check_limits(look)
            look.close()
        finally:
            for worker in self.workers:
                worker.kill()
                worker.wait()

    def _warm_up(self, look: apsw.Connection, count: int) -> None:
        """Until all are at work."""
        while look.execute("SELECT count(*) FROM owners").fetchall()[0][0] < count:
            self._wait(self.workers[0], 0.05)

    def _start(self) -> None:
        command = [sys.executable, "-m", "scheduler.tests.occurrences.workers", str(self.state)]
        command += [str(self.folder / "witness"), str(self.seed + self.kills)]
        self.workers.append(subprocess.Popen(command, cwd=ROOT))

    def _stop(self, victim: subprocess.Popen, chance: random.Random) -> None:
        victim.send_signal(signal.SIGSTOP)
        others = [worker for worker in self.workers if worker is not victim]
        self._wait(others[0], chance.uniform(0.05, 0.4))
        victim.send_signal(signal.SIGCONT)
        self.stops += 1

    def _wait(self, worker: subprocess.Popen, seconds: float) -> None:
        try:
            worker.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        message = f"a scheduler ended by itself with {worker.returncode}"
        raise AssertionError(message)

    def _check_limits(self, look: apsw.Connection) -> None:
        for name, (question, most) in LIMITS.items():
            self.over_limits[name] += look.execute(question).fetchall()[0][0] > most

    def doubled(self) -> int:
        look = _look(self.state)
        try:
            question = (
                "SELECT count(*) FROM (SELECT 1 FROM occurrences GROUP BY item, scheduled_for HAVING count(*) > 1)"
            )
            return look.execute(question).fetchall()[0][0]
        finally:
            look.close()


def _look(state: Path) -> apsw.Connection:
    state.mkdir(mode=0o700, exist_ok=True)
    open_store(state).close()
    look = apsw.Connection(str(state / "occurrences.sqlite"), flags=apsw.SQLITE_OPEN_READWRITE)
    look.set_busy_timeout(30_000)
    return look


def test_each_occurrence_has_one_row_and_runs_once_within_the_limits(tmp_path):
    storm = Storm(tmp_path, seed=1)
    storm.rage(kills=scaled(200, least=12), count=3)

    store = open_store(storm.state)
    now = datetime.now(UTC)
    store.recover(GRACE, now)
    rows = store.history(limit=1_000_000)
    store.close()
    assert storm.doubled() == 0
    assert sum(storm.over_limits.values()) == 0
    # An occurrence starts once, and once more each time that its scheduler was killed.
    starts = Counter(tuple(line.split()) for line in (tmp_path / "witness").read_text().splitlines())
    by_key = {(row.item, row.scheduled_for.isoformat()): row for row in rows}
    assert set(starts) <= set(by_key)
    assert [key for key, count in starts.items() if count > 1 + by_key[key].continued] == []
    # What is accounted for at the same time is accounted for together, and no time is left out.
    items_at = defaultdict(set)
    for row in rows:
        items_at[row.scheduled_for].add(row.item)
    assert {frozenset(items) for items in items_at.values()} == {frozenset(ITEMS)}
    times = sorted(items_at)
    assert {after - before for before, after in pairwise(times)} == {PERIOD}
    assert times[-1] - times[0] > timedelta(seconds=2)
    assert not [row for row in rows if row.status.value == "RUNNING"]
    print(f"{len(rows)} rows, {starts.total()} starts, {storm.kills} kills, {storm.stops} stops")  # noqa: T201 - figures
    look = _look(storm.state)
    assert look.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    look.close()


def test_without_the_key_occurrences_are_doubled(tmp_path):
    key = "    PRIMARY KEY (item, scheduled_for)\n) STRICT, WITHOUT ROWID;"
    assert CONTENTS.tables.count(key) == 1
    without = CONTENTS.tables.replace(key, "    CHECK (true)\n) STRICT;")
    # Whether two meet at the same time is a matter of luck in each storm.
    assert any(_doubled_in(tmp_path / str(seed), seed, without) for seed in range(8))


def _doubled_in(folder, seed, tables):
    folder.mkdir()
    storm = Storm(folder, seed=seed)
    open_connection(storm.state / "occurrences.sqlite", dataclasses.replace(CONTENTS, tables=tables)).close()
    storm.rage(kills=3, count=3)
    return storm.doubled()
