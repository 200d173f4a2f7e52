"""Trees that are ended in every way, and what is left of them."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from .flows import BEYOND, GRACE, Project, environment, job_of, ready_file
from .shapes import MODES, SHAPES, Found, Tree, end, processes_of, wait_until

#: How a tree's run comes to its end: by a time of the program's or of the step, or by a signal to the runner.
TIMEOUTS = ("timeout", "step timeout")
SIGNALS = {"TERM": signal.SIGTERM, "INT": signal.SIGINT, "HUP": signal.SIGHUP, "KILL": signal.SIGKILL}
EXIT_CODES = {"TERM": 143, "INT": 130, "HUP": 130, "KILL": -signal.SIGKILL}
TIMEOUT, KILL_GRACE = 1.5, 0.5
#: What is left after the runner is gone may take so long to follow.
FOLLOWS = 2.0
#: What stands within this does; a run that takes longer hangs.
STANDS_WITHIN, DEADLINE_SECONDS = 60, 60


@dataclass(slots=True)
class Findings:
    """What was found over many trees."""

    wrong: list[str] = field(default_factory=list)
    trees: int = 0
    stood: int = 0
    survivors: int = 0
    zombies: int = 0
    slowest_stop: float = 0.0

    def summary(self, repetitions: int) -> str:
        """The figures in one line."""
        return (
            f"trees: {len(SHAPES)} shapes x {len(MODES)} modes x {repetitions} repetitions, {self.trees} trees, "
            f"{self.stood} of them stood, {self.survivors} survivors, {self.zombies} zombies, "
            f"slowest stop {self.slowest_stop:.1f} s, {len(self.wrong)} violations"
        )


@dataclass(frozen=True, slots=True)
class Harness:
    """Where projects are made, and with which environment the program runs."""

    folder: Path
    environment: Mapping[str, str]
    findings: Findings = field(default_factory=Findings)

    def new_project(self) -> Project:
        """An empty project in a folder of its own."""
        folder = Path(tempfile.mkdtemp(dir=self.folder)) / "project"
        folder.mkdir()
        return Project(folder, self.environment)

    def end_by(self, how: str, trees: Sequence[Tree], *, after: float = 0.0, kill_grace: float = KILL_GRACE) -> None:
        """Run the trees all at once, end them in some way `after` they all stand, and look what is left."""
        project = self.new_project()
        project.write_flow([self._job(how, tree, project, kill_grace) for tree in trees])
        running = project.start()
        stood: dict[str, list[Found]] = {}
        try:
            if not wait_until(lambda: _all_stand(project, trees) or running.poll() is not None, STANDS_WITHIN):
                self.findings.wrong.append(f"{how}: {trees} did not stand")
            stood = processes_of([tree.tag for tree in trees])
            time.sleep(after)
            if how in SIGNALS:
                self._signal(how, running, project)
            else:
                self._time_out(how, running, project, kill_grace)
            self._look(how, trees, stood)
        finally:
            running.kill()
            running.communicate()
            end([tree.tag for tree in trees])

    @staticmethod
    def _job(how: str, tree: Tree, project: Project, kill_grace: float) -> dict[str, object]:
        job = job_of(tree, project, timeout=TIMEOUT if how == "timeout" else None, kill_grace=kill_grace)
        if how == "step timeout":
            (step,) = job["steps"]  # type: ignore[misc]
            step["timeout_seconds"] = TIMEOUT
        return job

    def _signal(self, how: str, running: subprocess.Popen[str], project: Project) -> None:
        began = time.monotonic()
        running.send_signal(SIGNALS[how])
        try:
            running.communicate(timeout=DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self.findings.wrong.append(f"{how}: the run did not end")
            return
        self._stopped(how, time.monotonic() - began, GRACE + BEYOND)
        if running.returncode != EXIT_CODES[how]:
            self.findings.wrong.append(f"{how}: exit code {running.returncode}")
        if how != "KILL" and (status := project.status()) != "INTERRUPTED":
            self.findings.wrong.append(f"{how}: the run is {status}")

    def _time_out(self, how: str, running: subprocess.Popen[str], project: Project, kill_grace: float) -> None:
        try:
            out, _ = running.communicate(timeout=DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self.findings.wrong.append(f"{how}: the run did not end")
            return
        if running.returncode != 1 or set(project.steps().values()) != {"TIMED_OUT"}:
            self.findings.wrong.append(f"{how}: exit code {running.returncode}, {project.steps()}")
            return
        for job in json.loads(out)["jobs"]:
            seconds = job["steps"][0]["duration_ms"] / 1000 - TIMEOUT
            self._stopped(how, seconds, kill_grace + 1)

    def _stopped(self, how: str, seconds: float, most: float) -> None:
        self.findings.slowest_stop = max(self.findings.slowest_stop, seconds)
        if seconds > most:
            self.findings.wrong.append(f"{how}: stopped after {seconds:.2f} s, more than {most:g} s")

    def _look(self, how: str, trees: Sequence[Tree], stood: Mapping[str, list[Found]]) -> None:
        tags = [tree.tag for tree in trees]
        # Within a timeout nothing is left when the step ends; the end of the runner is followed by that of the tree.
        wait_until(lambda: not any(processes_of(tags).values()), FOLLOWS if how in SIGNALS else 0)
        left = processes_of(tags)
        for tree in trees:
            self.findings.trees += 1
            self.findings.stood += bool(stood[tree.tag])
            if left[tree.tag]:
                self.findings.survivors += len(left[tree.tag])
                self.findings.wrong.append(f"{how}: {tree.shape} with output {tree.mode} has survived")
            if zombies := [process for process in stood[tree.tag] if process.state() == "Z"]:
                self.findings.zombies += len(zombies)
                self.findings.wrong.append(f"{how}: {tree.shape} has left {len(zombies)} zombies")


def _all_stand(project: Project, trees: Sequence[Tree]) -> bool:
    return all(ready_file(project, tree).exists() for tree in trees)


def make_harness(folder: Path, compiled: Path, **more: str) -> Harness:
    """A harness with projects below `folder`, whose program keeps what Python compiles in `compiled`."""
    return Harness(folder, environment(compiled, **more))


def all_trees() -> list[Tree]:
    """Every shape with every mode, once."""
    return [Tree(shape, mode) for mode in MODES for shape in SHAPES]


def at_once(number: int, tries: Sequence[Callable[[], None]]) -> None:
    """Do some things, so many at a time."""
    with ThreadPoolExecutor(number) as pool:
        for done in [pool.submit(one) for one in tries]:
            done.result()


def random_moment(seed: int, repetition: int) -> float:
    """Seconds to wait before a signal: none at first, then whatever comes."""
    return random.Random(f"{seed} {repetition}").uniform(0, 1.0) if repetition else 0.0  # noqa: S311 - to be repeated, not to be secret
