"""Runs one process to its end and takes its figures from the operating system."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_KIBIBYTES = 1024
_SHOWN = 2_000


@dataclass(frozen=True, slots=True)
class Figure:
    """What one process took: seconds, seconds of processor (user and system), MiB at its largest."""

    wall: float
    cpu: float
    #: Of the largest process below it. What is smaller than the measuring process (some 18 MiB) reads as that.
    peak: float


class CommandFailed(Exception):
    """A measured command did not do its work."""


def measure(
    command: Sequence[str], folder: Path, *, environment: Mapping[str, str] | None = None, expects: str = ""
) -> Figure:
    """Run a command in a folder.

    Raises:
        CommandFailed: it can't be started, ended badly, or did not say what it was expected to say.
    """
    output = folder / "output.txt"
    with output.open("wb") as sink:
        started = time.monotonic()
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={**surroundings(), **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise CommandFailed(f"{command[0]} can't be started: {error.strerror}") from error
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    _refuse_failure(command, process.returncode, output.read_text(errors="replace"), expects)
    return Figure(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss / _KIBIBYTES)


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
