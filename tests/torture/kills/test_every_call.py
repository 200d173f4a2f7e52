"""R1, R4: killed in front of every call that changes something, a run ends as if undisturbed."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from ..lengths import SCALE, SEED, scaled
from .campaign import campaign
from .scene import plain_code

pytestmark = pytest.mark.slow

FLOWS = ["chain", "processes", "once"]


def stratified(calls: list[str], wanted: int) -> list[int]:
    """So many numbers of calls, spread evenly over the run, and at least one of each kind."""
    dice = random.Random(SEED)  # noqa: S311 - a sample
    step = len(calls) / wanted
    spread = {min(len(calls), 1 + int((index + dice.random()) * step)) for index in range(wanted)}
    kinds = {calls[number - 1] for number in spread}
    for kind in sorted(set(calls) - kinds):
        spread.add(1 + dice.choice([index for index, call in enumerate(calls) if call == kind]))
    return sorted(spread)


@pytest.mark.parametrize("flow", FLOWS)
def test_a_run_that_is_killed_at_any_call_ends_like_an_undisturbed_one(flow, golden_of, calls, tmp_path):
    disturbed = campaign(flow, plain_code(calls), tmp_path, golden=golden_of(flow))
    made = disturbed.calls()
    numbers = list(range(1, len(made) + 1)) if SCALE >= 1 else stratified(made, scaled(len(made), least=6))
    figures = disturbed.at_calls(numbers)
    kinds = ", ".join(f"{many} {kind}" for kind, many in Counter(made[number - 1] for number in numbers).most_common())
    print(f"every call, {flow} (seed {SEED}): {len(numbers)} of {len(made)} points ({kinds}); {figures}")
    assert figures.faults == []
    # A few calls more or less are the timing's.
    assert figures.kills >= len(numbers) * 0.9
