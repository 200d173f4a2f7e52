"""The standard streams of the process: there from the start, and let go of where nobody takes what is written."""

from __future__ import annotations

import io
import os
import sys
from typing import Literal


def settle_streams() -> None:
    """Make sure that there are three, and that they take any text: names of files may hold bytes that are none."""
    # A closed one would be the number of the next file that is opened, the ledger for one.
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for good, by number
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - the same
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def drop_stream(name: Literal["stdout", "stderr"]) -> None:
    """Write nothing more to a stream that nobody takes."""
    # Python itself would try once more at the end, complain, and leave with an exit code of its own.
    setattr(sys, name, None)


def flush_streams() -> None:
    """Hand on what is still to be written, where somebody takes it."""
    names: tuple[Literal["stdout", "stderr"], ...] = ("stdout", "stderr")
    for name in names:
        try:
            stream = getattr(sys, name)
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            drop_stream(name)
