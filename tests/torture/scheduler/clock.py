"""A wall clock that is set while schedulers and their runs are at work; see clock.c."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("clock.c")
HOUR, DAY = 3600, 86400


def built_library(folder: Path) -> Path:
    """The library that moves the clock; where there is no compiler, the test is skipped, or fails where it must run."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        leave = pytest.fail if os.environ.get("AETHERFLOW_REQUIRE_SERVERS") else pytest.skip
        leave("there is no C compiler, and the library that moves the clock is written in C")
    library = folder / "clock.so"
    subprocess.run([str(compiler), "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, SOURCE], check=True)
    return library


class MovedClock:
    """The clock of all processes with its environment; it stands right at first."""

    def __init__(self, library: Path, file: Path) -> None:
        self._library, self._file = library, file
        self._moved_by = 0
        self._write()

    @property
    def environment(self) -> Mapping[str, str]:
        """Under which processes see it."""
        return {**os.environ, "LD_PRELOAD": str(self._library), "MOVED_CLOCK": str(self._file)}

    def now(self) -> float:
        """What it shows, in seconds since 1970."""
        return time.time() + self._moved_by

    def move(self, seconds: int) -> None:
        """Set it, so much forwards or backwards."""
        self._moved_by += seconds
        self._write()

    def _write(self) -> None:
        # In its place: the processes have it mapped.
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._file, flags, 0o600)
        os.pwrite(descriptor, struct.pack("=q", self._moved_by), 0)
        os.close(descriptor)
