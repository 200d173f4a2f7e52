"""One attempt: the program run once, and judged."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from signal import Signals
from typing import Literal

from aetherflow.kernel.api import Command, NothingDone, ProcessResult, StepContext, StepError, TimedOut, make_folders

from .checks import Checks
from .environment import child_environment
from .inputs import ExternalProcessInputs, OutputMode

#: How many of the last lines of standard error are told with a failure.
LAST_LINES = 20
NAME = "external.process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An attempt that did not succeed."""

    error: StepError
    #: Null where the program had none: it was ended by a signal.
    exit_code: int | None
    is_timeout: bool = False


@dataclass(slots=True, kw_only=True)
class Attempt:
    """The program run once; `number` counts from 1 within this run of the step."""

    context: StepContext
    inputs: ExternalProcessInputs
    number: int
    _last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))

    def run(self) -> ProcessResult | Failure:
        """Run it, judge it, and publish what it made, if it is told to make a folder.

        Raises:
            NothingDone: the program could not be started, or the folder of its log file not be made.
            StepError: it was stopped, or its result could not be put in place.
        """
        with self._output_folder() as folder:
            self._make_log_folder()
            self._log_start()
            result = self.context.spawn(self._command(folder), self._on_line)
            failure = self._judge(result, folder)
            if failure is None:
                self._keep_log()
            if failure is None and folder is not None:
                self._publish(folder)
        if failure is not None:
            self._log_failure(failure)
        return failure or result

    def _command(self, folder: Path | None) -> Command:
        inputs = self.inputs
        attempt = self.context.attempt + self.number - 1
        return Command(
            arguments=inputs.arguments(),
            environment=child_environment(self.context, inputs, attempt=attempt, output_folder=folder),
            cwd=inputs.cwd or self.context.artifacts,
            stdout=self._mode(inputs.log.stdout),
            stderr=self._mode(inputs.log.stderr),
            timeout_seconds=inputs.timeout_seconds,
            grace_seconds=inputs.kill_grace_seconds,
            capture_bytes=inputs.log.max_capture_kb * 1024,
        )

    def _mode(self, mode: OutputMode) -> Path | Literal["inherit", "capture", "discard"]:
        return mode if mode != "file" else self.inputs.log.file_path or "discard"

    @property
    def _log_file(self) -> Path | None:
        return self.inputs.log.file_path if "file" in {self.inputs.log.stdout, self.inputs.log.stderr} else None

    def _make_log_folder(self) -> None:
        file = self._log_file
        if file is None:
            return
        # What lies in the run's workspace is for its user only; elsewhere the user's umask says for whom.
        private = (self.context.artifacts, self.context.scratch, self.context.manifests)
        mode = 0o700 if any(map(file.is_relative_to, private)) else 0o777
        try:
            make_folders(file.parent, mode=mode)
        except OSError as error:
            message = f"the folder of the log file {file} can't be made: {error.strerror}"
            raise NothingDone(message, code="AF-PROCESS-LOG-FILE", help="name a file in a folder of its own") from None

    @contextlib.contextmanager
    def _output_folder(self) -> Iterator[Path | None]:
        idempotency = self.inputs.idempotency
        if idempotency.strategy != "atomic_dir" or idempotency.final_output_dir is None:
            yield None
            return
        given = idempotency.temp_output_dir
        with self.context.staged_folder(idempotency.final_output_dir, given=given) as folder:
            yield folder

    def _judge(self, result: ProcessResult, folder: Path | None) -> Failure | None:
        if result.survivors:
            self.context.log.warning(
                "processes could not be ended", event="external_process_survivors", names=list(result.survivors)
            )
        if result.timed_out:
            message = f"{NAME} timed out after {self.inputs.timeout_seconds:g}s"
            return Failure(error=TimedOut(message), exit_code=None, is_timeout=True)
        # Asked once more: whoever stopped us while the program ended wants nothing published.
        if result.cancelled or self.context.cancelled.is_set():
            raise StepError(f"{NAME} was stopped", code="AF-PROCESS-STOPPED")
        if result.exit_code not in self.inputs.success.exit_codes:
            return Failure(error=_bad_end(result), exit_code=result.exit_code)
        checks = Checks(
            success=self.inputs.success,
            context=self.context,
            staged=folder,
            final=self.inputs.idempotency.final_output_dir,
        )
        problem = checks.problem()
        if problem is None:
            return None
        message = f"{NAME} ended with exit code {result.exit_code}, but {problem}"
        return Failure(error=StepError(message, code="AF-PROCESS-CHECK"), exit_code=result.exit_code)

    def _publish(self, folder: Path) -> None:
        idempotency = self.inputs.idempotency
        final = idempotency.final_output_dir
        if final is None:
            return
        try:
            self.context.publish_folder(folder, final, may_copy=not idempotency.atomic_rename)
        except OSError as error:
            message = f"the output folder can't be put in place as {final.name}: {_reason(error)}"
            raise StepError(message, code="AF-PROCESS-OUTPUT-DIR") from error

    def _on_line(self, stream: str, line: str) -> None:
        log = self.context.log
        if stream == "stderr":
            self._last_lines.append(line)
            if self.inputs.log.stderr == "inherit":
                log.warning(line, event="external_process_stderr")
        elif self.inputs.log.stdout == "inherit":
            log.info(line, event="external_process_stdout")

    def _keep_log(self) -> None:
        """Have the log file on the disk, with its name: it is an output of the step, which later ones may read."""
        file = self._log_file
        try:
            for path in () if file is None else (file, file.parent):
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        except OSError as error:
            message = f"the log file {file} can't be kept: {error.strerror}"
            raise StepError(message, code="AF-PROCESS-LOG-FILE", help="make room, or name another file") from error

    def _log_start(self) -> None:
        # Its base name only: arguments may hold what nobody should read.
        program = PurePath(self.inputs.arguments()[0]).name
        self.context.log.info(
            "starting a program", event="external_process_start", program=program, attempt=self.number
        )

    def _log_failure(self, failure: Failure) -> None:
        event = "external_process_timeout" if failure.is_timeout else "external_process_exit"
        fields: dict[str, object] = {"event": event, "exit_code": failure.exit_code, "attempt": self.number}
        if self.inputs.log.stderr == "capture" and self._last_lines:
            fields["stderr"] = "\n".join(self._last_lines)
        self.context.log.error(str(failure.error), **fields)


def _bad_end(result: ProcessResult) -> StepError:
    if result.signal is None:
        message = f"{NAME} failed with exit code {result.exit_code}"
        return StepError(message, code="AF-PROCESS-EXIT", help="what it wrote stands where the input `log` sends it")
    mend = "the system may have been out of memory" if result.signal == Signals.SIGKILL else "somebody sent it"
    message = f"{NAME} was ended by signal {result.signal} ({_signal_name(result.signal)})"
    return StepError(message, code="AF-PROCESS-SIGNAL", help=mend)


def _reason(error: OSError) -> str:
    """What the system said; a folder that was copied in part has a reason for each file, and the first is told."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        return str(error.args[0][0][2])
    return error.strerror or str(error)


def _signal_name(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return "a real-time signal"
