"""R28: however often it is killed, a step has no more attempts than its `retry` allows, and waits as long as it says."""

from __future__ import annotations

import random

import pytest

from ..lengths import SEED, scaled
from .campaign import tell
from .moments import Step, moment_of
from .scene import Scene

pytestmark = pytest.mark.slow

FAIL = Step("try", "fail")
ATTEMPTS = 3
#: About as long as an undisturbed run.
SECONDS = 1.5


def one_pattern(scene, dice):
    """Kill, and go on, until the step has failed for good; answers what was wrong, and the number of kills."""
    faults, kills, due_at = [], 0, None
    kills_left = dice.randint(1, 3)
    while True:
        lines = len(attempts_in(scene.witnessed()))
        child = scene.start()
        if kills < kills_left and not child.has_ended(dice.uniform(0, SECONDS)):
            child.kill()
        was_killed = child.code() < 0
        kills += was_killed
        faults += [f"left behind: {process}" for process in scene.survivors()]
        moment = moment_of(scene)
        made = attempts_in(moment.witnessed)
        if due_at is not None and len(made) > lines and made[lines]["at"] < due_at:
            faults.append(f"attempt {lines + 1} came {due_at - made[lines]['at']:.3f} s before its time")
        row = moment.steps.get(FAIL)
        if len(made) > (row["attempt"] if row else 0):
            faults.append(f"it worked {len(made)} times, and the ledger knows of {row and row['attempt']}")
        if len(made) > ATTEMPTS:
            faults.append(f"it worked {len(made)} times")
        if row is not None and row["status"] == "FAILED":
            return faults, kills
        if not was_killed:
            return [*faults, f"the run ended, and the step is {row and row['status']}"], kills
        due_at = row["next_attempt_at"] if row else None


def attempts_in(witnessed):
    return [line for line in witnessed if line["step"] == FAIL.step]


def run_patterns(crew, folder, count):
    """Many patterns of kills; answers what was wrong, and the number of kills."""

    def task(number, starter):
        scene = Scene(folder=folder / str(number), flow="retry", code=crew.code, starter=starter)
        return one_pattern(scene, random.Random(f"{SEED} {number}"))  # noqa: S311 - moments

    found = list(crew.each(task, range(count)))
    return [fault for faults, _ in found for fault in faults], sum(kills for _, kills in found)


def test_no_pattern_of_kills_gives_a_step_more_attempts_or_less_time(crew, tmp_path):
    patterns = scaled(100, least=4)
    faults, kills = run_patterns(crew, tmp_path, patterns)
    tell(f"retries (seed {SEED}): {patterns} patterns, {kills} kills, {len(faults)} faults")
    assert faults == []
    assert kills >= patterns // 2
