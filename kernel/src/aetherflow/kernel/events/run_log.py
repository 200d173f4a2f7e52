"""The run's own log: what its steps said, kept beside the ledger for `aetherflow runs logs`."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from ..contracts.events import RunStarted, StepLogged
from ..quick_dataclasses import replace
from .lines import LEVELS, LineLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..contracts.events import Event
    from .lines import Redact

#: What is kept of one run, in bytes: a step that says the same a million times must not fill the disk.
MOST_BYTES = 16 * 2**20
#: The event of the line that says that there is no more, and the room that is kept for it.
FULL = "log_full"
_ROOM_FOR_FULL = 512
#: The field of a line with what its time is past the whole millisecond.
MICROSECONDS = "us"


class RunLog:
    """Keeps what steps say, one JSON object a line, and hands every event on; safe to use from several threads.

    Args:
        open_file: opens the file to read and to append, and makes it; called when there is something to write.
        tell: who gets the events next.
        start: the number of the run's start.
        redactor: takes secrets out of what is written.
        level: the least that is kept.
        most: how many bytes the file may have.

    What comes before the run's start is only written with it: a run that never begins leaves no file.
    A disk that fails ends this log, and nothing else.
    """

    def __init__(
        self,
        open_file: Callable[[], int],
        tell: Callable[[Event], None],
        *,
        start: int,
        redactor: Redact,
        level: str,
        most: int = MOST_BYTES,
    ) -> None:
        self._stream = _BoundedFile(open_file, most=most)
        self._lines = LineLog(self._stream, redactor=redactor, level=level, as_json=True)
        self._least = LEVELS[level]
        self._tell = tell
        self._start = start
        #: The lines that are to be written when the run starts; null from then on.
        self._early: list[tuple[str, str, float, dict[str, object]]] | None = []

    def tell(self, event: Event) -> None:
        """Keep what a step said, and hand the event on."""
        if isinstance(event, RunStarted):
            self._begin()
        if isinstance(event, StepLogged) and LEVELS[event.level] >= self._least:
            said = {"job_id": event.job_id, "step_id": event.step_id, "message": event.message}
            own = {"fields": event.fields} if event.fields else {}
            self.keep(event.level, event.name, event.at, {**said, **own})
            if failure := self._stream.take_failure():
                why = f"the run's own log ends here, it can't be written: {failure}"
                self._tell(replace(event, level="WARNING", message=why, fields={}, job_id="", step_id=""))
        self._tell(event)

    def keep(self, level: str, name: str, at: float, values: dict[str, object]) -> None:
        """Write one line."""
        if self._early is not None:
            self._early.append((level, name, at, values))
            return
        # Below a millisecond is the order of what a step said and of its start and end in the ledger.
        self._lines.write(level, name, at, {"start": self._start, MICROSECONDS: int(at * 1_000_000) % 1000, **values})

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()

    def _begin(self) -> None:
        early, self._early = self._early or (), None
        for line in early:
            self.keep(*line)


def read_run_log(file: Path) -> Iterator[dict[str, object]]:
    """The lines of a run's log, without those that a crash cut off; none where there is no log.

    Raises:
        OSError: it can't be read.
    """
    with suppress(FileNotFoundError), file.open("rb") as lines:
        for line in lines:
            with suppress(ValueError):
                found = json.loads(line)
                if isinstance(found, dict):
                    yield found


class _BoundedFile:
    """A file of whole lines that is made with the first one, and is closed for good when it is full or fails."""

    def __init__(self, open_file: Callable[[], int], *, most: int) -> None:
        self._open_file = open_file
        self._most = most
        self._descriptor: int | None = None
        self._size = 0
        self._is_closed = False
        self._failure = ""
        self._guard = threading.Lock()

    def write(self, line: str, /) -> None:
        """Append one line, with its end."""
        with self._guard:
            if self._is_closed:
                return
            try:
                self._append(line.encode("ascii", "backslashreplace"))
            except OSError as error:
                self._failure = error.strerror or type(error).__name__
                self._let_go()

    def flush(self) -> None:
        """Nothing is held back."""

    def take_failure(self) -> str:
        """Why nothing is written any more; told once, empty where there is nothing to tell."""
        failure, self._failure = self._failure, ""
        return failure

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            self._let_go()

    def _append(self, line: bytes) -> None:
        descriptor = self._opened()
        if descriptor is None:
            return
        is_last = self._size + len(line) + _ROOM_FOR_FULL > self._most
        if is_last:
            line = _full_line(line, self._most)
        if os.write(descriptor, line) != len(line):
            # Half a line would swallow the next one.
            os.ftruncate(descriptor, self._size)
            raise OSError(None, "the disk is full")
        self._size += len(line)
        if is_last:
            self._let_go()

    def _opened(self) -> int | None:
        """The file, or null where an earlier start filled it."""
        if self._descriptor is None:
            self._descriptor = self._open_file()
            self._size = os.fstat(self._descriptor).st_size
            end = os.pread(self._descriptor, _ROOM_FOR_FULL, max(0, self._size - _ROOM_FOR_FULL))
            if end and not end.endswith(b"\n"):
                # A crash cut the last line off.
                self._size += os.write(self._descriptor, b"\n")
            if f'"event": "{FULL}"'.encode() in end:
                self._let_go()
        return self._descriptor

    def _let_go(self) -> None:
        self._is_closed = True
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _full_line(line: bytes, most: int) -> bytes:
    """The line that says that there is no more, of the time of the one that does not fit."""
    at = json.loads(line).get("ts_ms", 0)
    message = f"the log of a run holds at most {most} bytes: what came after this was not kept"
    return json.dumps({"ts_ms": at, "level": "WARNING", "event": FULL, "message": message}).encode() + b"\n"
