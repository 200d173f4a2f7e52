"""Trees of processes that try to stay, and how to find what is left of them."""

from __future__ import annotations

import contextlib
import os
import signal
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

TAG = "AETHERFLOW_TREE_OF_TORTURE"
IGNORES_TERM = "trap '' TERM; while :; do sleep 5; done"
#: Each says that it stands by a file `$READY`, and leaves only when it is ended.
SHAPES = {
    "plain": 'echo standing; : > "$READY"; exec sleep 300',
    "background": 'sleep 300 & echo standing; : > "$READY"; sleep 300',
    "setsid": 'setsid sleep 300 & echo standing; : > "$READY"; sleep 300',
    "double fork": '( ( setsid sleep 300 & ) & ) ; echo standing; : > "$READY"; sleep 300',
    "ignores TERM": f'echo standing; : > "$READY"; {IGNORES_TERM}',
    "holds pipe": f'setsid sh -c "{IGNORES_TERM}" & echo standing; : > "$READY"; sleep 300',
    "exits leaving child": 'setsid sleep 300 & sleep 300 & trap "exit 0" TERM; echo standing; : > "$READY"; while :; do sleep 0.05; done',
}
MODES = ("inherit", "capture", "file")


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree in a run: its shape, where its output goes, and the tag by which its processes are known."""

    shape: str
    mode: str
    tag: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def job_id(self) -> str:
        """The id of the job that starts it."""
        return f"j{self.tag}"


@dataclass(frozen=True, slots=True)
class Found:
    """A process, told from a later one of its number by when it started."""

    pid: int
    started: str

    def state(self) -> str:
        """The letter that /proc has for it; empty where it is gone."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return fields[0] if fields[19] == self.started else ""


def processes_of(tags: Iterable[str]) -> dict[str, list[Found]]:
    """The processes that carry each of the tags in their environment, wherever they went."""
    found: dict[str, list[Found]] = {tag: [] for tag in tags}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        # It may end while it is looked at; a zombie's environment is empty.
        with contextlib.suppress(OSError):
            for variable in (entry / "environ").read_bytes().split(b"\0"):
                name, _, value = variable.partition(b"=")
                if name == TAG.encode() and value.decode() in found:
                    started = (entry / "stat").read_text().rpartition(")")[2].split()[19]
                    found[value.decode()].append(Found(int(entry.name), started))
    return found


def end(tags: Iterable[str]) -> None:
    """Kill what is left of trees that a mutant let live."""
    for processes in processes_of(tags).values():
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not (is_met := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_met
