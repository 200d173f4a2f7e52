"""R21: two daemons and ticks on one ledger, killed and stopped, account for every occurrence once."""

from __future__ import annotations

import sys

import pytest

from ..lengths import SEED, scaled
from .place import Place, every_second
from .several import Crowd
from .verdict import LEAST_SHARE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
]

SECONDS = scaled(300, least=12)
ITEMS = [every_second(misfire, misfire=misfire) for misfire in ("skip", "latest", "all")]


def test_r21_several_schedulers_on_one_ledger_run_every_occurrence_once(tmp_path):
    crowd = Crowd(Place(folder=tmp_path / "place", items=ITEMS))
    verdict = crowd.rage(SECONDS)

    print(
        f"\nscheduler, two daemons and {crowd.ticks} ticks, {SECONDS} s (seed {SEED}): "
        f"{crowd.kills} kills, {crowd.stops} stops, {crowd.reloads} reloads: {verdict}"
    )
    assert crowd.faults == []
    assert verdict.violations == ()
    assert crowd.kills >= SECONDS // 10
    assert crowd.stops >= SECONDS // 10
    assert verdict.share >= LEAST_SHARE
