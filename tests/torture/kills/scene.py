"""A project of its own in which one flow is run, killed and run again, and what stands there afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FLOWS = HERE / "flows"
PLUGIN = HERE / "plugin"
RUN_ID = "night"
#: How long anything may take before the harness gives up; nothing waits for it where all is well.
PATIENCE_SECONDS = 120
#: How long the processes of a run may outlive it when it is killed.
SURVIVAL_SECONDS = 3.0


class HarnessFault(Exception):
    """The harness itself could not do its work."""


@dataclass(slots=True)
class Child:
    """A command line that was started: a process to be killed or waited for, once."""

    pid: int
    starter: Starter | None
    process: subprocess.Popen[bytes] | None = None
    _descriptor: int = -1

    def __post_init__(self) -> None:
        self._descriptor = os.pidfd_open(self.pid)

    def has_ended(self, seconds: float) -> bool:
        """Whether it ends within these seconds."""
        ready, _, _ = select.select([self._descriptor], [], [], seconds)
        return bool(ready)

    def kill(self) -> None:
        """Kill it, where it still lives."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def code(self) -> int:
        """Wait for its end; answers its exit code, or the signal that ended it as a negative number."""
        if not self.has_ended(PATIENCE_SECONDS):
            self.kill()
            raise HarnessFault(f"process {self.pid} hangs")
        os.close(self._descriptor)
        if self.process is not None:
            return self.process.wait()
        assert self.starter is not None
        return int(self.starter.ask({"reap": self.pid})["code"])


class Starter:
    """A process from which command lines are forked; see starter.py."""

    def __init__(self, environment: Mapping[str, str], *, warm_with: Path) -> None:
        command = [sys.executable, str(HERE / "starter.py"), str(warm_with)]
        self._process = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._answer()

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """Let it go."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise HarnessFault("the starter died")
        answer: dict[str, Any] = json.loads(line)
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Which code runs: the environment that it is found by (a mutant's has it elsewhere), and how it is started."""

    environment: Mapping[str, str]
    #: The library that kills at a call; null where no test needs it.
    calls: Path | None = None

    @property
    def command(self) -> list[str]:
        """The program as a user starts it; a mutant's by its module."""
        if "PYTHONPATH" in self.environment:
            return [sys.executable, "-m", "aetherflow.kernel"]
        return [str(Path(sys.executable).with_name("aetherflow"))]

    def starter(self, folder: Path) -> Starter:
        """A starter of this code."""
        environment = {**self.environment, "AETHERFLOW_PLUGIN_PATHS": str(PLUGIN)}
        if self.calls is not None:
            environment["LD_PRELOAD"] = str(self.calls)
        return Starter(environment, warm_with=_warming_flow(folder))


def plain_code(calls: Path | None = None) -> Code:
    """The code of this checkout."""
    return Code(environment=clean_environment(), calls=calls)


def clean_environment() -> dict[str, str]:
    """What every run gets, whoever runs the tests."""
    passed_on = ("PATH", "HOME", "LANG", "TMPDIR")
    return {name: os.environ[name] for name in passed_on if name in os.environ}


@dataclass(slots=True, kw_only=True)
class Scene:
    """One project with one flow."""

    folder: Path
    flow: str
    code: Code
    starter: Starter | None = None
    #: How long each step works.
    pause: float = 0.0
    extra: Mapping[str, str] = field(default_factory=dict)
    tag: str = field(default_factory=lambda: secrets.token_hex(8))

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        shutil.copy(FLOWS / f"{self.flow}.yaml", self.folder)

    @property
    def witness(self) -> Path:
        """Where steps say that they worked."""
        return self.folder / "witness"

    @property
    def state(self) -> Path:
        """Where the ledger is."""
        return self.folder / ".aetherflow" / "state"

    @property
    def log(self) -> Path:
        """What the command line told, in all starts."""
        return self.folder / "log"

    @property
    def environment(self) -> dict[str, str]:
        """What the command line gets."""
        own = {
            "WITNESS": str(self.witness),
            "PAUSE": str(self.pause),
            "KILLS_TAG": self.tag,
            "AETHERFLOW_PLUGIN_PATHS": str(PLUGIN),
            "AETHERFLOW_LOG_FORMAT": "json",
        }
        return {**self.code.environment, **own, **self.extra}

    @property
    def arguments(self) -> list[str]:
        """What is asked of the command line: the same for the first start and for every other."""
        return ["run", f"{self.flow}.yaml", "--run-id", RUN_ID, "--json"]

    def start(
        self, *, number: int = 0, kill_at: int | None = None, record: Path | None = None, gate: str = ""
    ) -> Child:
        """Start the run, or start it again; see starter.py for `kill_at`, `record` and `gate`."""
        if self.starter is None:
            return self._start_program()
        request: dict[str, Any] = {
            "arguments": self.arguments,
            "folder": str(self.folder),
            "environment": self.environment,
            "output": str(self.output(number)),
            "log": str(self.log if not number else self.folder / f"log{number}"),
            "gate": gate,
        }
        if kill_at is not None:
            request |= {"kill_at": kill_at, "record": str(record or "")}
        return Child(int(self.starter.ask(request)["pid"]), self.starter)

    def output(self, number: int = 0) -> Path:
        """What the newest start answered."""
        return self.folder / (f"output{number}" if number else "output")

    def _start_program(self) -> Child:
        with self.output().open("wb") as output, self.log.open("ab") as log:
            process = subprocess.Popen(
                [*self.code.command, *self.arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
            )
        return Child(process.pid, None, process)

    def survivors(self) -> list[str]:
        """The processes of the run that are still there after the time that they may take to end; ended by us then."""
        deadline = time.monotonic() + SURVIVAL_SECONDS
        while (found := dict(processes_with(f"KILLS_TAG={self.tag}"))) and time.monotonic() < deadline:
            time.sleep(0.01)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return [f"{pid} {name}" for pid, name in found.items()]

    def witnessed(self) -> list[dict[str, Any]]:
        """What the steps said, in order."""
        return _json_lines(self.witness)

    def told(self) -> list[dict[str, Any]]:
        """What the command line told, in order; a last line that was cut off is none."""
        return _json_lines(self.log)

    def answer(self) -> dict[str, Any]:
        """The newest start's answer in JSON."""
        answer: dict[str, Any] = json.loads(self.output().read_text(encoding="utf-8"))
        return answer

    def artifacts(self) -> dict[str, str]:
        """The digest of every file in the run's workspace; what marks a folder as a run's is the run's own."""
        work = self.folder / ".aetherflow" / "work"
        return {
            str(path.relative_to(work)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(work.rglob("*"))
            if path.is_file() and path.name != ".aetherflow-run"
        }

    def remove(self) -> None:
        """Clear up."""
        shutil.rmtree(self.folder)


def processes_with(entry: str) -> Iterator[tuple[int, str]]:
    """The living processes that have an entry in their environment, each with its command line."""
    wanted = entry.encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        # Another user's, or gone.
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()


def _json_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file that are whole: where a process was killed, the log's last one need not be."""
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]:
        with contextlib.suppress(json.JSONDecodeError):
            found.append(json.loads(line))
    return [each for each in found if isinstance(each, dict)]


def _warming_flow(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(FLOWS / "chain.yaml", folder / "warm.yaml"))
