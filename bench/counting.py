"""Counts syncs, SQL statements and instructions, which don't vary with the machine, and what a run is of its ideal."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .comparison import Side, run_side
from .measure import CommandFailed

_SYNCS = "fsync,fdatasync,sync_file_range,syncfs,sync,msync"
_SYNC_LINE = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(?P<calls>\d+)\s+(?:\d+\s+)?(?P<name>\w*sync\w*)$", re.MULTILINE)
_INSTRUCTIONS = re.compile(r"Collected\s*:\s*(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToCount:
    """What to count: a side's run of so many steps."""

    name: str
    side: Side
    how: Callable[[Side, Path], dict[str, int]]
    steps: int = 1
    #: What the first count may be at most, for each step.
    aim: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted in one run of a side, and for how many steps."""

    name: str
    side: str
    steps: int
    aim: float | None
    counts: Mapping[str, int]


def count(what: ToCount, folder: Path) -> Counted:
    """Count it.

    Raises:
        CommandFailed: the tool for it is not here or may not work, or the command failed.
    """
    counts = what.how(what.side, folder)
    return Counted(name=what.name, side=what.side.name, steps=what.steps, aim=what.aim, counts=counts)


def syncs(side: Side, folder: Path) -> dict[str, int]:
    """Count the calls that wait for the disk, of the process and all below it."""
    strace = _tool("strace", "syncs are not counted")
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".strace") as summary:
        run_side(side, folder, before=(strace, "-f", "-c", "-e", f"trace={_SYNCS}", "-o", summary.name))
        found = Path(summary.name).read_text(encoding="utf-8")
    calls = {match["name"]: int(match["calls"]) for match in _SYNC_LINE.finditer(found)}
    return {"syncs": sum(calls.values()), **calls}


def statements(side: Side, folder: Path) -> dict[str, int]:
    """Count what the command asks of SQLite; the side's command starts with our own program of that purpose."""
    return _told_by_program(side, folder)


def efficiency(side: Side, folder: Path) -> dict[str, int]:
    """How near a run comes to the time that its waits alone would take; by our own program of that purpose."""
    return _told_by_program(side, folder)


def _told_by_program(side: Side, folder: Path) -> dict[str, int]:
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".json") as counts:
        python, program, *arguments = side.command
        run_side(replace(side, command=(python, program, counts.name, *arguments)), folder)
        return dict(json.loads(Path(counts.name).read_text(encoding="utf-8")))


def instructions(side: Side, folder: Path) -> dict[str, int]:
    """Count the instructions of a process, with one hash seed for all; a run before it writes bytecode."""
    valgrind = _tool("valgrind", "instructions are not counted")
    still = replace(side, environment={**side.environment, "PYTHONHASHSEED": "0"})
    run_side(still, folder)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".valgrind") as log:
        collecting = ("--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={log.name}")
        run_side(still, folder, before=(valgrind, *collecting, *_interpreter(still)))
        found = _INSTRUCTIONS.search(Path(log.name).read_text(encoding="utf-8", errors="replace"))
    if found is None:
        raise CommandFailed("valgrind did not say how many instructions there were")
    return {"instructions": int(found[1])}


def _interpreter(side: Side) -> tuple[str, ...]:
    """The interpreter of a script, which valgrind would otherwise not follow into."""
    with Path(side.command[0]).open("rb") as program:
        first = program.readline()
    return (first[2:].decode().strip(),) if first.startswith(b"#!") else ()


def _tool(name: str, otherwise: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CommandFailed(f"there is no {name} here: {otherwise}")
    return found
