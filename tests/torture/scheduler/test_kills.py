"""R20: a daemon that is killed again and again accounts for every occurrence once, and runs what is due."""

from __future__ import annotations

import sys

import pytest

from ..lengths import SCALE, SEED, scaled
from .killing import Killer
from .place import Place, every_second
from .verdict import LEAST_SHARE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
]

KILLS = scaled(200, least=10)
#: How long a daemon lives at most before it is killed.
LONGEST_LIFE = 4.0 if SCALE >= 1 else 2.0
ITEMS = [every_second(misfire, misfire=misfire) for misfire in ("skip", "latest", "all")]


def test_r20_every_second_has_one_occurrence_however_often_the_daemon_is_killed(tmp_path):
    killer = Killer(Place(folder=tmp_path / "place", items=ITEMS), longest_life=LONGEST_LIFE)
    verdict = killer.rage(KILLS)

    print(f"\nscheduler, kills (seed {SEED}): {killer.kills} kills: {verdict}")
    assert killer.faults == []
    assert verdict.violations == ()
    assert killer.kills >= KILLS
    assert verdict.share >= LEAST_SHARE
