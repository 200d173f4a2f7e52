"""R10: many processes on one lease, killed and stopped; tokens of accepted writes never go back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from aetherflow.kernel.state.leases import open_leases
from aetherflow.kernel.state.ledger import open_ledger
from tests.torture.leases.checker import Verdict, judge
from tests.torture.leases.worker import FencedStore
from tests.torture.lengths import SCALE, SEED, scaled
from tests.torture.mutants import Mutant, environment_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and its clocks")]

WORKER = Path(__file__).with_name("worker.py")
TTL = 5
SECONDS = scaled(60, least=10)
WORKERS = scaled(50, least=16)
LEAST_GRANTS = scaled(150, least=10)
#: A mutant's storm goes on until it is found out, or for so long.
PATIENCE = 60

LEASES = "aetherflow/kernel/state/leases.py"
MUTANTS = [
    Mutant(
        name="no token is looked at when a lock is renewed or given back",
        file=LEASES,
        old='_IF_STILL_OURS = "key = :key AND token = :token AND nonce = :nonce AND held = 1"',
        new='_IF_STILL_OURS = "key = :key AND held = 1"',
    ),
    Mutant(
        name="a lock's time is not looked at before a write",
        file="aetherflow/kernel/run/leases.py",
        old="        self.lose_if_over()\n        if self.is_lost:",
        new="        if self.is_lost:",
    ),
    Mutant(
        name="a token is used again",
        file=LEASES,
        old="token=(held.token if held else 0) + 1",
        new="token=held.token if held else 1",
    ),
]


def prepare(folder: Path) -> None:
    ledger = folder / "ledger.sqlite"
    open_ledger(ledger).close()
    open_leases(ledger).close()
    FencedStore(folder / "store.sqlite").close()


def start(
    folder: Path, seconds: float, workers: int, environment: dict[str, str], *, long: float
) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), *map(str, (folder, seconds, workers, TTL, long, SEED))]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def told(what: str, verdict: Verdict, kills: str, stops: str) -> None:
    figures = f"{verdict.grants} grants, {kills} kills, {stops} stops, {verdict.accepted} writes accepted"
    wrong = f"{verdict.refused} refused, {len(verdict.violations)} violations"
    print(f"\n{what}: {WORKERS} processes, {SECONDS} s, seed {SEED}: {figures}, {wrong}")


def test_r10_no_accepted_write_is_older_than_one_before_it(tmp_path):
    prepare(tmp_path)
    process = start(tmp_path, SECONDS, WORKERS, dict(os.environ), long=0.01)
    out, err = process.communicate(timeout=SECONDS + PATIENCE)

    assert (process.returncode, err) == (0, ""), err
    kills, stops = out.split()
    verdict = judge(tmp_path)
    told("leases, storm", verdict, kills, stops)
    assert verdict.violations == ()
    assert verdict.grants >= LEAST_GRANTS
    assert int(kills) >= 1
    assert int(stops) >= 1


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_storm_finds_out_a_mutant(tmp_path, mutant):
    environment = environment_of(mutant, tmp_path / "code")
    history = tmp_path / "history"
    history.mkdir()
    prepare(history)
    process = start(history, PATIENCE, 8, environment, long=0.5)
    try:
        deadline = monotonic() + PATIENCE
        while not (found := judge(history).violations) and process.poll() is None and monotonic() < deadline:
            sleep(0.5)
    finally:
        process.terminate()
        process.communicate()

    assert found, f"nobody noticed: {mutant.name} (scale {SCALE})"
