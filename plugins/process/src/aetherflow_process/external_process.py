"""The step `external.process`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict, Field

from aetherflow.kernel.api import (
    Effect,
    OutputsFromKeys,
    ProcessResult,
    Rerun,
    Skip,
    Step,
    StepContext,
    StepOutputs,
)

from .attempt import Attempt, Failure
from .checks import Checks
from .inputs import ExternalProcessInputs, OutputMode, Retry
from .marker import Marker


class ExternalProcessOutputs(StepOutputs):
    """What `external.process` gives, with the keys of its input `outputs`."""

    model_config = ConfigDict(extra="allow")

    exit_code: int | None = Field(default=None, description="How the program ended; null where the step was skipped.")
    attempts: int | None = Field(default=None, description="How often it was started.")
    stdout: str | None = Field(default=None, description="What it wrote, in mode capture; may be the empty text.")
    stderr: str | None = Field(default=None, description="As stdout.")
    log_file: str | None = Field(default=None, description="The file of mode file.")
    skipped: bool = Field(default=False, description="Whether the marker said that the work was done before.")
    marker: str | None = Field(default=None, description="The marker's path, with strategy marker.")


class ExternalProcess(Step[ExternalProcessInputs, ExternalProcessOutputs]):
    """Run an external program, with everything that it starts, to its end."""

    name = "external.process"
    effects = frozenset({Effect.PROCESS, Effect.READ_FILES, Effect.WRITE_FILES})
    rerun = Rerun.SAFE
    outputs_from: ClassVar[OutputsFromKeys] = OutputsFromKeys("outputs")

    def run(
        self, context: StepContext, inputs: ExternalProcessInputs
    ) -> ExternalProcessOutputs | Skip[ExternalProcessOutputs]:
        """Run the program, as often as `retry` says, unless a marker says that it was done."""
        marker = Marker.of(inputs.idempotency, context)
        if marker is not None and marker.is_set() and Checks(success=inputs.success, context=context).problem() is None:
            outputs = ExternalProcessOutputs(skipped=True, marker=str(marker.path), **inputs.outputs)
            return Skip("marker_present", outputs=outputs)
        result, attempts = _run_until_done(context, inputs)
        if marker is not None:
            marker.set(context)
        context.log.info("done", event="external_process_success", exit_code=result.exit_code, attempts=attempts)
        return _outputs(context, inputs, result=result, attempts=attempts, marker=marker)


def _run_until_done(context: StepContext, inputs: ExternalProcessInputs) -> tuple[ProcessResult, int]:
    number = 1
    while isinstance(outcome := Attempt(context=context, inputs=inputs, number=number).run(), Failure):
        delay = inputs.retry.delay(number)
        if not _is_tried_again(outcome, inputs.retry, number) or context.cancelled.wait(delay):
            raise outcome.error
        number += 1
        context.log.warning("trying again", event="external_process_retry", attempt=number, waited_seconds=delay)
    return outcome, number


def _is_tried_again(failure: Failure, retry: Retry, number: int) -> bool:
    if number >= retry.max_attempts:
        return False
    if failure.is_timeout:
        return retry.retry_on_timeout
    return not retry.retry_on_exit_codes or failure.exit_code in retry.retry_on_exit_codes


def _outputs(
    context: StepContext,
    inputs: ExternalProcessInputs,
    *,
    result: ProcessResult,
    attempts: int,
    marker: Marker | None,
) -> ExternalProcessOutputs:
    log = inputs.log
    uses_file = "file" in {log.stdout, log.stderr}
    return ExternalProcessOutputs(
        exit_code=result.exit_code,
        attempts=attempts,
        stdout=_captured(context, log.stdout, result.stdout, is_truncated=result.stdout_truncated),
        stderr=_captured(context, log.stderr, result.stderr, is_truncated=result.stderr_truncated),
        log_file=str(log.file_path) if uses_file else None,
        marker=None if marker is None else str(marker.path),
        **inputs.outputs,
    )


def _captured(context: StepContext, mode: OutputMode, data: bytes, *, is_truncated: bool) -> str | None:
    if mode != "capture":
        return None
    if is_truncated:
        context.log.warning("the output is longer than `max_capture_kb`", event="external_process_truncated")
        # Whole lines: cut anywhere, the last one could show half of a secret.
        data = data[: data.rfind(b"\n") + 1]
    return data.decode("utf-8", "replace")
