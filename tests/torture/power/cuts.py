"""Power cuts at chosen moments of a recorded run."""

from __future__ import annotations

import copy
import random
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from . import disk
from .disk import Folder, Image
from .project import EDITIONS, Project, made_by
from .replay import Instant, Replay, instants
from .system_calls import read_calls, record
from .told import Transition, transitions
from .verdict import Golden, Judge, Verdict, ledger_rows

Mode = Literal["nothing", "everything", "torn"]


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut after an instant of the record, and what survives it of what was not synced."""

    after: int
    mode: Mode
    seed: int = 0

    def image(self, root: Folder) -> Image:
        """The disk as the cut leaves it."""
        if self.mode == "everything":
            return root.image(disk.everything)
        if self.mode == "nothing":
            return root.image(disk.nothing)
        chance = random.Random(self.seed)  # noqa: S311 - so that a cut can be made again
        share = chance.choice((0.1, 0.5, 0.9))
        return root.image(lambda: chance.random() < share)

    def __str__(self) -> str:
        return f"{self.mode} after {self.after} (seed {self.seed})"


@dataclass(slots=True)
class Recording:
    """What was done to a disk, and what was told meanwhile."""

    project: Project
    start: Folder
    instants: list[Instant]
    transitions: list[Transition]
    golden: Golden
    #: What was told before it began.
    told_before: list[Transition] = field(default_factory=list)
    #: Instants after which the disk is another than before.
    changes: list[int] = field(default_factory=list)
    #: Instants at which something is told.
    tellings: list[int] = field(default_factory=list)

    def cuts(self, count: int, seed: int) -> list[Cut]:
        """So many cuts, a third of each mode; where nothing survives, first at what was just told."""
        chance = random.Random(seed)  # noqa: S311 - so that cuts can be made again
        tellings = chance.sample(self.tellings, k=len(self.tellings))
        changes = chance.sample(self.changes, k=len(self.changes))
        harsh = list(dict.fromkeys((*tellings, *changes)))[: count // 3]
        mild = changes[: count // 3]
        torn = chance.choices([*changes, *tellings], k=count - len(harsh) - len(mild))
        cuts = [
            *(Cut(after, "nothing") for after in harsh),
            *(Cut(after, "everything") for after in mild),
            *(Cut(after, "torn", chance.randrange(2**32)) for after in torn),
        ]
        return sorted(cuts, key=lambda cut: cut.after)

    def images(self, cuts: list[Cut]) -> Iterator[tuple[Cut, Image, list[Transition]]]:
        """Each cut's image of the disk, and what was told by then."""
        for cut, root, told in self._moments(cuts):
            yield cut, cut.image(root), told

    def killed_at(self, after: int) -> tuple[Folder, list[Transition]]:
        """The disk where the program was killed and the system was not, and what was told by then."""
        ((_, root, told),) = self._moments([Cut(after, "everything")])
        return root, told

    def first_sight_of(self, path: str) -> int:
        """The instant after which something stands at a path where nothing stood before."""
        replay = Replay(self.project.root, copy.deepcopy(self.start))
        for number, instant in enumerate(self.instants):
            if replay.go_on(instant) and disk.find(replay.disk.image(disk.everything), path) is not None:
                return number
        message = f"nothing ever stood at {path}"
        raise LookupError(message)

    def _moments(self, cuts: list[Cut]) -> Iterator[tuple[Cut, Folder, list[Transition]]]:
        replay = Replay(self.project.root, copy.deepcopy(self.start))
        waiting = list(reversed(cuts))
        for number, instant in enumerate(self.instants):
            replay.go_on(instant)
            while waiting and waiting[-1].after == number:
                told = [told for told in self.transitions if told.place <= instant.place]
                yield waiting.pop(), replay.disk, [*self.told_before, *told]
            if not waiting:
                return


def record_runs(project: Project, runs: tuple[str, ...], environment: Mapping[str, str] | None = None) -> Recording:
    """Record runs of a new project, one after the other, and learn from them what is right."""
    project.prepare()
    start = disk.folder_of(disk.image_of(project.root))
    recording = _record(project, start, Golden(), runs, environment)
    recording.golden.require_steps(runs, project.steps)
    return recording


def record_going_on(recording: Recording, after: int, environment: Mapping[str, str] | None = None) -> Recording:
    """Kill a run at an instant of a recording, and record how it goes on: what is unsynced then stays so."""
    project = recording.project
    start, told = recording.killed_at(after)
    shutil.rmtree(project.root)
    disk.write_image(start.image(disk.everything), project.root)
    golden = copy.deepcopy(recording.golden)
    golden.was_killed = True
    going_on = _record(project, start, golden, (run_at(told),), environment)
    going_on.told_before = told
    return going_on


def run_at(told: list[Transition]) -> str:
    """The run that is under way when this was told."""
    return told[-1].key.run if told else next(iter(EDITIONS))


def judge(recording: Recording, cuts: list[Cut], scratch: Path) -> Verdict:
    """Make each cut, and judge what it leaves."""
    scratch.mkdir(exist_ok=True)
    verdict = Judge(recording.golden, scratch)
    for cut, image, told in recording.images(cuts):
        verdict.look(image, told, str(cut))
    return verdict.verdict


def _record(
    project: Project, start: Folder, golden: Golden, runs: tuple[str, ...], environment: Mapping[str, str] | None = None
) -> Recording:
    folder = project.root.parent
    events, log = folder / "events.jsonl", folder / "record"
    events.unlink(missing_ok=True)
    command, environ = project.command_of(runs), project.environment(environment)
    code = record(command, cwd=project.root, environment=environ, events=events, log=log)
    assert code == 0, events.read_text()
    calls = read_calls(log, about=(project.root, events))
    log.unlink()
    recording = Recording(
        project=project,
        start=copy.deepcopy(start),
        instants=instants(calls),
        transitions=transitions(calls, events),
        golden=golden,
    )
    _learn(recording, folder / "learning")
    return recording


def _learn(recording: Recording, scratch: Path) -> None:
    """Go through the record once: where something changes, and what each step leaves."""
    golden = recording.golden
    replay = Replay(recording.project.root, copy.deepcopy(recording.start))
    waiting = list(reversed(recording.transitions))
    for number, instant in enumerate(recording.instants):
        if replay.go_on(instant):
            recording.changes.append(number)
        while waiting and waiting[-1].place <= instant.place:
            recording.tellings.append(number)
            transition = waiting.pop()
            is_end = bool(transition.key.step) and transition.state.status == "SUCCESS"
            golden.note(transition, made_by(replay.disk.image(disk.everything), scratch) if is_end else None)
    end = disk.image_of(recording.project.root)
    golden.rows = ledger_rows(end, scratch)
    assert disk.without_memory(replay.disk.image(disk.everything)) == disk.without_memory(end), (
        "the disk that was replayed is not the one that was recorded"
    )
