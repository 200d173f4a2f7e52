"""What the kernel's tests share: a project in a folder of its own, and the program run as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import pytest

#: Steps that a test can steer from outside: the kernel's own tests use no first-party plugin.
STEPS = '''
import os
import signal
import time
from pathlib import Path

from aetherflow.kernel.api import (
    ArtifactPath, Effect, NothingDone, OutputPath, Rerun, Skip, StepContext, StepError, StepInputs, StepOutputs,
    Step, register_step,
)


class Any(StepOutputs):
    value: object = None


@register_step("say", rerun=Rerun.SAFE)
def say(context: StepContext, value: object = None, witness: str = "") -> Any:
    """Give back a value, and leave a line in a file of the project for each time it is run."""
    if witness:
        with (context.project / witness).open("a") as lines:
            lines.write(f"{context.step_id} {context.attempt}\\n")
    return Any(value=value)


@register_step("fail", rerun=Rerun.SAFE)
def fail(context: StepContext, unless: str = "", kind: str = "step", witness: str = "") -> Any:
    """Fail in some way, unless a file of the project exists."""
    if witness:
        with (context.project / witness).open("a") as lines:
            lines.write(f"{context.step_id} {context.attempt}\\n")
    if unless and (context.project / unless).exists():
        return Any(value="mended")
    if kind == "exit":
        raise SystemExit(0)
    if kind == "plain":
        raise ValueError("something broke")
    if kind == "nothing":
        raise NothingDone("nothing was done")
    if kind == "wrong":
        return {"value": 1}
    if kind == "nan":
        return Any(value=float("nan"))
    raise StepError("it went wrong")


@register_step("once")
def once(context: StepContext, kind: str = "step", unless: str = "") -> Any:
    """The same, for a step that may run once only."""
    return fail(context, unless=unless, kind=kind)


@register_step("nothing_to_do", rerun=Rerun.SAFE)
def nothing_to_do(context: StepContext, unless: str = "") -> Any | Skip:
    """Skip, unless a file of the project exists."""
    if unless and (context.project / unless).exists():
        return Any(value="data")
    return Skip("no data")


@register_step("hang", rerun=Rerun.SAFE)
def hang(context: StepContext, ready: str, obeys: bool = True) -> Any:
    """Say that it runs, and stay until it is told to stop."""
    # Whoever hears of it finds it in the ledger.
    context.check_fence()
    (context.project / ready).write_text(str(os.getpid()))
    while not (obeys and context.cancelled.is_set()):
        time.sleep(0.02)
    raise StepError("told to stop")


class WriteInputs(StepInputs):
    path: OutputPath
    text: str


class WriteOutputs(StepOutputs):
    path: str


class Write(Step[WriteInputs, WriteOutputs]):
    """Publish a file."""

    name = "write"
    effects = frozenset({Effect.WRITE_FILES})
    rerun = Rerun.SAFE

    def run(self, context, inputs):
        with context.publish(inputs.path) as temporary:
            temporary.write_text(inputs.text)
        return WriteOutputs(path=str(inputs.path))


class ReadInputs(StepInputs):
    path: ArtifactPath


class Read(Step[ReadInputs, Any]):
    """Read a file."""

    name = "read"
    effects = frozenset({Effect.READ_FILES})
    rerun = Rerun.SAFE

    def run(self, context, inputs):
        return Any(value=inputs.path.read_text())
'''


@dataclass(frozen=True)
class Answer:
    """What the program answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        return json.loads(self.out)


@dataclass
class Project:
    """A folder with flows, and the program run in it with an environment of its own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "aetherflow.kernel", *map(str, arguments)]

    def environ(self, **more: str) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "PYTHONPATH", "LANG") if key in os.environ}
        kept["PYTHONDONTWRITEBYTECODE"] = "1"  # so that what a command leaves behind is its own doing
        return {**kept, "AETHERFLOW_PLUGIN_PATHS": str(self.folder / "steps"), **self.environment, **more}

    def aetherflow(self, *arguments: object, **more: str) -> Answer:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environ(**more),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: object, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environ(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # What started these tests may ignore SIGINT (a shell's `&` does), and its children would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with the steps of these tests in a local plugin folder."""
    made = Project(tmp_path / "project")
    made.write("steps/steps.py", STEPS)
    return made
