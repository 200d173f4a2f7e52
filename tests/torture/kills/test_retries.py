"""R28: however often it is killed, a step has no more attempts than its `retry` allows, and waits as long as it says."""

from __future__ import annotations

import pytest

from ..lengths import SEED, scaled
from .campaign import tell
from .retrying import at_random, run_patterns

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]


def test_no_pattern_of_kills_gives_a_step_more_attempts_or_less_time(crew, tmp_path):
    patterns = scaled(100, least=4)
    faults, kills = run_patterns(crew, tmp_path, [at_random(number) for number in range(patterns)])
    tell(f"retries (seed {SEED}): {patterns} patterns, {kills} kills, {len(faults)} faults")
    assert faults == []
    assert kills >= patterns // 2
