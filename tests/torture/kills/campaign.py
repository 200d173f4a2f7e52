"""Kills runs of one flow, at random moments or at every call, and counts what went wrong."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

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

Result = TypeVar("Result")


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


class Crew:
    """Starters of one code, each of which does one task at a time, side by side."""

    def __init__(self, code: Code, folder: Path, *, lanes: int = LANES) -> None:
        self.code = code
        self._pool = ThreadPoolExecutor(lanes)
        self._all = list(self._pool.map(lambda lane: code.starter(folder / f"lane{lane}"), range(lanes)))
        self._free: SimpleQueue[Starter] = SimpleQueue()
        for starter in self._all:
            self._free.put(starter)

    def each(self, task: Callable[[int, Starter], Result], numbers: Iterable[int]) -> Iterator[Result]:
        """Do a task for each number; whoever stops listening calls off those that have not begun."""
        tasks = [self._pool.submit(self._do, task, number) for number in numbers]
        try:
            for each in tasks:
                yield each.result()
        finally:
            for each in tasks:
                each.cancel()

    def one(self, task: Callable[[int, Starter], Result]) -> Result:
        """Do one task."""
        return self._do(task, 0)

    def close(self) -> None:
        """Let the starters go."""
        self._pool.shutdown()
        for starter in self._all:
            starter.close()

    def _do(self, task: Callable[[int, Starter], Result], number: int) -> Result:
        starter = self._free.get()
        try:
            return task(number, starter)
        finally:
            self._free.put(starter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One flow, who runs it, and what an undisturbed run of it gives."""

    golden: Golden
    crew: Crew
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
        while figures.kills < kills and figures.runs <= 20 * kills:
            wanted = max(LANES, (kills - figures.kills) // MOST_KILLS)
            for found in self.crew.each(self._killed_at_random, range(figures.runs, figures.runs + wanted)):
                figures.add(found)
                if self.is_short and figures.faults:
                    return figures
        return figures

    def at_calls(self, numbers: Sequence[int]) -> Figures:
        """Kill in front of each of these calls, in a run of its own."""
        figures = Figures()
        for found in self.crew.each(self._killed_at_call, numbers):
            figures.add(found)
            if self.is_short and figures.faults:
                break
        return figures

    def calls(self) -> list[str]:
        """Every call that an undisturbed run makes and that changes something, each with the file, in order."""
        record = self.folder / "record"
        return self.crew.one(lambda _, starter: self._recorded(record, starter))

    def _recorded(self, record: Path, starter: Starter) -> list[str]:
        scene = self._scene("recorded", starter)
        code = scene.start(kill_at=0, record=record).code()
        assert code == 0, f"exit code {code}: {scene.told()}"
        scene.remove()
        return [line.rstrip() for line in record.read_text(encoding="utf-8").splitlines()]

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
            if not was_killed or (self.is_short and judge.faults):
                break
        if not (self.is_short and judge.faults):
            finish(scene, judge)
        figures.faults = [f"{fault} [{self.flow}, {name}]" for fault in judge.faults]
        if not judge.faults:
            scene.remove()
        return figures

    def _scene(self, name: str, starter: Starter | None) -> Scene:
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        return Scene(folder=folder, flow=self.flow, code=self.crew.code, starter=starter, pause=self.pause)


def tell(figures: str) -> None:
    """Show figures to whoever runs the harness: they are what it is for."""
    print(figures)


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


def campaign(golden: Golden, crew: Crew, folder: Path, *, pause: float = 0.0, is_short: bool = False) -> Campaign:
    """Prepare to kill runs of a flow: let one run undisturbed, to see how long it takes."""
    flow = golden.outline.flow

    def measured(_: int, starter: Starter) -> float:
        scene = Scene(folder=folder / "measured", flow=flow, code=crew.code, starter=starter, pause=pause)
        began = time.monotonic()
        exit_code = scene.start().code()
        seconds = time.monotonic() - began
        # A mutant need not come to its end.
        assert exit_code == 0 or is_short, f"exit code {exit_code}: {_last_told(scene)}"
        return seconds

    seconds = crew.one(measured)
    return Campaign(golden=golden, crew=crew, folder=folder, pause=pause, seconds=seconds, is_short=is_short)


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
