"""A step that always fails, killed in between: how many attempts it makes, and whether it waits in between (R28)."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..lengths import SEED
from .campaign import Crew
from .moments import Moment, Row, Step, moment_of
from .scene import Child, Scene, Starter

FAIL = Step("try", "fail")
ATTEMPTS = 3
#: How long an attempt works, and about how long an undisturbed run takes.
PAUSE, SECONDS = 0.1, 2.0
#: Waits for the moment to kill; answers whether there was one.
Wait = Callable[[Scene, Child], bool]


class Pattern:
    """One run, killed up to three times and started again until its step has failed for good."""

    def __init__(self, scene: Scene, wait: Wait, *, kills: int) -> None:
        self._scene = scene
        self._wait = wait
        self._planned = kills
        self.kills = 0
        self.faults: list[str] = []
        self._before: Moment | None = None

    def run(self) -> Pattern:
        """Kill, look and go on, to the end."""
        while not self._has_ended():
            pass
        return self

    def _has_ended(self) -> bool:
        child = self._scene.start()
        if self.kills < self._planned and self._wait(self._scene, child):
            child.kill()
        was_killed = child.code() < 0
        self.kills += was_killed
        self.faults += [f"left behind: {process}" for process in self._scene.survivors()]
        moment = moment_of(self._scene)
        row = moment.steps.get(FAIL)
        self._judge(moment, row)
        self._before = moment
        has_failed = row is not None and row["status"] == "FAILED"
        if not was_killed and not has_failed:
            self.faults.append(f"the run ended, and the step is {row and row['status']}")
        return has_failed or not was_killed

    def _judge(self, moment: Moment, row: Row | None) -> None:
        made, known = attempts_in(moment), row["attempt"] if row else 0
        if len(made) > known:
            self.faults.append(f"unwritten: it worked {len(made)} times, and the ledger knows of {known}")
        if len(made) > ATTEMPTS:
            self.faults.append(f"repeated: it worked {len(made)} times")
        earlier = self._before.steps.get(FAIL) if self._before else None
        due_at = earlier["next_attempt_at"] if earlier else None
        first = len(attempts_in(self._before)) if self._before else 0
        if due_at is not None and len(made) > first and made[first]["began"] < due_at:
            self.faults.append(
                f"too early: attempt {first + 1} came {due_at - made[first]['began']:.3f} s before its time"
            )


def attempts_in(moment: Moment) -> list[Row]:
    """What the attempts of the step said."""
    return [line for line in moment.witnessed if line["step"] == FAIL.step]


def at_random(number: int) -> Wait:
    """Kill at moments drawn over an undisturbed run."""
    dice = random.Random(f"{SEED} retry {number}")  # noqa: S311 - moments
    return lambda _, child: not child.has_ended(dice.uniform(0, SECONDS))


def at_attempt(number: int, *, then: float = 0.0) -> Wait:
    """Kill in the middle of the attempt of that number, or so many seconds later."""

    def wait(scene: Scene, child: Child) -> bool:
        while not child.has_ended(0.005):
            if sum(line["step"] == FAIL.step for line in scene.witnessed()) >= number:
                return not child.has_ended(then)
        return False

    return wait


def run_patterns(crew: Crew, folder: Path, waits: list[Wait], *, pause: float = PAUSE) -> tuple[list[str], int]:
    """Many patterns of kills; answers what was wrong, and the number of kills."""

    def task(number: int, starter: Starter) -> Pattern:
        scene = Scene(folder=folder / f"retry{number}", flow="retry", code=crew.code, starter=starter, pause=pause)
        return Pattern(scene, waits[number], kills=1 + number % 3).run()

    found: list[Any] = list(crew.each(task, range(len(waits))))
    return [fault for pattern in found for fault in pattern.faults], sum(pattern.kills for pattern in found)
