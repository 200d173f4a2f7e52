"""R20 with runs of the kernel: each run of a killed daemon has its effect outside once, by its run id."""

from __future__ import annotations

import sys

import pytest

from ..lengths import SEED, scaled
from .effects import faults_outside, share_of
from .killing import Killer
from .place import Place, every_second
from .verdict import LEAST_SHARE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
]

KILLS = scaled(40, least=2)
EVERY = 4
ITEMS = [
    every_second(flow, flow=flow, every=f"{EVERY}s", misfire="all", retry={"max_attempts": 3, "backoff_seconds": 1})
    for flow in ("safe", "keyed", "once")
]


def test_each_run_has_its_effect_once_however_often_the_daemon_is_killed(tmp_path):
    place = Place(folder=tmp_path / "place", items=ITEMS, runs="kernel", seconds=2.5)
    killer = Killer(place, longest_life=10.0)
    verdict = killer.rage(KILLS, every=EVERY)
    effects = list(faults_outside(verdict.rows, place.outside))
    share = share_of(verdict.rows, ["safe", "keyed"])

    print(
        f"\nscheduler, real flows (seed {SEED}): {killer.kills} kills: {verdict}, {len(effects)} faults outside, "
        f"{share:.1%} of what may be run again ran"
    )
    assert killer.faults == []
    assert verdict.violations == ()
    assert effects == []
    assert killer.kills >= KILLS
    assert share >= LEAST_SHARE
