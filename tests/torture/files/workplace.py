"""A project whose flow publishes without end, the program run in it, and a tree of decoys beside it."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.torture.mutants import Mutant, environment_of

#: How often a line stands in a file: torn, it has lines of two kinds, or too few.
LINES = 4_000
FILES_IN_FOLDER = 3

STEPS = '''
import contextlib
import time

from aetherflow.kernel.api import AetherFlowError, Rerun, StepContext, StepOutputs, register_step

LINES = 4_000
FILES_IN_FOLDER = 3


class Counted(StepOutputs):
    tries: int
    done: int
    leaks: int


def content(number):
    return f"{number:012d}\\n" * LINES


@register_step("publish_on_and_on", rerun=Rerun.SAFE)
def publish_on_and_on(context: StepContext, times: int, first: int) -> Counted:
    """Replace a file and a folder over and over, in the project and in the artifacts."""
    for number in range(first, first + times):
        for place in (context.project / "out", context.artifacts):
            with context.publish(place / "file") as temporary:
                temporary.write_text(content(number))
        with context.staged_folder(context.project / "out" / "folder") as folder:
            for name in range(FILES_IN_FOLDER):
                (folder / f"{name}").write_text(content(number))
            context.publish_folder(folder, context.project / "out" / "folder")
    return Counted(tries=times, done=times, leaks=0)


@register_step("hammer", rerun=Rerun.SAFE)
def hammer(context: StepContext, seconds: float, only: str) -> Counted:
    """Write and read below a folder that somebody exchanges for a link all the time."""
    inside = context.project / "out" / "flipped" / "in"
    tries = done = leaks = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for work in (publish_file, publish_new, fill_folder, read_file):
            if only not in {"everything", work.__name__}:
                continue
            tries += 1
            with contextlib.suppress(AetherFlowError, OSError):
                leaks += work(context, inside, tries)
                done += 1
    return Counted(tries=tries, done=done, leaks=leaks)


def publish_file(context, inside, number):
    with context.publish(inside / "file") as temporary:
        temporary.write_text("ours")
    return 0


def publish_new(context, inside, number):
    with contextlib.suppress(FileExistsError), context.publish(inside / "new" / "once", replace=False) as temporary:
        temporary.write_text("ours")
    return 0


def fill_folder(context, inside, number):
    with context.staged_folder(inside / "folder") as folder:
        context.publish_folder(folder, inside / "folder")
    return 0


def read_file(context, inside, number):
    with context.paths.open(str(inside / "file")) as file:
        return file.read() not in {b"ours", b"inside"}
'''


def content(number: int) -> bytes:
    """What the steps write."""
    return f"{number:012d}\n".encode() * LINES


@dataclass(frozen=True)
class Workplace:
    """A project, and beside it a folder `outside` in which nothing may ever change."""

    folder: Path
    environment: dict[str, str]

    @property
    def outside(self) -> Path:
        return self.folder.parent / "outside"

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "aetherflow.kernel", *map(str, arguments)]

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: object) -> dict:
        """Run the program to its end; what it answers in JSON."""
        with self.start(*arguments, "--json") as running:
            out, _ = running.communicate(timeout=200)
        return json.loads(out)

    def left(self) -> list[str]:
        """What is not in place yet, anywhere."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob(".aetherflow.*"))


def new_workplace(folder: Path, mutant: Mutant | None = None) -> Workplace:
    """A project with the steps above; with a mutant, its code is what runs there."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "PYTHONPATH") if key in os.environ}
    environment = {**kept, "AETHERFLOW_PLUGIN_PATHS": str(folder / "project" / "steps"), "PYTHONDONTWRITEBYTECODE": "1"}
    if mutant is not None:
        environment = environment_of(mutant, folder / "mutated", environment)
    made = Workplace(folder / "project", environment)
    made.write("steps/steps.py", STEPS)
    (folder / "outside").mkdir(parents=True)
    return made


def digest_of(folder: Path) -> str:
    """A digest of all names, kinds, contents and permissions in a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        found = path.lstat()
        digest.update(f"{path.relative_to(folder)} {found.st_mode:o} {found.st_ino}\n".encode())
        with contextlib.suppress(OSError):
            digest.update(os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes())
    return digest.hexdigest()


def exchange(one: Path, other: Path) -> None:
    """Have two names change places in one move."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.renameat2(-100, os.fsencode(one), -100, os.fsencode(other), 2):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
