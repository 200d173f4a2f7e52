"""Killed at any moment, no step leaves a part of a file or of a table, and the run goes on to the same end.

`AETHERFLOW_KILLS=50` kills so many times in each step, instead of once; with enough of them at every system call.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

import pytest

from .kills import FILES, LEDGER, STEPS, AfterSeconds, AtSize, Place, copy_of, system_calls

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

KILLS = int(os.environ.get("AETHERFLOW_KILLS", "1"))


@dataclass
class Golden:
    """The project before the run, what is there then, and after a run that nobody disturbs."""

    start: Place
    old: dict
    new: dict
    sizes: dict
    tables: set
    calls: dict


@pytest.fixture(scope="module")
def golden(tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden")
    start = Place(folder / "start")
    start.prepare()
    end = copy_of(start, folder / "end")
    calls = {}
    if shutil.which("strace"):
        calls = system_calls(end)
        told = {call.step for known in calls.values() for call in known if call.paths == LEDGER}
        assert {"upsert", "script"} <= told, "no moment at which the work is done, and the ledger does not know it"
    else:
        end.run()
    sizes = {step: (end.out / name).stat().st_size for step, name in FILES.items()}
    return Golden(start, start.state(), end.state(), sizes, end.tables(), calls)


def moments(golden, step):
    """Spread over the step, and those at which a file appears, or at which all is done and nobody knows it yet."""
    calls = golden.calls.get(step, [])
    if step in FILES:
        return [
            *(AtSize(step, (number + 1) / (KILLS + 1)) for number in range(KILLS)),
            *(call for call in calls if call.paths != LEDGER),
        ]
    if not calls:
        return [AfterSeconds(step, 0.3 * number / KILLS) for number in range(KILLS)]
    own = [call for call in calls if call.paths != LEDGER]
    places = sorted({(number + 1) * len(own) // (KILLS + 1) for number in range(KILLS)})
    return [*(own[place] for place in places), *(call for call in calls if call.paths == LEDGER)]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.timeout(120 + 20 * KILLS)
def test_a_step_that_is_killed_leaves_all_or_nothing_and_is_gone_on_with(golden, step, tmp_path):
    killed = 0
    tried = moments(golden, step)
    for number, moment in enumerate(tried):
        place = copy_of(golden.start, tmp_path / str(number))
        killed += place.run_until(moment, golden.sizes.get(step, 0))

        look_at_what_is_there(golden, step, copy_of(place, tmp_path / f"{number} seen"), str(moment))

        place.run()
        assert place.state() == golden.new, moment
    assert killed >= max(1, len(tried) // 2), "too few kills came in time to say anything"


def look_at_what_is_there(golden, step, place, moment):
    found = place.state()
    torn = [other for other in STEPS if found[other] not in {golden.old[other], golden.new[other]}]
    assert not torn, f"{moment}: neither as it was nor as it should be"
    is_done = [found[other] == golden.new[other] for other in STEPS]
    assert is_done == sorted(is_done, reverse=True), f"{moment}: a later step is done, an earlier one is not"
    assert all(is_done[: STEPS.index(step)]), f"{moment}: what was done before is not there"
    assert place.tables() <= golden.tables
    others = {path.name for path in place.out.iterdir()} - set(FILES.values())
    assert all(name.startswith(".aetherflow.") for name in others)
