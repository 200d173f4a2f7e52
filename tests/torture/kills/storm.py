"""Many processes that are started at one moment to run one and the same run."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .moments import Step, moment_of
from .scene import Child, Scene

OWNED_BY_ANOTHER = 75
GATE = Step("wait", "gate")
#: How long to wait for what must come.
PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class Storm:
    """What came of it; `slowest` is how long the last of those that lost took to leave, in seconds."""

    executed: int = 0
    turned_away: int = 0
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)
    owner: Child | None = None


@contextmanager
def started_at_once(scene: Scene, count: int) -> Iterator[list[Child]]:
    """So many processes, waiting behind one pipe that is opened for all of them when the block begins."""
    pipe = scene.folder / "pipe"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    children = [scene.start(number=number, gate=str(pipe)) for number in range(1, count + 1)]
    # It stays open until all are through: one that comes late finds it open.
    descriptor = os.open(pipe, os.O_WRONLY)
    try:
        yield children
    finally:
        os.close(descriptor)


def storm_on(scene: Scene, count: int) -> Storm:
    """Start so many at once; all but one must leave while that one is at work, which is left at the gate."""
    storm = Storm()
    with started_at_once(scene, count) as children:
        began, earlier = time.monotonic(), _at_the_gate(scene)
        left = dict(enumerate(children, 1))
        while len(left) > 1 and len(_at_the_gate(scene) - earlier) < 2 and time.monotonic() - began < PATIENCE_SECONDS:
            for number, child in list(left.items()):
                if child.has_ended(0.005):
                    storm.slowest = max(storm.slowest, time.monotonic() - began)
                    _note_loser(storm, scene, left, number)
        if len(left) != 1:
            storm.faults.append(f"{len(left)} processes of {count} run it or hang")
        # Those that should not be there are there for the same gate: who opens it sees them all go.
        storm.executed, storm.owner = len(left), next(iter(left.values()), None)
        _wait_for_the_gate(storm, scene)
        _judge_names(storm, scene, count)
        for child in list(left.values())[1:]:
            child.kill()
            child.code()
    return storm


def _note_loser(storm: Storm, scene: Scene, left: dict[int, Child], number: int) -> None:
    code = left.pop(number).code()
    storm.turned_away += code == OWNED_BY_ANOTHER
    if code != OWNED_BY_ANOTHER:
        storm.faults.append(f"one left with exit code {code}: {scene.output(number).read_text()[:300]}")


def _wait_for_the_gate(storm: Storm, scene: Scene) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while storm.owner is not None and storm.owner.pid not in _at_the_gate(scene):
        if storm.owner.has_ended(0.01) or time.monotonic() > deadline:
            storm.faults.append("the owner does not come to the gate")
            return


def _at_the_gate(scene: Scene) -> set[int]:
    """Who came to the gate, ever."""
    return {line["pid"] for line in scene.witnessed() if line["step"] == "gate"}


def _judge_names(storm: Storm, scene: Scene, count: int) -> None:
    """Each that was turned away says who owns the run."""
    if storm.owner is None:
        return
    for number in range(1, count + 1):
        text = scene.output(number).read_text(encoding="utf-8")
        if "AF-RUN-OWNED" in text and not re.search(rf"\b{storm.owner.pid}\b", json.dumps(json.loads(text))):
            storm.faults.append(f"the owner is {storm.owner.pid}, and one was told: {text[:300]}")


def lines_are(scene: Scene, expected: dict[str, int]) -> list[str]:
    """What is wrong with how often each step worked."""
    found = {step.step: many for step, many in moment_of(scene).lines.items()}
    return [] if found == expected else [f"the steps worked {found} times, and not {expected}"]


def open_gate(gate: Path) -> None:
    """Let the owner go on."""
    gate.touch()
