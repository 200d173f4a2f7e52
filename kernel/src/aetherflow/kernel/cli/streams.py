"""The standard streams of the process: there from the start, and let go of where nobody takes what is written."""

from __future__ import annotations

import io
import os
import sys
import threading
from typing import Literal

#: So long whoever reads a stream has for what is left of it, where the process can't wait for good; in seconds.
_PATIENCE = 1.0


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


def flush_streams(*, has_left_behind: bool = False) -> None:
    """Hand on what is still to be written, where somebody takes it.

    Args:
        has_left_behind: whether a thread was left behind. It may sit in a write to a pipe that nobody reads, and
            hold the stream: then no more is handed on than gets through in a second.
    """
    names: tuple[Literal["stdout", "stderr"], ...] = ("stdout", "stderr")
    for name in names:
        if not has_left_behind:
            _flush(name)
            continue
        flushing = threading.Thread(target=_flush, args=(name,), daemon=True)
        flushing.start()
        flushing.join(_PATIENCE)


def _flush(name: Literal["stdout", "stderr"]) -> None:
    try:
        stream = getattr(sys, name)
        if stream is not None:
            stream.flush()
    except (OSError, ValueError):
        drop_stream(name)
