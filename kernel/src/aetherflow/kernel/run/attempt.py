"""One attempt of one step: its inputs rendered and typed, its work done, its outputs in their JSON form."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from ..contracts.events import Status
from ..contracts.steps import Skip
from ..errors import AetherFlowError, InvalidInput, LockLost, NothingDone, OwnedByAnother, PluginError, TimedOut
from ..plugins.boundary import LONGEST_MESSAGE, told
from ..quick_dataclasses import dataclass, replace
from .calling import INPUTS_ENCODER, build_step, inputs_digest, outputs_of
from .connectors import AttemptConnectors
from .context import AttemptContext, AttemptLog, Fence
from .inner import fit_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..contracts.records import ArtifactRecord, Json, StepKey
    from ..contracts.steps import AnyStep, PathAccess, StepOutputs
    from ..files.workspace import JobFolders
    from ..plan.decisions import StepPlan
    from .active import ActiveRun
    from .stopping import Cancellation, Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended."""

    status: Status
    outputs: Mapping[str, Json] | None = None
    reason: str = ""
    error_code: str = ""
    error: str = ""
    is_without_effect: bool = False
    #: The step is still busy with it: another attempt would meet this one.
    is_left_behind: bool = False
    #: What the step published.
    artifacts: tuple[ArtifactRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A step with its inputs, ready to be run; `inputs` is their JSON text."""

    plan: StepPlan
    #: Which step of the run, and which item of it.
    key: StepKey
    number: int
    inputs: str
    inputs_digest: str
    #: How often a person had the step done anew.
    generation: int


def prepare_attempt(
    run: ActiveRun, key: StepKey, plan: StepPlan, scope: Mapping[str, Any], *, number: int, generation: int
) -> Attempt:
    """Render a step's inputs and give texts from outside the types that the step declares.

    Raises:
        AetherFlowError: a reference has no value, a text does not fit its type, or policy refuses the step.
    """
    step = plan.step
    template = run.flow_index.inputs(key.job_id, step.id)
    rendered = template.render(scope)
    # Without a reference there is no text from outside that wants a type.
    fitted = fit_inputs(run.plugin_index, step.type, rendered) if template.references else rendered
    inputs = INPUTS_ENCODER.encode(fitted)
    if not inputs.isascii() and _holds_no_text(inputs):
        wrong = "a value from outside holds bytes that are no UTF-8"
        raise InvalidInput(wrong, code="AF-TEXT-ENCODING", help="mend the environment variable, file or parameter")
    digest = inputs_digest(run.redactor, inputs)
    return Attempt(plan=plan, key=key, number=number, inputs=inputs, inputs_digest=digest, generation=generation)


def _holds_no_text(inputs: str) -> bool:
    try:
        inputs.encode()
    except UnicodeEncodeError:
        return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the steps of a job work."""

    folders: JobFolders
    paths: PathAccess


def run_attempt(run: ActiveRun, attempt: Attempt, place: Place, fence: Fence, cancellation: Cancellation) -> Outcome:
    """Do the step's work; whatever it raises becomes an outcome."""
    try:
        context = _context(run, attempt, place, fence, cancellation)
        step, inputs = build_step(run.host, attempt.plan.step.type, attempt.inputs, place.paths)
        outcome = _outcome_of(step, step.run(context, inputs))
        if context.published:
            outcome = replace(outcome, artifacts=tuple(context.published))
        if not outcome.reason:
            return outcome
        return replace(outcome, reason=_shown(run, outcome.reason))
    except BaseException as error:  # noqa: BLE001 - the plugin boundary: whatever a step raises is its failure
        return _outcome_of_error(run, error)


LOCK_LOST = Outcome(
    status=Status.LOCK_LOST,
    error_code=LockLost.code,
    error="the lock that it worked under was lost, and it did not stop when it was asked to",
)
STOPPED = Outcome(status=Status.INTERRUPTED, error_code="AF-INTERRUPTED", error="stopped by a signal")
_FALSE = "condition=false"
SKIPPED_BY_CONDITION = Outcome(status=Status.SKIPPED, outputs={"skipped": True, "reason": _FALSE}, reason=_FALSE)


def left_behind(stop: Stop) -> Outcome:
    """The outcome of an attempt that the run did not wait for any longer when it had to stop."""
    told = "still busy when the grace after the signal was over"
    if stop.is_at_once:
        told = "still busy when it was to stop at once"
    elif not stop.is_asked:
        told = "still busy when the grace was over in which the run had to stop"
    return Outcome(status=Status.INTERRUPTED, error_code="AF-INTERRUPTED", error=told)


def timed_out(limit: float, outcome: Outcome | None = None, *, whose: str = "its time") -> Outcome:
    """The outcome of an attempt whose time was over.

    Args:
        limit: how long it was to take, or what it belongs to.
        outcome: what it answered when it was asked to stop; null where it did not.
        whose: the time that was over.
    """
    told = f"{whose} was over after {limit:g} s"
    if outcome is None:
        told += ", and it did not stop when it was asked to"
    return Outcome(
        status=Status.TIMED_OUT,
        error_code=TimedOut.code,
        error=told,
        is_without_effect=outcome is not None and outcome.is_without_effect,
    )


def failure(run: ActiveRun, error: AetherFlowError) -> Outcome:
    """The outcome of a step that failed before its own work began."""
    is_loss = isinstance(error, LockLost)
    return Outcome(
        status=Status.LOCK_LOST if is_loss else Status.FAILED,
        error_code=error.problem.code,
        error=_shown(run, _message_of(error)),
        is_without_effect=not is_loss,
    )


def _context(
    run: ActiveRun, attempt: Attempt, place: Place, fence: Fence, cancellation: Cancellation
) -> AttemptContext:
    flow_id, run_id = run.key
    key = attempt.key
    connectors = AttemptConnectors(run.connectors)
    cancellation.connectors = connectors
    return AttemptContext(
        flow_id=flow_id,
        run_id=run_id,
        job_id=key.job_id,
        step_id=key.step_id,
        item=key.item,
        generation=attempt.generation,
        start=key.start,
        attempt=attempt.number,
        inputs_digest=attempt.inputs_digest,
        project=run.project,
        folders=place.folders,
        environment=run.environment,
        log=AttemptLog(
            tell=run.tell,
            flow_id=flow_id,
            run_id=run_id,
            job_id=key.job_id,
            step_id=key.step_id,
            item=key.item,
            # What a step says comes after what is said of its start.
            wait=fence.wait_for_start,
        ),
        cancelled=cancellation,
        cancel=cancellation.cancel,
        connectors=connectors,
        paths=place.paths,
        tell=run.tell,
        fence=fence,
        keeper=run.keeper,
        ownership=run.ownership,
        run_inner=run.inner.run,
        redact=run.redactor.redact,
    )


def _outcome_of(step: AnyStep, returned: object) -> Outcome:
    given = outputs_of(step, returned)
    if isinstance(given, Skip):
        outputs = {} if given.outputs is None else _json_form(step, given.outputs)
        return Outcome(status=Status.SKIPPED, outputs={"reason": given.reason, **outputs}, reason=given.reason)
    return Outcome(status=Status.SUCCESS, outputs=_json_form(step, given))


def _json_form(step: AnyStep, outputs: StepOutputs) -> dict[str, Json]:
    try:
        return _decoded(outputs.model_dump_json())
    except (ValueError, TypeError) as error:
        raise PluginError(
            f"an output of step type {step.name!r} has no JSON form: {type(error).__name__}", code="AF-STEP-RESULT"
        ) from None


def _decoded(outputs: str) -> dict[str, Json]:
    """Outputs of their JSON text; what is no JSON value, as not-a-number is none, is refused."""
    try:
        return dict(from_json(outputs, allow_inf_nan=False))
    except ValueError:
        # It goes no deeper than 200 levels, and its messages are of positions.
        return dict(_JSON_OF_OUTPUTS.decode(outputs))


def _refuse_constant(constant: str) -> None:
    message = f"{constant} is no JSON value"
    raise ValueError(message)


_JSON_OF_OUTPUTS = json.JSONDecoder(parse_constant=_refuse_constant)


def _outcome_of_error(run: ActiveRun, error: BaseException) -> Outcome:
    status = Status.FAILED
    code, message = _told_of(error)
    if isinstance(error, TimedOut):
        status = Status.TIMED_OUT
    if isinstance(error, LockLost):
        status = Status.LOCK_LOST
    if run.stop.must_stop:
        status = Status.INTERRUPTED
    # A step asks for its lock before it does anything.
    is_without_effect = isinstance(error, NothingDone | OwnedByAnother)
    return Outcome(status=status, error_code=code, error=_shown(run, message), is_without_effect=is_without_effect)


def _shown(run: ActiveRun, message: str) -> str:
    # Masked before it is cut: a cut could leave half a secret.
    return run.redactor.redact(message)[:LONGEST_MESSAGE]


def _told_of(error: BaseException) -> tuple[str, str]:
    """The code and the message of what a step raised; a plugin may have built our errors wrongly as well."""
    with suppress(Exception):
        if isinstance(error, AetherFlowError):
            given: tuple[object, object] = (error.problem.code, _message_of(error))
            if all(isinstance(text, str) for text in given):
                return str(given[0]), str(given[1])
    return "AF-STEP-BROKE", told(error)


def _message_of(error: AetherFlowError) -> str:
    problem = error.problem
    return f"{problem.message} ({problem.help})" if problem.help else problem.message
