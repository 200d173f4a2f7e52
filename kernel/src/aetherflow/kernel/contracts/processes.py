"""An external process as a step asks for it, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, Protocol

from ..quick_dataclasses import dataclass, field

OutputMode = Literal["inherit", "capture", "discard"]
Stream = Literal["stdout", "stderr"]
#: Called with the stream's name and one decoded line, without its line end, as lines arrive.
OnLine = Callable[[Stream, str], None]


class CancelSignal(Protocol):
    """Set when the step must stop; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether the step must stop."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds; answers whether the step must stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to run: an argument list, never a line for a shell.

    `stdout` and `stderr` are a mode, or the path of a file to append to. `inherit` sends lines to the
    caller's `on_line` only. Seconds are real seconds; `capture_bytes` bounds each captured stream.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    cwd: Path
    stdin: bytes | None = None
    stdout: OutputMode | Path = "capture"
    stderr: OutputMode | Path = "capture"
    timeout_seconds: float | None = None
    grace_seconds: float = 15.0
    capture_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessResult:
    """How a supervised process ended; `exit_code` is null where a signal or the supervisor ended it."""

    exit_code: int | None
    signal: int | None = None
    timed_out: bool = False
    cancelled: bool = False
    stdout: bytes = b""
    stderr: bytes = b""
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    duration_seconds: float = 0.0
    #: Names of processes of the tree that outlived even SIGKILL (in uninterruptible sleep).
    survivors: tuple[str, ...] = field(default=())
