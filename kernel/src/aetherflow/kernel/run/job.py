"""One job: its steps in order, their outputs promoted, its status told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ..contracts.events import Status
from ..errors import AetherFlowError, LedgerFailed, NothingDone
from ..files.paths import PathsOnDemand, StepPaths
from ..plan.decisions import Decision
from ..plan.outputs import declared_outputs, kept_outputs
from ..quick_dataclasses import replace
from ..resolve.schemas import DeclaredTypes, known_properties
from ..resolve.text import fit
from .active import Failure, JobResult
from .attempt import LOCK_LOST, SKIPPED_BY_CONDITION, STOPPED, Outcome, Place, failure, left_behind
from .limits import Limits
from .locking import job_locked
from .notes import JobNotes
from .series import Series
from .unit import Unit, unit_of_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..contracts.records import Json, StepRecord
    from ..files.workspace import JobFolders
    from ..plan.decisions import JobPlan, StepPlan
    from .active import ActiveRun

_NO_DATA = Outcome(
    status=Status.SKIPPED,
    outputs={"skipped": True, "reason": "an earlier step of the job had no data"},
    reason="an earlier step of the job had no data",
)


class JobRun:
    """A job that is under way; its steps run on the thread that calls `run`, and so does all that follows from them."""

    def __init__(self, run: ActiveRun, plan: JobPlan) -> None:
        self._run = run
        self._plan = plan
        self._job_id = plan.job.id
        self._notes = JobNotes(run, plan)
        self._outputs: dict[str, Json] = {**declared_outputs(plan), **_promoted_earlier(plan)}
        #: The outputs of those steps that something in the job refers to: a long job need not hold all.
        self._steps: dict[str, Mapping[str, Json]] = {}
        self._named_steps = run.named_steps.get(plan.job.id, frozenset())
        self._failure: Failure | None = None
        self._place = _place_of(run, plan)
        self._limits = Limits(plan.job.timeout_seconds, is_locked=run.flow_index.flow.locks.scope == "job")
        #: The attempts that hold the job's thread.
        self._series: Series | None = None

    def run(self) -> JobResult:
        """Run the steps that are not done; answers how the job ended.

        Raises:
            LeftBehind: somebody else has ended the job, in the place of this thread.
            LedgerFailed: the ledger can't be written.
        """
        self._notes.job_started(self._outputs)
        try:
            with job_locked(self._run, self._job_id, self._lose_lock):
                status, reason = self._run_steps()
            if status.is_done:
                self._outputs.update(self._own_outputs())
        except LedgerFailed:
            raise
        except AetherFlowError as error:
            # What was waited for did not come before the stop.
            is_stopped = self._run.stop.must_stop and isinstance(error, NothingDone)
            status, reason = self._failed("", STOPPED if is_stopped else failure(self._run, error))
        return self._end(status, reason)

    def _lose_lock(self) -> None:
        self._limits.lose_lock()

    def leave(self) -> JobResult | None:
        """End the job without its thread, where a step holds that; null where it is busy with something else.

        The thread hears of it when its step comes back, if ever.
        """
        series = self._series
        current = series.leave() if series is not None else None
        if series is None or current is None:
            return None
        outcome = left_behind(self._run.stop)
        self._notes.ended(series.unit, outcome, at=current.started_at, attempt=current.attempt)
        return self._end(*self._failed(series.unit.key.step_id, outcome))

    def _run_steps(self) -> tuple[Status, str]:
        # In order, restored or run: a step that is restored may stand on one that has to be run again.
        for position, plan in enumerate(self._plan.steps):
            if plan.decision is Decision.RESTORE and plan.earlier is not None:
                self._restore(plan, plan.earlier)
                if _had_no_data(plan, plan.earlier.status, plan.earlier.reason):
                    # The process may have died before the rest was written.
                    self._skip_steps(self._plan.steps[position + 1 :])
                    return Status.SKIPPED, plan.earlier.reason
                continue
            if self._run.stop.must_stop:
                return Status.INTERRUPTED, STOPPED.error
            if self._limits.is_over:
                return self._out_of_time()
            if self._limits.has_lost_lock:
                return self._failed("", LOCK_LOST)
            outcome = self._run_step(plan)
            if _had_no_data(plan, outcome.status, outcome.reason):
                self._skip_steps(self._plan.steps[position + 1 :])
                return Status.SKIPPED, outcome.reason
            if not outcome.status.is_done:
                if not plan.step.continue_on_error or not outcome.status.is_failure:
                    return self._failed(plan.step.id, outcome)
                self._keep(plan, self._nothing_of(plan))
        return Status.SUCCESS, ""

    def _failed(self, step_id: str, outcome: Outcome) -> tuple[Status, str]:
        self._failure = Failure(
            job_id=self._job_id,
            step_id=step_id,
            status=outcome.status,
            error=outcome.error,
            error_code=outcome.error_code,
        )
        return outcome.status, f"step {step_id!r}: {outcome.error}" if step_id else outcome.error

    def _out_of_time(self) -> tuple[Status, str]:
        told = f"its time was over after {self._plan.job.timeout_seconds:g} s"
        return self._failed("", Outcome(status=Status.TIMED_OUT, error_code="AF-TIMED-OUT", error=told))

    def _restore(self, plan: StepPlan, earlier: StepRecord) -> None:
        self._keep(plan, (earlier.outputs or {}) if earlier.status.is_done else self._nothing_of(plan))
        outcome = Outcome(status=earlier.status, reason=plan.reason, error=earlier.error, error_code=earlier.error_code)
        self._notes.told(unit_of_step(self._plan, plan), outcome, restored=True)
        # What a secret masks is not kept, and what a person said was done has promoted nothing: it is done now.
        missing = self._plan.earlier is not None and self._plan.earlier.is_masked
        if earlier.status.is_done and (missing or any(self._outputs.get(name) is None for name in plan.step.outputs)):
            self._outputs.update(self._promotion(plan, earlier.outputs or {}))

    def _keep(self, plan: StepPlan, outputs: Mapping[str, Json]) -> None:
        """Let later steps of the job see what a step gave."""
        if plan.step.id in self._named_steps:
            self._steps[plan.step.id] = outputs

    def _nothing_of(self, plan: StepPlan) -> Mapping[str, Json]:
        """The outputs of a step that failed where the job goes on: null, each of them."""
        declared = known_properties(DeclaredTypes(self._run.plugin_index.step(plan.step.type).outputs).top())
        return dict.fromkeys(declared or ())

    def _run_step(self, plan: StepPlan) -> Outcome:
        if plan.step.foreach is not None:
            return self._repeat(plan)
        unit = unit_of_step(self._plan, plan)
        if plan.step.when is not None:
            outcome = self._asked(plan)
            if outcome is not None:
                self._note_end(unit, plan, outcome)
                return outcome
        self._series = series = Series(self._run, self._notes, unit, self._place, self._limits)
        ended = series.run(self._scope)
        self._series = None
        if ended.is_noted:
            self._notes.told(unit, ended.outcome)
            return ended.outcome
        outcome, promoted = self._promoted(plan, ended.outcome)
        self._notes.ended(unit, outcome, at=ended.started_at, attempt=ended.attempt, promoted=promoted)
        return outcome

    def _asked(self, plan: StepPlan) -> Outcome | None:
        """What becomes of a step whose condition does not hold, or can't be asked; null where it runs."""
        try:
            when = self._run.flow_index.step_when(self._job_id, plan.step.id)
            return None if when is None or when.evaluate(self._scope()) else SKIPPED_BY_CONDITION
        except AetherFlowError as error:
            return failure(self._run, error)

    def _repeat(self, plan: StepPlan) -> Outcome:
        from .foreach import Repetition

        repetition = Repetition(self._run, self._notes, self._plan, plan)
        outcome, promoted = self._promoted(plan, repetition.run(self._place, self._limits, self._scope))
        self._notes.ended(
            repetition.unit,
            outcome,
            at=repetition.started_at,
            inputs_digest=repetition.inputs_digest,
            promoted=promoted,
        )
        return outcome

    def _note_end(self, unit: Unit, plan: StepPlan, outcome: Outcome) -> None:
        outcome, promoted = self._promoted(plan, outcome)
        self._notes.ended(unit, outcome, promoted=promoted)

    def _promoted(self, plan: StepPlan, outcome: Outcome) -> tuple[Outcome, Mapping[str, Json] | None]:
        """The outcome of a step with all outputs of the job as they are now; null where it changed none."""
        if not outcome.status.is_done:
            return outcome, None
        try:
            promoted = self._promotion(plan, outcome.outputs or {})
        except AetherFlowError as error:
            # The step has done its work.
            return replace(failure(self._run, error), is_without_effect=False), None
        self._keep(plan, outcome.outputs or {})
        if not promoted:
            return outcome, None
        self._outputs.update(promoted)
        return outcome, self._outputs

    def _promotion(self, plan: StepPlan, outputs: Mapping[str, Json]) -> dict[str, Json]:
        """The job outputs that a step's outputs give; plain text where a default stands in, in every run."""
        if not plan.step.outputs:
            return {}
        template = self._run.flow_index.outputs(self._job_id, plan.step.id)
        result = with_nulls(outputs, (parts[1:] for parts in _named(template.references) if parts[0] == "result"))
        return cast("dict[str, Json]", fit(template.render({**self._scope(), "result": result}), {}))

    def _own_outputs(self) -> dict[str, Json]:
        """The outputs that the job gives at its end; what its steps did not produce is null."""
        if not self._plan.job.outputs:
            return {}
        template = self._run.flow_index.job_outputs(self._job_id)
        named = [parts[1:] for parts in _named(template.references) if parts[0] == "steps" and len(parts) > 2]  # noqa: PLR2004 - steps.ID.NAME
        steps = {step.step.id: self._steps.get(step.step.id, {}) for step in self._plan.steps}
        for step_id, outputs in steps.items():
            steps[step_id] = with_nulls(outputs, (rest for name, *rest in named if name == step_id))
        return cast("dict[str, Json]", fit(template.render({**self._scope(), "steps": steps}), {}))

    def _skip_steps(self, rest: Sequence[StepPlan]) -> None:
        for plan in rest:
            if plan.decision is not Decision.RESTORE:
                self._notes.ended(unit_of_step(self._plan, plan), _NO_DATA)

    def _scope(self) -> dict[str, Any]:
        return {**self._run.scope(), "steps": self._steps, "job": {"id": self._job_id, "outputs": self._outputs}}

    def _end(self, status: Status, reason: str) -> JobResult:
        duration = self._notes.job_ended(status, reason, self._outputs)
        return JobResult(
            job_id=self._job_id,
            status=status,
            reason=reason,
            outputs=dict(self._outputs),
            duration_ms=duration,
            steps=tuple(self._notes.results),
            failure=self._failure,
        )


def _had_no_data(plan: StepPlan, status: Status, reason: str) -> bool:
    """Whether a step's skip is one of the whole job; that its own condition did not hold is not."""
    is_skipped = status is Status.SKIPPED and reason != SKIPPED_BY_CONDITION.reason
    return is_skipped and plan.step.on_no_data == "skip_job"


def _promoted_earlier(plan: JobPlan) -> Mapping[str, Json]:
    """What an earlier start promoted from steps that are done: those that run again promote again."""
    if plan.earlier is None:
        return {}
    kept = {name for step in plan.steps if step.decision is Decision.RESTORE for name in step.step.outputs}
    return {name: value for name, value in kept_outputs(plan).items() if name in kept}


def with_nulls(outputs: Mapping[str, Json], names: Iterable[Sequence[str]]) -> dict[str, Any]:
    """The outputs of a step, with null for each one that is referred to and was not produced, also inside of it."""
    completed: dict[str, Any] = dict(outputs)
    for parts in names:
        if not parts or parts[0] in outputs:
            continue
        inner = completed
        for part in parts[:-1]:
            inner[part] = inner.get(part) or {}
            inner = inner[part]
        inner.setdefault(parts[-1], None)
    return completed


def _named(references: Iterable[Any]) -> Iterable[tuple[str, ...]]:
    return (reference.parts for reference in references)


def _place_of(run: ActiveRun, plan: JobPlan) -> Place:
    folders = run.workspace.of_job(plan.job.id)
    return Place(folders=folders, paths=PathsOnDemand(lambda: step_paths(run, folders)))


def step_paths(run: ActiveRun, folders: JobFolders) -> StepPaths:
    """Which paths the steps of a job may use."""
    own = folders.all
    return StepPaths(
        artifacts=folders.artifacts,
        project=run.project,
        read_roots=(run.workspace.flow_root, run.project, *run.write_roots),
        write_roots=(*own, *run.write_roots),
        own_to_read=(run.workspace.flow_root,),
        own_to_write=own,
        protected=run.protected,
        make_folders=folders.make,
    )
