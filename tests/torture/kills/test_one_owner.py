"""R6: of fifty processes that are started to run one run, one runs it; where it dies, one of the next fifty goes on."""

from __future__ import annotations

import pytest

from ..lengths import SCALE, scaled
from .campaign import tell
from .scene import Scene
from .storm import lines_are, open_gate, storm_on

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

ROUNDS = scaled(20, least=1)
PROCESSES = 50 if SCALE >= 0.5 else 16


def one_round(folder, crew, starter, *, processes):
    """A storm, the owner's death, and a storm on what it left; answers what was wrong, and the slowest of the losers."""
    gate = folder / "gate.open"
    scene = Scene(folder=folder / "scene", flow="gate", code=crew.code, starter=starter, extra={"GATE": str(gate)})
    first = storm_on(scene, processes)
    faults = [*first.faults, *lines_are(scene, {"come": 1, "gate": 1})]
    if first.owner is None:
        return faults, first.slowest, first.executed
    first.owner.kill()
    assert first.owner.code() < 0
    second = storm_on(scene, processes)
    if second.owner is None:
        return [*faults, *second.faults], second.slowest, first.executed
    open_gate(gate)
    code = second.owner.code()
    faults += [*second.faults, *lines_are(scene, {"come": 1, "gate": 2, "leave": 1})]
    if code != 0:
        faults.append(f"the one that took over left with exit code {code}")
    return faults, max(first.slowest, second.slowest), first.executed + second.executed


def test_one_process_owns_a_run_and_one_takes_over_when_it_dies(crew, tmp_path):
    def task(number, starter):
        return one_round(tmp_path / str(number), crew, starter, processes=PROCESSES)

    # One after the other: the storm is the load.
    rounds = [crew.one(lambda _, starter, number=number: task(number, starter)) for number in range(ROUNDS)]
    faults = [fault for found, _, _ in rounds for fault in found]
    slowest, executed = max(each for _, each, _ in rounds), sum(each for _, _, each in rounds)
    tell(
        f"one owner: {ROUNDS} rounds of twice {PROCESSES} processes: {executed} ran, {len(faults)} faults,"
        f" the slowest of those turned away left after {slowest:.1f} s"
    )
    assert faults == []
    assert executed == 2 * ROUNDS
