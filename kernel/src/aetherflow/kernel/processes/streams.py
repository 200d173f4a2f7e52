"""The pipes between the runner and a supervised process, moved without ever waiting."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from io import FileIO

    from ..contracts.processes import OnLine, Stream

CHUNK = 64 * 1024
#: A longer line is left out as a whole: cut anywhere, it could show half of a secret.
LONGEST_LINE = 256 * 1024


class Pipe(Protocol):
    """Our end of a pipe."""

    end: FileIO

    def move(self) -> bool:
        """Move what can be moved at once; answers whether that was the last."""


class LineSplitter:
    """Cuts a stream of bytes into lines of text."""

    def __init__(self, stream: Stream, on_line: OnLine) -> None:
        self._stream = stream
        self._on_line = on_line
        self._rest = bytearray()
        self._is_too_long = False

    def feed(self, data: bytes) -> None:
        """Hand on the lines that are complete."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._keep(line)
            self._hand_on()
        self._keep(rest)

    def finish(self) -> None:
        """Hand on what stands after the last line end."""
        if self._rest or self._is_too_long:
            self._hand_on()

    def _keep(self, data: bytes) -> None:
        self._is_too_long = self._is_too_long or len(self._rest) + len(data) > LONGEST_LINE
        if self._is_too_long:
            self._rest.clear()
        else:
            self._rest += data

    def _hand_on(self) -> None:
        # A progress bar redraws its line after each carriage return: what stands there last is the line.
        line = bytes(self._rest).rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace")
        text = f"(a line of more than {LONGEST_LINE} bytes is left out)" if self._is_too_long else line
        self._rest.clear()
        self._is_too_long = False
        self._on_line(self._stream, text)


class OutputPipe:
    """Reads an output of the process: keeps it up to a bound, and hands on its lines."""

    def __init__(self, end: FileIO, *, keep: int, lines: LineSplitter | None) -> None:
        self.end = end
        self.kept = bytearray()
        self.is_truncated = False
        self._keep = keep
        self._lines = lines

    def move(self) -> bool:
        """Read once; answers whether there is no more."""
        data = self.end.read(CHUNK)
        room = self._keep - len(self.kept)
        self.kept += data[:room]
        self.is_truncated = self.is_truncated or len(data) > room
        if self._lines is not None:
            self._lines.feed(data)
        return not data

    def finish(self) -> None:
        """Hand on the last line, if it had no end."""
        if self._lines is not None:
            self._lines.finish()


class InputPipe:
    """Writes the standard input of the process."""

    def __init__(self, end: FileIO, data: bytes) -> None:
        os.set_blocking(end.fileno(), False)
        self.end = end
        self._data = memoryview(data)

    def move(self) -> bool:
        """Write once; answers whether all is written, or nobody reads any more."""
        try:
            written = self.end.write(self._data[:CHUNK])
        except BrokenPipeError:
            return True
        # FileIO answers None where the pipe is full.
        self._data = self._data[written or 0 :]
        return not self._data


class ReportPipe:
    """Reads what the supervisor reports."""

    def __init__(self, end: FileIO) -> None:
        self.end = end
        self.has_ended = False
        self._text = bytearray()

    def move(self) -> bool:
        """Read once; answers whether the supervisor has ended."""
        data = self.end.read(CHUNK)
        self._text += data
        self.has_ended = not data
        return self.has_ended

    def lines(self) -> list[str]:
        """What was reported."""
        return self._text.decode("utf-8", "replace").splitlines()
