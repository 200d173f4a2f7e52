"""Runs one process to its end and takes its figures from the operating system."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_LAUNCH = Path(__file__).resolve().with_name("launch.py")
_KIBIBYTES = 1024
_SHOWN = 2_000
#: How a command tells a figure of its own.
_TOLD = re.compile(r"^figure (?P<name>.+) = (?P<value>\d+(?:\.\d+)?)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Figure:
    """What one process took: seconds, seconds of processor (user and system), MiB at its largest."""

    wall: float
    cpu: float
    #: Of the largest among it and its children.
    peak: float
    #: What it told itself, by name.
    told: Mapping[str, float] = field(default_factory=dict)

    def value(self, name: str) -> float:
        """One of them by its name."""
        return self.told[name] if name in self.told else float(getattr(self, name))


class CommandFailed(Exception):
    """A measured command did not do its work."""


def measure(
    command: Sequence[str], folder: Path, *, environment: Mapping[str, str] | None = None, expects: str = ""
) -> Figure:
    """Run a command in a folder.

    Raises:
        CommandFailed: it can't be started, ended badly, or did not say what it was expected to say.
    """
    output, figures = folder / "output.txt", folder / "figures.txt"
    figures.unlink(missing_ok=True)
    with output.open("wb") as sink:
        subprocess.run(
            [sys.executable, "-I", "-S", str(_LAUNCH), str(figures), *command],
            cwd=folder,
            env={**surroundings(), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            check=False,
        )
    said = output.read_text(encoding="utf-8", errors="replace")
    if not figures.exists():
        raise CommandFailed(f"{command[0]} can't be started: {said.splitlines()[-1]}")
    code, wall, cpu, peak = figures.read_text(encoding="ascii").split()
    _refuse_failure(command, int(code), said, expects)
    told = {found["name"]: float(found["value"]) for found in _TOLD.finditer(said)}
    return Figure(wall=float(wall), cpu=float(cpu), peak=int(peak) / _KIBIBYTES, told=told)


def surroundings() -> dict[str, str]:
    """This process's environment without what would change what is measured.

    `PYTHONDONTWRITEBYTECODE` for one makes each start compile every module again.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AETHERFLOW"))}


def _refuse_failure(command: Sequence[str], code: int, said: str, expects: str) -> None:
    shown = f"{' '.join(command)}\n{said[-_SHOWN:]}"
    if code:
        raise CommandFailed(f"exit code {code}: {shown}")
    if expects not in said:
        raise CommandFailed(f"it did not say {expects!r}: {shown}")
