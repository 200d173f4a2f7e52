"""What a process holds while it works: descriptors, threads, memory, children; and what stands in its folders."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

KIB = 1024
PROC = Path("/proc")
#: Of /proc/PID/status.
NUMBERS = {"VmRSS", "Threads", "voluntary_ctxt_switches"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How it stood at one moment."""

    #: Runs that were over by then.
    runs: int
    #: Children that it had.
    working: int
    descriptors: int
    threads: int
    zombies: int
    memory: int
    #: Bytes of the ledger, and of what its last writes wait in.
    ledger: int
    write_ahead: int
    #: Occurrences in the ledger.
    rows: int
    #: Files with outputs.
    outputs: int


def descriptors_of(pid: int) -> int:
    """How many descriptors a process has open."""
    return sum(1 for _ in (PROC / str(pid) / "fd").iterdir())


def memory_of(pid: int) -> int:
    """How many bytes of memory a process has to itself and shares."""
    return _status(pid)["VmRSS"] * KIB


def threads_of(pid: int) -> int:
    """How many threads a process has."""
    return _status(pid)["Threads"]


def children_of(pid: int) -> list[int]:
    """The processes that it started and whose end it has not asked for."""
    found: list[int] = []
    for children in (PROC / str(pid) / "task").glob("*/children"):
        # A thread that is gone.
        with contextlib.suppress(OSError):
            found += map(int, children.read_text().split())
    return found


def zombies_of(pid: int) -> int:
    """How many of its children have ended and wait to be asked how."""
    return sum(_state(child) == "Z" for child in children_of(pid))


def sleeps_of(pid: int) -> int:
    """How often its main thread has gone to sleep so far."""
    return _status(pid)["voluntary_ctxt_switches"]


def size_of(file: Path) -> int:
    """How many bytes it has; none where it is not there."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def slope(points: list[tuple[float, float]]) -> float:
    """How much the second value grows with the first one, by the method of least squares."""
    count = len(points)
    middle, height = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * (y - height) for x, y in points) / spread if spread else 0.0


def _status(pid: int) -> dict[str, int]:
    lines = (line.split() for line in (PROC / str(pid) / "status").read_text().splitlines())
    return {words[0].rstrip(":"): int(words[1]) for words in lines if words[0].rstrip(":") in NUMBERS}


def _state(pid: int) -> str:
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""
