"""Faults that strace makes of system calls: at the n-th call of a kind, or from the n-th on."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

#: What fails, how, and at which of the calls: where it says 4, at every 4th.
KINDS = {
    "write": ("ENOSPC", 1),
    "pwrite64": ("ENOSPC", 1),
    "rename": ("ENOSPC", 1),
    "renameat": ("ENOSPC", 1),
    "renameat2": ("ENOSPC", 1),
    "link": ("ENOSPC", 1),
    "linkat": ("ENOSPC", 1),
    "mkdir": ("ENOSPC", 1),
    "mkdirat": ("ENOSPC", 1),
    "fsync": ("EIO", 1),
    "fdatasync": ("EIO", 1),
    "ftruncate": ("EIO", 1),
    "openat": ("EMFILE", 4),
    "pipe2": ("EMFILE", 1),
    "socket": ("EMFILE", 1),
    "epoll_create1": ("EMFILE", 1),
}
#: Full disks and tables stay full; a device may fail once.
LASTING = {"ENOSPC", "EMFILE"}
#: Where this is opened the program's own code begins: what fails before is Python's to tell.
_PROGRAM = re.compile(r"kernel/cli/(?:__pycache__/)?program\.")
_CALL = re.compile(r"^(\d+) +(\w+)\(")
_INJECTED = re.compile(r"^(\d+) .*\(INJECTED\)$", re.MULTILINE)
_UNFINISHED = re.compile(r"^(\d+) +(\w+)\((.*?) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$")
_SYNC = re.compile(r"^\d+ +(?:fsync|fdatasync)\(\d+<([^>]*)>\) += (.*)$")
_TOLD = re.compile(r"^\d+ +write\([12]<(?!/dev/null)[^>]*>, \"(.*)\"", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of call that fails at its n-th time in each thread, or from then on."""

    call: str
    error: str
    number: int
    is_lasting: bool

    def __str__(self) -> str:
        return f"{self.error} at {self.call} {self.number}{'+' if self.is_lasting else ''}"

    def command(self, record: Path) -> list[str]:
        """What to put in front of a command so that it meets this fault."""
        when = f"{self.number}{'+' if self.is_lasting else ''}"
        return [*tracing(record), "-e", f"inject={self.call}:error={self.error}:when={when}"]


@dataclass(frozen=True, slots=True)
class Record:
    """What strace wrote down, each call on one line."""

    lines: tuple[str, ...]

    @property
    def times_hit(self) -> int:
        """How many calls failed because we said so."""
        return sum(line.endswith("(INJECTED)") for line in self.lines)

    @property
    def told(self) -> str:
        """All that was written to standard output and error, or would have been, were it not for the fault."""
        return "\n".join(_TOLD.findall("\n".join(self.lines)))

    def syncs(self) -> list[tuple[str, bool]]:
        """The files that were to be synced, in order, each with whether it failed."""
        found = [_SYNC.match(line) for line in self.lines]
        return [(match[1], match[2].startswith("-1 EIO")) for match in found if match]


def tracing(record: Path) -> list[str]:
    """What to put in front of a command so that its calls are written down."""
    calls = ",".join(sorted({*KINDS, "write"}))
    return ["strace", "-f", "-qq", "-y", "-s", "4096", "-o", str(record), "-e", "signal=none", "-e", f"trace={calls}"]


def read_record(path: Path) -> Record:
    """Read what strace wrote, with calls that were told in two parts put together."""
    lines: list[str] = []
    begun: dict[tuple[str, str], int] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if match := _UNFINISHED.match(line):
            begun[match[1], match[2]] = len(lines)
            lines.append(f"{match[1]} {match[2]}({match[3]}")
        elif (match := _RESUMED.match(line)) and (place := begun.pop((match[1], match[2]), None)) is not None:
            lines[place] += match[3]
        else:
            lines.append(line)
    return Record(tuple(lines))


def points(record: Record) -> list[Fault]:
    """Every fault that a run like the recorded one can meet once its own code is there to tell of it."""
    # Counted as strace counts: in each thread by itself.
    calls = Counter(match.groups() for line in record.lines if (match := _CALL.match(line)))
    most: dict[str, int] = {}
    for (_, call), times in calls.items():
        most[call] = max(most.get(call, 0), times)
    first = {"openat": _opens_before(record) + 1}
    return [
        Fault(call, error, number, is_lasting)
        for call, (error, step) in KINDS.items()
        for number in range(first.get(call, 1), most.get(call, 0) + 1, step)
        for is_lasting in ((False, True) if error in LASTING else (False,))
    ]


def _opens_before(record: Record) -> int:
    opened = [line for line in record.lines if " openat(" in line]
    thread = opened[0].split()[0]
    of_thread = [line for line in opened if line.split()[0] == thread]
    return next(number for number, line in enumerate(of_thread) if _PROGRAM.search(line))


def sample(faults: Iterable[Fault], number: int, *, seed: int) -> list[Fault]:
    """So many of them, of each kind of call some, spread over the run."""
    kinds: dict[tuple[str, bool], list[Fault]] = {}
    for fault in faults:
        kinds.setdefault((fault.call, fault.is_lasting), []).append(fault)
    # Round after round one of each kind, each time halving what lies between those that were taken.
    spread = [[kind[place] for place in _spread(len(kind), seed)] for kind in kinds.values()]
    rounds = [fault for turn in range(max(map(len, spread))) for faults in spread for fault in faults[turn : turn + 1]]
    return rounds[:number]


def _spread(length: int, seed: int) -> list[int]:
    """All places of a list, each far from those before it: multiples of the golden ratio."""
    keys = [(seed * 0.7548776662466927 + turn * 0.6180339887498949) % 1 for turn in range(length * 8)]
    return list(dict.fromkeys([int(key * length) for key in keys] + list(range(length))))


def require_strace() -> None:
    """Say so where there is no strace; where everything must be tested, it must be there."""
    if shutil.which("strace") is None:
        leave = pytest.fail if os.environ.get("AETHERFLOW_REQUIRE_SERVERS") else pytest.skip
        leave("there is no strace, which makes system calls fail")
