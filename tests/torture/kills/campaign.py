"""Kills runs of one flow, at random moments or at every call, and counts what went wrong."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from ..lengths import SEED
from .moments import moment_of
from .rules import Golden, Judge, Outline
from .scene import Code, Scene, Starter

#: Runs that are killed side by side.
LANES = min(4, os.cpu_count() or 1)
#: Kills of one run, at most.
MOST_KILLS = 3
#: So many runs are started as a user starts them; the others are forked (see starter.py).
REAL_EVERY = 6
#: What a run answers that only a person can take on.
DECISION_NEEDED = 4


@dataclass(slots=True)
class Figures:
    """What was done, and what was wrong."""

    runs: int = 0
    kills: int = 0
    #: Kills that hit a step at work.
    hits: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        """Count another's figures in."""
        self.runs += other.runs
        self.kills += other.kills
        self.hits += other.hits
        self.faults += other.faults

    def __str__(self) -> str:
        kinds = ("repeated", "lost", "different", "left behind")
        counted = {kind: sum(fault.startswith(kind) for fault in self.faults) for kind in kinds}
        told = ", ".join(f"{many} {kind}" for kind, many in counted.items())
        return (
            f"{self.kills} kills ({self.hits} of them hit a step) in {self.runs} runs:"
            f" {told}, {len(self.faults) - sum(counted.values())} other faults"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One flow, the code that runs it, and what an undisturbed run of it gives."""

    golden: Golden
    code: Code
    folder: Path
    pause: float
    #: How long an undisturbed run takes when it is forked.
    seconds: float
    #: Stop at the first fault: enough for a mutant.
    is_short: bool = False

    @property
    def flow(self) -> str:
        """The flow's name."""
        return self.golden.outline.flow

    def at_random_moments(self, kills: int) -> Figures:
        """Kill until there were so many kills, each at a moment drawn over the length of an undisturbed run."""
        figures = Figures()
        with self._lanes() as each_of:
            runs = 0
            while figures.kills < kills and not (self.is_short and figures.faults):
                wanted = max(1, min(4 * LANES, (kills - figures.kills) // 2))
                for found in each_of(self._killed_at_random, range(runs, runs + wanted)):
                    figures.add(found)
                runs += wanted
                if runs > 20 * kills:
                    figures.faults.append(f"dead: {figures.kills} kills in {runs} runs")
        return figures

    def at_calls(self, numbers: Sequence[int]) -> Figures:
        """Kill in front of each of these calls, in a run of its own."""
        figures = Figures()
        with self._lanes() as each_of:
            for found in each_of(self._killed_at_call, numbers):
                figures.add(found)
                if self.is_short and figures.faults:
                    break
        return figures

    def calls(self) -> list[str]:
        """Every call that an undisturbed run makes and that changes something, in order."""
        record = self.folder / "record"
        with self._lanes(1) as each_of:
            return list(each_of(lambda _, starter: self._recorded(record, starter), [0]))[0]

    def _recorded(self, record: Path, starter: Starter) -> list[str]:
        scene = self._scene("recorded", starter)
        code = scene.start(kill_at=0, record=record).code()
        assert code == 0, f"exit code {code}: {scene.told()}"
        scene.remove()
        return record.read_text(encoding="ascii").split()

    def _killed_at_random(self, number: int, starter: Starter) -> Figures:
        # The seed of a run is its own, so that it can be repeated alone.
        dice = random.Random(f"{SEED} {self.flow} {number}")  # noqa: S311 - moments, no secrets
        is_real = number % REAL_EVERY == REAL_EVERY - 1
        length = self.golden.seconds if is_real else self.seconds
        moments = [dice.uniform(0, length) for _ in range(dice.randint(1, MOST_KILLS))]
        return self._killed(f"random{number}", None if is_real else starter, moments=moments)

    def _killed_at_call(self, number: int, starter: Starter) -> Figures:
        return self._killed(f"call{number}", starter, kill_at=number)

    def _killed(
        self, name: str, starter: Starter | None, *, moments: Sequence[float] = (), kill_at: int | None = None
    ) -> Figures:
        scene, judge, figures = self._scene(name, starter), Judge(self.golden), Figures(runs=1)
        for moment in moments if kill_at is None else [None]:
            child = scene.start(kill_at=kill_at)
            if moment is not None and not child.has_ended(moment):
                child.kill()
            was_killed = child.code() < 0
            figures.kills += was_killed
            survivors = scene.survivors()
            judge.look(now := moment_of(scene), survivors=survivors, was_killed=was_killed)
            figures.hits += was_killed and bool(now.running())
            if not was_killed:
                break
        finish(scene, judge)
        figures.faults = [f"{fault} [{self.flow}, {name}]" for fault in judge.faults]
        if not judge.faults:
            scene.remove()
        return figures

    def _scene(self, name: str, starter: Starter | None) -> Scene:
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        return Scene(folder=folder, flow=self.flow, code=self.code, starter=starter, pause=self.pause)

    @contextmanager
    def _lanes(self, count: int = LANES) -> Iterator[Callable[..., Iterator[Figures]]]:
        """A function that does a task for each of several numbers, side by side, each lane with its starter."""
        starters: SimpleQueue[Starter] = SimpleQueue()
        with ThreadPoolExecutor(count) as pool:
            all_of_them = list(pool.map(lambda lane: self.code.starter(self.folder / f"lane{lane}"), range(count)))
            for starter in all_of_them:
                starters.put(starter)

            def do(task: Callable[[int, Starter], Figures], number: int) -> Figures:
                starter = starters.get()
                try:
                    return task(number, starter)
                finally:
                    starters.put(starter)

            try:
                yield lambda task, numbers: pool.map(lambda number: do(task, number), numbers)
            finally:
                pool.shutdown(cancel_futures=True)
                for starter in all_of_them:
                    starter.close()


def finish(scene: Scene, judge: Judge) -> None:
    """Let a run go on to its end, and judge that; a step that may run once and was hit needs a person."""
    unknown = sorted(step for step in judge.golden.outline.once if judge.hits[step])
    code = scene.start().code()
    survivors = scene.survivors()
    judge.look(moment := moment_of(scene), survivors=survivors, was_killed=False)
    expected = DECISION_NEEDED if unknown else 0
    if code != expected:
        judge.faults.append(f"different: exit code {code}, not {expected}: {_last_told(scene)}")
    elif not unknown:
        judge.look_at_the_end(scene, moment)


def _last_told(scene: Scene) -> str:
    output = scene.output().read_text(encoding="utf-8", errors="replace")
    log = scene.log.read_text(encoding="utf-8", errors="replace")
    return " ".join(f"{output[-300:]} {log[-300:]}".split())


def campaign(
    flow: str, code: Code, folder: Path, *, pause: float = 0.0, golden: Golden | None = None, is_short: bool = False
) -> Campaign:
    """Run a flow undisturbed, as a user would, and prepare to kill others of it."""
    golden = golden or undisturbed(flow, code, folder / "golden", pause=pause)
    starter = code.starter(folder / "measure")
    try:
        scene = Scene(folder=folder / "forked", flow=flow, code=code, starter=starter, pause=pause)
        began = time.monotonic()
        exit_code = scene.start().code()
        seconds = time.monotonic() - began
        assert exit_code == 0 or is_short, f"exit code {exit_code}: {_last_told(scene)}"
    finally:
        starter.close()
    return Campaign(golden=golden, code=code, folder=folder, pause=pause, seconds=seconds, is_short=is_short)


def undisturbed(flow: str, code: Code, folder: Path, *, pause: float = 0.0) -> Golden:
    """What a run of the flow gives that nobody kills."""
    scene = Scene(folder=folder, flow=flow, code=code, pause=pause)
    began = time.monotonic()
    exit_code = scene.start().code()
    assert exit_code == 0, f"exit code {exit_code}: {_last_told(scene)}"
    seconds = time.monotonic() - began
    assert not scene.survivors()
    golden = Golden(
        outline=Outline(flow),
        moment=moment_of(scene),
        answer=scene.answer(),
        artifacts=scene.artifacts(),
        folder=scene.folder,
        seconds=seconds,
    )
    judge = Judge(golden)
    judge.look(golden.moment, survivors=[], was_killed=False)
    assert judge.faults == []
    return golden
