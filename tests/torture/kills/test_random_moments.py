"""R1, R3, R4, R5: killed at any moment, up to three times, a run goes on where it stopped, and ends as if undisturbed."""

from __future__ import annotations

import pytest

from ..lengths import SEED, scaled
from .campaign import campaign, tell

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

#: Kills in the full length, by flow, and how long each step works.
KILLS = {
    "chain": (350, 0.02),
    "parallel": (350, 0.03),
    "processes": (250, 0.02),
    "once": (100, 0.1),
    "ending": (50, 0.05),
    "large": (50, 0.1),
}


@pytest.mark.parametrize("flow", KILLS)
def test_a_run_that_is_killed_at_random_moments_ends_like_an_undisturbed_one(flow, golden_of, crew, tmp_path):
    full, pause = KILLS[flow]
    kills = scaled(full, least=6)
    disturbed = campaign(golden_of(flow), crew, tmp_path, pause=pause)
    figures = disturbed.at_random_moments(kills)
    tell(f"random moments, {flow} (seed {SEED}): {figures}")
    assert figures.faults == []
    assert figures.kills >= kills
    # Half of the time or so a step is at work.
    assert figures.hits >= kills // 5
