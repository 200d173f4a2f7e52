"""A schedule in a folder of its own, the schedulers that work on it, and what is left when they are gone."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..kills.scene import processes_with
from .audit import watch

HERE = Path(__file__).resolve().parent
PLUGIN = HERE / "plugin"
FLOWS = HERE / "flows"
#: How long a scheduler may take to leave when it is told to, its runs included.
PATIENCE_SECONDS = 180
#: How long the processes of runs may outlive the last scheduler when it is killed.
SURVIVAL_SECONDS = 4.0

Runs = Literal["stub", "kernel"]
#: Be the daemon, tick once, or make the ledger and nothing else.
Does = Literal["run", "tick", "make"]


@dataclass(frozen=True, slots=True)
class Span:
    """Some time; in seconds since 1970."""

    began: float
    ended: float


def every_second(name: str, *, flow: str = "safe", every: str = "1s", **policies: Any) -> dict[str, Any]:
    """An item that is due every second, and whose occurrences don't wait for each other."""
    return {"id": name, "interval": every, "flow_yaml": f"flows/{flow}.yaml", "overlap": "allow", **policies}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder with a schedule file, flows and a witness file."""

    folder: Path
    items: Sequence[Mapping[str, Any]]
    #: What is run for an occurrence: the stub, or the kernel itself.
    runs: Runs = "stub"
    #: How long each run works.
    seconds: float = 0.2
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: How often schedulers look for what is to be forgotten, in seconds; null for as often as they do by themselves.
    forgets_every: float | None = None
    #: The code that is tried: the environment in which it is what Python imports.
    code: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    #: All that were started here.
    schedulers: list[Scheduler] = field(default_factory=list)
    #: In the environment of every process of this place, by which they are found.
    tag: str = field(default_factory=lambda: secrets.token_hex(8))

    def __post_init__(self) -> None:
        (self.outside / "safe").mkdir(parents=True)
        self.temporary.mkdir()
        self.logs.mkdir()
        for flow in FLOWS.glob("*.yaml"):
            (self.folder / "flows" / flow.name).write_bytes(flow.read_bytes())
        content = {"version": 1, "timezone": "UTC", **self.settings, "items": list(self.items)}
        # JSON is YAML, too.
        self.file.write_text(json.dumps(content, indent=1), encoding="utf-8")

    @property
    def file(self) -> Path:
        """The schedule file."""
        return self.folder / "schedule.yaml"

    @property
    def state(self) -> Path:
        """The folder of the occurrence ledger and of outputs."""
        return self.folder / ".aetherflow" / "schedule"

    @property
    def ledger(self) -> Path:
        """The occurrence ledger."""
        return self.state / "occurrences.sqlite"

    @property
    def witness(self) -> Path:
        """Where the stub says that it worked."""
        return self.folder / "witness"

    @property
    def outside(self) -> Path:
        """Where the steps of real flows leave their effects: in the flows' project, where they may write."""
        return self.folder / "flows" / "outside"

    @property
    def temporary(self) -> Path:
        """Where all processes put what they need for a while."""
        return self.folder / "temporary"

    @property
    def logs(self) -> Path:
        """What each scheduler told."""
        return self.folder / "logs"

    @property
    def environment(self) -> dict[str, str]:
        """What every scheduler gets."""
        return {
            **self.code,
            "WITNESS": str(self.witness),
            "OUTSIDE": str(self.outside),
            "STUB_SECONDS": str(self.seconds),
            "TMPDIR": str(self.temporary),
            "SCHEDULER_TAG": self.tag,
            "AETHERFLOW_PLUGIN_PATHS": str(PLUGIN),
            "FORGETS_EVERY": "" if self.forgets_every is None else str(self.forgets_every),
        }

    def start(self, command: Does = "run") -> Scheduler:
        """Start a scheduler."""
        scheduler = Scheduler(self, command)
        self.schedulers.append(scheduler)
        return scheduler

    def make_ledger(self) -> None:
        """Make an empty one that writes down what happens to it."""
        assert self.start("make").code() == 0, self.told()
        watch(self.ledger)

    def prepare(self) -> None:
        """Make a ledger and look for the first time: what is due from now on counts."""
        self.make_ledger()
        assert self.start("tick").code() == 0, self.told()

    def operate(self, command: Literal["pause", "resume"]) -> None:
        """Pause or resume all items."""
        items = [str(item["id"]) for item in self.items]
        program = [sys.executable, "-P", "-m", "aetherflow.scheduler", command, str(self.file), *items]
        subprocess.run(program, cwd=self.folder, env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def told(self) -> str:
        """The end of what the schedulers told."""
        logs = sorted(self.logs.iterdir(), key=lambda log: log.stat().st_mtime)
        return "".join(log.read_text(encoding="utf-8", errors="replace")[-2000:] for log in logs[-3:])

    def survivors(self) -> list[str]:
        """Processes that are still there after the time that they may take to end; ended by us then."""
        deadline = time.monotonic() + SURVIVAL_SECONDS
        while (found := dict(processes_with(f"SCHEDULER_TAG={self.tag}"))) and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return [f"process {pid} is left: {name}" for pid, name in found.items()]


class Scheduler:
    """A scheduler at work; it is started as a user would, but for what it runs."""

    def __init__(self, place: Place, command: Does) -> None:
        program = [sys.executable, "-P", str(HERE / "program.py"), place.runs, command, str(place.file)]
        self._log = place.logs / f"{len(list(place.logs.iterdir())):04}"
        with self._log.open("xb") as log:
            self._process = subprocess.Popen(
                program,
                cwd=place.folder,
                env=place.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        #: When it left or was killed; null where it lives.
        self.left_at: float | None = None
        #: The times in which it stood still.
        self._stops: list[Span] = []
        self._stopped_at: float | None = None

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def is_at_work(self) -> bool:
        """Whether it has begun to look for what is due."""
        return b"schedule_start" in self._log.read_bytes()

    def wait_until_at_work(self) -> None:
        """Wait until it has begun to look for what is due, or has left."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.is_at_work and not self.has_ended and time.monotonic() < deadline:
            time.sleep(0.02)

    def reload(self) -> None:
        """Have it read the schedule file again."""
        self._process.send_signal(signal.SIGHUP)

    @property
    def has_ended(self) -> bool:
        """Whether it has left."""
        return self._process.poll() is not None

    def at_work(self) -> list[Span]:
        """The times in which it looked for what is due, as far as one can see from outside."""
        told = self._log.read_bytes().split(b"\n")
        began = next((json.loads(line)["at"] for line in told if b'"schedule_start"' in line), None)
        if began is None or self.left_at is None:
            return []
        moments = [began, *(moment for stop in self._stops for moment in (stop.began, stop.ended)), self.left_at]
        return [Span(*pair) for pair in zip(moments[::2], moments[1::2], strict=True)]

    def stop(self) -> None:
        """Have it stand still."""
        self._stopped_at = time.time()
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Have it go on."""
        if self._stopped_at is not None:
            self._process.send_signal(signal.SIGCONT)
            self._stops.append(Span(self._stopped_at, time.time()))
            self._stopped_at = None

    def kill(self) -> int:
        """Kill it; answers its exit code, which is another one where it had left by itself."""
        self._process.kill()
        return self.code()

    def code(self) -> int:
        """Wait for its end; answers its exit code."""
        code = self._process.wait(PATIENCE_SECONDS)
        if self.left_at is None:
            self.left_at = time.time()
        if self._stopped_at is not None:
            self._stops.append(Span(self._stopped_at, self.left_at))
            self._stopped_at = None
        return code

    def leave(self) -> int:
        """Have it end as an operator would, when its runs are over; answers its exit code."""
        self.wake()
        self._process.terminate()
        return self.code()
