"""R9, R11, R12: the command line with a lock, in single scenes that a storm would not show."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from time import time

import apsw
import pytest

from aetherflow.kernel.state.identity import own_identity
from aetherflow.kernel.state.leases import Holder, open_leases, seconds_since_boot
from aetherflow.kernel.state.ledger import open_ledger
from tests.torture.lengths import SCALE, scaled
from tests.torture.mutants import Mutant, environment_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and its clocks")]

TTL = 5
#: How long the work under a lock takes; in full five times as long as a lease.
WORK_SECONDS = scaled(5 * TTL, least=7)
#: What a dead holder may cost, beside what starting a program costs here; in the short form, less than a lease.
TAKEOVER_SECONDS = 1.0 if SCALE >= 1 else TTL - 1
PATIENCE = 120

#: Steps that work under a lock, each sign of life with the time since boot at which it was given.
STEPS = '''
from __future__ import annotations

import time

from aetherflow.kernel.api import Rerun, StepContext, StepOutputs, register_step


class Seen(StepOutputs):
    signs: int


@register_step("toil", rerun=Rerun.SAFE)
def toil(context: StepContext, witness: str, until: str = "") -> Seen:
    """Give signs of life until a file is there, and one at least, as long as the fence lets it.

    Awake, so that it is at work when it is stopped.
    """
    signs = 0
    with (context.project / witness).open("a", buffering=1) as lines:
        while signs == 0 or (until and not (context.project / until).exists() and not context.cancelled.is_set()):
            now = time.clock_gettime(time.CLOCK_BOOTTIME)
            context.check_fence()
            lines.write(f"{now}\\n")
            signs += 1
            awake_until = time.monotonic() + 0.01
            while time.monotonic() < awake_until:
                pass
    return Seen(signs=signs)
'''

NO_RENEWAL = Mutant(
    name="a lease is not renewed, and its holder thinks it is",
    file="aetherflow/kernel/run/leases.py",
    old="renewed_at = store.renew(lease.grant)",
    new="renewed_at = seconds_since_boot()",
)
NO_TICKS = Mutant(
    name="a process is known by its number alone",
    file="aetherflow/kernel/state/identity.py",
    old="return ticks is not None and identity.ticks not in {0, ticks}",
    new="return False",
)
NO_LOSS = Mutant(
    name="a holder never thinks that it lost its lock",
    file="aetherflow/kernel/run/leases.py",
    old="            self.is_lost = True\n        self._on_lost()\n",
    new="            self.is_lost = False\n",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A project, and the program run in it."""

    folder: Path
    environment: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def flow(self, name: str, *, wait_seconds: float = PATIENCE, until: str = "") -> None:
        """A flow that works under the lock until a file is there; its witness bears its name."""
        inner = {"type": "toil", "inputs": {"witness": name, "until": until}}
        lock = {"lock_key": "k", "ttl_seconds": TTL, "wait_seconds": wait_seconds, "step": inner}
        job = {"id": "main", "steps": [{"id": "guarded", "type": "with_lock", "inputs": lock}]}
        text = json.dumps({"version": 1, "flow": {"id": name}, "jobs": [job]})
        (self.folder / f"{name}.yaml").write_text(text)  # JSON is YAML

    def start(self, name: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "aetherflow.kernel", "run", f"{name}.yaml", "--json"],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        return process

    def start_waiting(self, name: str) -> subprocess.Popen[str]:
        """Start a run, and see it wait for the lock: from here on, what a program's start costs does not matter."""
        process, waiting = self.start(name), Event()
        while self.statuses(name) != [("RUNNING", None)] and process.poll() is None:
            waiting.wait(0.02)
        return process

    def end(self) -> None:
        """End what a scene that went wrong left behind."""
        for process in self.started:
            process.kill()
            if process.stdout is not None and not process.stdout.closed:
                process.communicate()

    def signs(self, name: str) -> list[float]:
        file = self.folder / name
        return [float(line) for line in file.read_text().splitlines()] if file.exists() else []

    def await_sign(self, name: str, process: subprocess.Popen[str]) -> float:
        waiting = Event()
        while not self.signs(name):
            if process.poll() is not None:
                return float("inf")
            waiting.wait(0.02)
        return self.signs(name)[0]

    @property
    def ledger(self) -> Path:
        return self.folder / ".aetherflow" / "state" / "ledger.sqlite"

    def locks(self) -> list[tuple[object, ...]]:
        with closing(apsw.Connection(str(self.ledger), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            connection.set_busy_timeout(10_000)
            return connection.execute("SELECT token, held FROM locks").fetchall()

    def statuses(self, name: str) -> list[tuple[object, ...]]:
        with closing(apsw.Connection(str(self.ledger), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            connection.set_busy_timeout(10_000)
            return connection.execute("SELECT status, outputs FROM steps WHERE flow_id = ?", (name,)).fetchall()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a scene showed: what is wrong, and its figures."""

    wrong: list[str]
    figures: str = ""


def ended(process: subprocess.Popen[str]) -> tuple[str, str | None]:
    """The status of the step, and its error code."""
    out, err = process.communicate(timeout=PATIENCE)
    try:
        step = json.loads(out)["jobs"][0]["steps"][0]
    except (ValueError, LookupError):
        return f"{out}{err}", None
    return step["status"], step["error_code"]


def long_work(stage: Stage) -> Seen:
    """R12: work that takes longer than a lease, and somebody who waits for most of it."""
    stage.flow("first", until="enough")
    stage.flow("second", wait_seconds=WORK_SECONDS)
    first = stage.start("first")
    began = stage.await_sign("first", first)
    second = stage.start_waiting("second")
    wrong = [] if (how := ended(second)) == ("FAILED", "AF-LOCK-HELD") else [f"somebody came in: {how}"]
    (stage.folder / "enough").touch()
    if (how := ended(first)) != ("SUCCESS", None):
        wrong.append(f"the holder ended {how}")
    lasted = stage.signs("first")[-1] - began
    return Seen(wrong, f"held for {lasted:.1f} s with leases of {TTL} s")


def standstill(stage: Stage) -> Seen:
    """R12: a holder that stands still for longer than its lease; who waits comes in, and the holder does nothing more."""
    stage.flow("first", until="never")
    stage.flow("second", until="enough")
    first = stage.start("first")
    stage.await_sign("first", first)
    second = stage.start_waiting("second")
    first.send_signal(signal.SIGSTOP)
    stopped_at = seconds_since_boot()
    came_at = stage.await_sign("second", second)
    held = stage.locks()
    first.send_signal(signal.SIGCONT)
    waiting = Event()
    while not (late := [at for at in stage.signs("first") if at >= came_at]) and first.poll() is None:
        waiting.wait(0.05)
    if late:
        return Seen(["the one that woke gave signs of life after the other came in"])
    how = [ended(first)]
    (stage.folder / "enough").touch()
    how.append(ended(second))
    wrong = [] if how == [("LOCK_LOST", "AF-LOCK-LOST"), ("SUCCESS", None)] else [f"they ended {how}"]
    if (held, stage.locks()) != ([(2, 1)], [(2, 0)]):
        wrong.append(f"the lock went from {held} to {stage.locks()}")
    if stage.statuses("first") != [("LOCK_LOST", None)]:
        wrong.append(f"the ledger says {stage.statuses('first')} of the one that woke")
    if came_at - stopped_at > TTL + TAKEOVER_SECONDS:
        wrong.append(f"the other came {came_at - stopped_at:.1f} s after the standstill began")
    return Seen(wrong, f"taken over {came_at - stopped_at:.1f} s after a standstill began")


def death(stage: Stage) -> Seen:
    """R11: a holder that was killed; who waits comes in long before the lease ends."""
    stage.flow("first", until="never")
    stage.flow("second")
    first = stage.start("first")
    stage.await_sign("first", first)
    second = stage.start_waiting("second")
    first.kill()
    killed_at = seconds_since_boot()
    came_at = stage.await_sign("second", second)
    wrong = [] if (how := ended(second)) == ("SUCCESS", None) else [f"the other did not come in: {how}"]
    if came_at - killed_at > TAKEOVER_SECONDS:
        wrong.append(f"the other came {came_at - killed_at:.1f} s after the kill")
    return Seen(wrong, f"taken over {came_at - killed_at:.2f} s after a kill")


def plant(stage: Stage, **owner: object) -> None:
    """A lock whose owner is somebody else than this process, in some way; for ten minutes."""
    stage.ledger.parent.mkdir(parents=True, mode=0o700)
    with closing(open_ledger(stage.ledger)), closing(open_leases(stage.ledger)) as store:
        holder = Holder(flow_id="other", run_id="other", job_id="other", step_id="other")
        store.acquire("step:k", replace(own_identity(), **owner), holder, ttl=600)


def dead_owner(stage: Stage, **owner: object) -> Seen:
    plant(stage, **owner)
    stage.flow("second", wait_seconds=0)
    how = ended(stage.start("second"))
    return Seen([] if how == ("SUCCESS", None) else [f"a lock of the dead was not taken over: {how}"])


def number_given_again(stage: Stage) -> Seen:
    """R9: the owner's number belongs to a living process that started at another time."""
    return dead_owner(stage, ticks=own_identity().ticks - 1)


def earlier_boot(stage: Stage) -> Seen:
    """R9: the owner ran before the machine was started the last time; its number is a living process's."""
    return dead_owner(stage, boot="an earlier one")


def another_host(stage: Stage) -> Seen:
    """R11: an owner of which nothing is known but its lease, which goes by the clock on the wall."""
    plant(stage, host="elsewhere", pid=2**22 + 1)
    stage.flow("second")
    second = stage.start_waiting("second")
    with closing(apsw.Connection(str(stage.ledger))) as connection:
        connection.set_busy_timeout(10_000)
        ends_at = seconds_since_boot() + 2
        connection.execute("UPDATE locks SET expires_at = ?", (time() + 2,))
    came_at = stage.await_sign("second", second)
    wrong = [] if (how := ended(second)) == ("SUCCESS", None) else [f"the other did not come in: {how}"]
    if not -0.1 <= came_at - ends_at <= TAKEOVER_SECONDS:
        wrong.append(f"the other came {came_at - ends_at:.2f} s after the lease ended")
    return Seen(wrong, f"taken over {came_at - ends_at:.2f} s after the lease of another host ended")


SCENES: dict[str, Callable[[Stage], Seen]] = {
    scene.__name__: scene for scene in (long_work, standstill, death, number_given_again, earlier_boot, another_host)
}
MUTANTS: dict[str, tuple[Callable[[Stage], Seen], Mutant]] = {
    "no_renewal": (long_work, NO_RENEWAL),
    "no_ticks": (number_given_again, NO_TICKS),
    "no_loss": (standstill, NO_LOSS),
}


def stage_in(folder: Path, mutant: Mutant | None) -> Stage:
    folder.mkdir()
    environment = environment_of(mutant, folder / "code") if mutant else dict(os.environ)
    project = folder / "project"
    (project / "steps").mkdir(parents=True)
    (project / "steps" / "steps.py").write_text(STEPS)
    (project / "aetherflow.yaml").write_text("settings: {plugin_paths: [steps]}\n")
    return Stage(project, environment)


def play(folder: Path, scene: Callable[[Stage], Seen], mutant: Mutant | None) -> Seen:
    stage = stage_in(folder, mutant)
    try:
        return scene(stage)
    finally:
        stage.end()


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Seen]]]:
    """All of them at the same time: most of each is waiting."""
    folder = tmp_path_factory.mktemp("scenes")
    plays = {name: (scene, None) for name, scene in SCENES.items()} | MUTANTS
    with ThreadPoolExecutor(max_workers=4) as pool:
        yield {name: pool.submit(play, folder / name, scene, mutant) for name, (scene, mutant) in plays.items()}


@pytest.mark.parametrize("name", SCENES)
def test_a_lock_keeps_its_word(scenes, name):
    seen = scenes[name].result()

    print(f"\nleases, {name}: {seen.figures or 'taken over at once'}, {len(seen.wrong)} violations")
    assert seen.wrong == []


@pytest.mark.parametrize("name", MUTANTS)
def test_the_scenes_find_out_a_mutant(scenes, name):
    assert scenes[name].result().wrong, f"nobody noticed: {MUTANTS[name][1].name}"
