"""The runner's side of a supervised process: start the supervisor, move the pipes, tell how it ended."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import stat
import subprocess
import sys
import time
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from ..contracts.processes import Command, ProcessResult
from ..errors import NothingDone
from .outcome import Outcome, left_alone, read_report
from .request import encode_request, program_name
from .streams import InputPipe, LineSplitter, OutputPipe, Pipe, ReportPipe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..contracts.processes import CancelSignal, OnLine, OutputMode, Stream

SUPERVISOR = Path(__file__).resolve().with_name("supervisor.py")
#: How often a wish to stop is looked for.
TICK_SECONDS = 0.05
#: How long outputs are read on after the end: somebody outside the tree may hold a pipe open.
DRAIN_SECONDS = 2.0
#: How long a supervisor whose runner gave up may take to end the tree.
LET_GO_SECONDS = 10.0


def supervise(
    command: Command,
    *,
    cancelled: CancelSignal | None = None,
    on_line: OnLine | None = None,
    held: tuple[int, ...] = (),
) -> ProcessResult:
    """Run a command to its end, and everything that it starts.

    Args:
        command: what to run.
        cancelled: ends it before its time.
        on_line: called with its lines as they come.
        held: descriptors that stay open until the last process is gone, even where this one dies before.

    Returns at most `timeout_seconds` + `grace_seconds` + 1 s after the start. Nothing that descends
    from the command outlives the call, nor, by more than two seconds, this process.

    Raises:
        NothingDone: the command could not be started.
        StepError: the supervisor was killed.
    """
    began = time.monotonic()
    if cancelled is not None and cancelled.is_set():
        return ProcessResult(exit_code=None, cancelled=True)
    with ExitStack() as ours:
        supervised = _Supervised(command, on_line, held, ours)
        try:
            supervised.converse(cancelled)
        finally:
            supervised.let_go()
        outcome = supervised.outcome()
    return supervised.result(outcome, time.monotonic() - began)


class _Supervised:
    """A supervisor at work, and our ends of the pipes to it."""

    def __init__(self, command: Command, on_line: OnLine | None, held: tuple[int, ...], ours: ExitStack) -> None:
        self._command = command
        self._on_line = on_line
        self._selector = ours.enter_context(selectors.DefaultSelector())
        self._outputs: dict[Stream, OutputPipe] = {}
        with _system_errors(program_name(command)), ExitStack() as theirs:
            plumbing = _Plumbing(ours, theirs)
            streams = self._streams(plumbing)
            request = encode_request(command, streams=streams, held=held)
            control, self._control = plumbing.towards_them()
            reporting, ending = plumbing.towards_us()
            self._report = ReportPipe(ending)
            self._process = _start_supervisor(control, reporting, (*streams, *held))
        self._register(self._report, selectors.EVENT_READ)
        # Where it died at once, the report says so by its end.
        with contextlib.suppress(BrokenPipeError):
            _write_all(self._control, request)

    def converse(self, cancelled: CancelSignal | None) -> None:
        """Move the pipes until the supervisor has ended and the outputs are read."""
        is_told = cancelled is None
        while not self._report.has_ended:
            self._move(None if is_told else TICK_SECONDS)
            if not is_told and cancelled is not None and cancelled.is_set():
                is_told = True
                with contextlib.suppress(BrokenPipeError):
                    self._control.write(b"!")
        _end_unsupervised(self._report.lines())
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._is_reading() and (remaining := deadline - time.monotonic()) > 0:
            self._move(remaining)
        for output in self._outputs.values():
            output.finish()

    def let_go(self) -> None:
        """Have the supervisor end what is left, and see it gone."""
        self._control.close()
        try:
            self._process.wait(LET_GO_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def outcome(self) -> Outcome:
        """How the command ended."""
        return read_report(self._report.lines(), program_name(self._command))

    def result(self, outcome: Outcome, duration: float) -> ProcessResult:
        """What the caller gets."""
        status = outcome.status
        has_code = outcome.reason == "exited" and status is not None and status >= 0
        return ProcessResult(
            exit_code=status if has_code else None,
            signal=-status if status is not None and status < 0 else None,
            timed_out=outcome.reason == "timed_out",
            cancelled=outcome.reason in {"cancelled", "orphaned"},
            stdout=self._captured("stdout"),
            stderr=self._captured("stderr"),
            stdout_truncated=self._command.stdout == "capture" and self._outputs["stdout"].is_truncated,
            stderr_truncated=self._command.stderr == "capture" and self._outputs["stderr"].is_truncated,
            duration_seconds=duration,
            survivors=outcome.survivors,
        )

    def _streams(self, plumbing: _Plumbing) -> tuple[int, int, int]:
        return (
            self._input(plumbing),
            self._output(plumbing, "stdout", self._command.stdout),
            self._output(plumbing, "stderr", self._command.stderr),
        )

    def _input(self, plumbing: _Plumbing) -> int:
        if not self._command.stdin:
            return plumbing.nothing()
        descriptor, end = plumbing.towards_them()
        self._register(InputPipe(end, self._command.stdin), selectors.EVENT_WRITE)
        return descriptor

    def _output(self, plumbing: _Plumbing, stream: Stream, mode: OutputMode | Path) -> int:
        if isinstance(mode, Path):
            return plumbing.file(mode)
        if mode == "discard" or (mode == "inherit" and self._on_line is None):
            return plumbing.nothing()
        descriptor, end = plumbing.towards_us()
        lines = None if self._on_line is None else LineSplitter(stream, self._on_line)
        keep = self._command.capture_bytes if mode == "capture" else 0
        self._outputs[stream] = OutputPipe(end, keep=keep, lines=lines)
        self._register(self._outputs[stream], selectors.EVENT_READ)
        return descriptor

    def _register(self, pipe: Pipe, event: int) -> None:
        self._selector.register(pipe.end, event, pipe)

    def _move(self, seconds: float | None) -> None:
        for key, _ in self._selector.select(seconds):
            pipe: Pipe = key.data
            if pipe.move():
                self._selector.unregister(pipe.end)
                pipe.end.close()

    def _is_reading(self) -> bool:
        return any(not output.end.closed for output in self._outputs.values())

    def _captured(self, stream: Stream) -> bytes:
        return bytes(self._outputs[stream].kept) if stream in self._outputs else b""


class _Plumbing:
    """Makes pipes: our ends stay until all is over, theirs until the supervisor has them."""

    def __init__(self, ours: ExitStack, theirs: ExitStack) -> None:
        self._ours = ours
        self._theirs = theirs

    def towards_us(self) -> tuple[int, FileIO]:
        """A pipe that we read: their descriptor, our end."""
        reading, writing = os.pipe()
        return self._keep(writing), self._ours.enter_context(FileIO(reading, "rb"))

    def towards_them(self) -> tuple[int, FileIO]:
        """A pipe that we write: their descriptor, our end."""
        reading, writing = os.pipe()
        return self._keep(reading), self._ours.enter_context(FileIO(writing, "wb"))

    def nothing(self) -> int:
        """Nothing to read, and a place to write what nobody wants."""
        return self._keep(os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC))

    def file(self, path: Path) -> int:
        """A file that is written on at its end; nobody else may read it.

        Raises:
            NothingDone: it can't be opened, or is no file.
        """
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = self._keep(os.open(path, flags, 0o600))
        except OSError as error:
            raise _no_log_file(path, error.strerror) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _no_log_file(path, "it is no file")
        return descriptor

    def _keep(self, descriptor: int) -> int:
        import fcntl

        if descriptor < 3:  # noqa: PLR2004 - a process without standard streams: the numbers are taken in the child
            low, descriptor = descriptor, fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
            os.close(low)
        self._theirs.callback(os.close, descriptor)
        return descriptor


def _no_log_file(path: Path, reason: str | None) -> NothingDone:
    mend = "name a file in a folder that exists and may be written"
    return NothingDone(f"the output can't be written to {path}: {reason}", code="AF-PROCESS-LOG-FILE", help=mend)


@contextlib.contextmanager
def _system_errors(program: str) -> Iterator[None]:
    """Tell what the system refuses as an error of ours: nothing has begun yet."""
    if os.name != "posix":
        message = "external processes need a POSIX system"
        raise NothingDone(message, code="AF-PROCESS-START", help="run this flow on Linux")
    try:
        yield
    except OSError as error:
        message = f"{program} can't be started: {error.strerror}"
        raise NothingDone(message, code="AF-PROCESS-START", help="the system refused; see its limits") from None


def _start_supervisor(control: int, reporting: int, passed_on: tuple[int, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own file, run by our own interpreter
        [sys.executable, "-I", "-S", str(SUPERVISOR)],
        stdin=control,
        stdout=reporting,
        stderr=subprocess.DEVNULL,
        pass_fds=passed_on,
        cwd="/",
        start_new_session=True,
    )


def _end_unsupervised(report: list[str]) -> None:
    """Where the supervisor was killed, and its first child with it: end what can be found, the rest of the group."""
    root = left_alone(report)
    if root is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(root, signal.SIGKILL)


def _write_all(end: FileIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[end.write(view) or 0 :]
