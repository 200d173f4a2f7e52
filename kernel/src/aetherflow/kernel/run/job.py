"""One job: its steps in order, their outputs promoted, its status told."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from ..contracts.events import JobEnded, JobStarted, Status, StepEnded, StepStarted
from ..contracts.records import JobRecord, StepKey, StepRecord
from ..errors import AetherFlowError, LedgerFailed
from ..plan.decisions import Decision
from ..quick_dataclasses import dataclass
from ..resolve.text import fit
from .active import JobResult, StepResult
from .attempt import LEFT_BEHIND, Attempt, Outcome, failure, prepare_attempt, run_attempt
from .context import Fence
from .paths import StepPaths
from .worker import LeftBehind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..contracts.records import Json, RunKey
    from ..plan.decisions import JobPlan, StepPlan
    from ..state.ledger import Ledger
    from .active import ActiveRun
    from .workspace import JobFolders

_NO_DATA = "an earlier step of the job had no data"
_STOPPED = "stopped by a signal"


@dataclass(frozen=True, slots=True)
class _Current:
    """The step that a job is at."""

    plan: StepPlan
    attempt: Attempt
    started_at: float
    fence: Fence


class JobRun:
    """A job that is under way; its steps run on the worker's thread, and so does all that follows from them."""

    def __init__(self, run: ActiveRun, plan: JobPlan) -> None:
        self._run = run
        self._plan = plan
        self._job_id = plan.job.id
        self._started_at = run.clock()
        self._outputs: dict[str, Json] = {**declared_outputs(plan), **(plan.earlier.outputs if plan.earlier else {})}
        self._steps: dict[str, Mapping[str, Json]] = {}
        self._results: list[StepResult] = []
        self._current: _Current | None = None

    def run(self) -> JobResult:
        """Run the steps that are not done; answers how the job ended."""
        try:
            result: JobResult = self._run.worker.do(self._run_to_its_end, may_leave=self._may_be_left)
        except LeftBehind:
            return self._left_behind()
        return result

    def _may_be_left(self) -> bool:
        return self._current is not None and self._current.fence.end()

    def _left_behind(self) -> JobResult:
        """End the job without its thread, which hears of it when its step comes back, if ever."""
        current = self._current
        if current is None:
            raise LeftBehind
        current.fence.revoke()
        self._note_end(
            current.plan, self._record(current.plan, current.started_at, LEFT_BEHIND, current.attempt), LEFT_BEHIND
        )
        return self._end(LEFT_BEHIND.status, f"step {current.plan.step.id!r}: {LEFT_BEHIND.error}")

    def _run_to_its_end(self) -> JobResult:
        flow_id, run_id = self._run.key
        self._note_job(
            Status.RUNNING, "", JobStarted(at=self._started_at, flow_id=flow_id, run_id=run_id, job_id=self._job_id)
        )
        try:
            status, reason = self._run_steps()
        except LedgerFailed:
            raise
        except AetherFlowError as error:
            status, reason = Status.FAILED, self._run.redactor.redact(error.problem.message)
        return self._end(status, reason)

    def _run_steps(self) -> tuple[Status, str]:
        folders = self._run.workspace.of_job(self._job_id)
        paths = step_paths(self._run, folders)
        # In order, restored or run: a step that is restored may stand on one that has to be run again.
        for position, plan in enumerate(self._plan.steps):
            if plan.decision is Decision.RESTORE and plan.earlier is not None:
                self._restore(plan, plan.earlier)
                continue
            if self._run.stop.is_asked:
                return Status.INTERRUPTED, _STOPPED
            outcome = self._run_step(plan, folders, paths)
            if not outcome.status.is_done:
                return outcome.status, f"step {plan.step.id!r}: {outcome.error}"
            if outcome.status is Status.SKIPPED and plan.step.on_no_data == "skip_job":
                self._skip_steps(self._plan.steps[position + 1 :])
                return Status.SKIPPED, outcome.reason
        return Status.SUCCESS, ""

    def _restore(self, plan: StepPlan, earlier: StepRecord) -> None:
        self._steps[plan.step.id] = earlier.outputs or {}
        self._note_end(plan, None, Outcome(status=earlier.status, reason=plan.reason), restored=True)
        # What a secret masks is not kept: it is promoted again, from outputs that are.
        if self._plan.earlier is not None and self._plan.earlier.is_masked:
            self._outputs.update(self._promotion(plan, earlier.outputs or {}))

    def _run_step(self, plan: StepPlan, folders: JobFolders, paths: StepPaths) -> Outcome:
        started_at = self._run.clock()
        try:
            attempt = prepare_attempt(self._run, self._job_id, plan, self._scope())
        except AetherFlowError as error:
            outcome = failure(error)
            self._note_end(plan, self._record(plan, started_at, outcome), outcome)
            return outcome
        self._note_start(plan, attempt, started_at)
        self._run.journal.commit()
        self._current = current = _Current(plan, attempt, started_at, Fence())
        outcome = run_attempt(self._run, attempt, folders, paths, current.fence)
        if not current.fence.end():
            raise LeftBehind
        outcome = self._promoted(plan, outcome)
        self._note_end(plan, self._record(plan, started_at, outcome, attempt), outcome)
        return outcome

    def _promoted(self, plan: StepPlan, outcome: Outcome) -> Outcome:
        if not outcome.status.is_done:
            return outcome
        try:
            promoted = self._promotion(plan, outcome.outputs or {})
        except AetherFlowError as error:
            return Outcome(status=Status.FAILED, error_code=error.problem.code, error=error.problem.message)
        self._steps[plan.step.id] = outcome.outputs or {}
        if promoted:
            self._outputs.update(promoted)
            self._note_job(Status.RUNNING, "")
        return outcome

    def _promotion(self, plan: StepPlan, outputs: Mapping[str, Json]) -> dict[str, Json]:
        """The job outputs that a step's outputs give; plain text where a default stands in, in every run."""
        if not plan.step.outputs:
            return {}
        template = self._run.flow_index.outputs(self._job_id, plan.step.id)
        result = with_nulls(outputs, (reference.parts for reference in template.references))
        return cast("dict[str, Json]", fit(template.render({**self._scope(), "result": result}), {}))

    def _skip_steps(self, rest: Sequence[StepPlan]) -> None:
        for plan in rest:
            if plan.decision is Decision.RESTORE:
                continue
            outcome = Outcome(status=Status.SKIPPED, outputs={"skipped": True, "reason": _NO_DATA}, reason=_NO_DATA)
            self._note_end(plan, self._record(plan, None, outcome), outcome)

    def _scope(self) -> dict[str, Any]:
        return {**self._run.scope(), "steps": self._steps, "job": {"id": self._job_id, "outputs": self._outputs}}

    def _record(
        self, plan: StepPlan, started_at: float | None, outcome: Outcome, attempt: Attempt | None = None
    ) -> StepRecord:
        outputs = self._run.redactor.redact_value(outcome.outputs)
        return StepRecord(
            status=outcome.status,
            step_type=plan.step.type,
            rerun=plan.rerun,
            attempt=attempt.number if attempt else plan.next_attempt - 1,
            definition=plan.definition,
            inputs_digest=attempt.inputs_digest if attempt else "",
            outputs=outputs,
            is_masked=outputs != outcome.outputs,
            reason=outcome.reason,
            error_code=outcome.error_code,
            error=outcome.error,
            is_without_effect=outcome.is_without_effect,
            started_at=started_at,
            ended_at=None if outcome.status is Status.RUNNING else self._run.clock(),
        )

    def _note_start(self, plan: StepPlan, attempt: Attempt, at: float) -> None:
        flow_id, run_id = self._run.key
        record = self._record(plan, at, Outcome(status=Status.RUNNING), attempt)
        event = StepStarted(
            at=at,
            flow_id=flow_id,
            run_id=run_id,
            job_id=self._job_id,
            step_id=plan.step.id,
            step_type=plan.step.type,
            attempt=attempt.number,
        )
        self._run.journal.note(partial(_put_step, self._run.key, attempt.key, record), event)

    def _note_end(self, plan: StepPlan, record: StepRecord | None, outcome: Outcome, *, restored: bool = False) -> None:
        now = self._run.clock()
        started_at = record.started_at if record and record.started_at is not None else now
        result = StepResult(
            step_id=plan.step.id,
            step_type=plan.step.type,
            status=outcome.status,
            duration_ms=milliseconds(started_at, now),
            reason=outcome.error or outcome.reason,
            error_code=outcome.error_code,
            restored=restored,
        )
        self._results.append(result)
        flow_id, run_id = self._run.key
        event = StepEnded(
            at=now,
            flow_id=flow_id,
            run_id=run_id,
            job_id=self._job_id,
            step_id=result.step_id,
            step_type=result.step_type,
            status=result.status,
            duration_ms=result.duration_ms,
            reason=result.reason,
            error_code=result.error_code,
            restored=restored,
        )
        key = StepKey(self._job_id, plan.step.id)
        write = None if record is None else partial(_put_step, self._run.key, key, record)
        self._run.journal.note(write, event)

    def _note_job(self, status: Status, reason: str, event: JobStarted | JobEnded | None = None) -> None:
        outputs = self._run.redactor.redact_value(self._outputs)
        record = JobRecord(
            status=status,
            reason=reason,
            outputs=outputs,
            is_masked=outputs != self._outputs,
            started_at=self._started_at,
            ended_at=None if status is Status.RUNNING else self._run.clock(),
        )
        self._run.journal.note(lambda ledger: ledger.put_job(self._run.key, self._job_id, record), event)

    def _end(self, status: Status, reason: str) -> JobResult:
        now = self._run.clock()
        flow_id, run_id = self._run.key
        duration = milliseconds(self._started_at, now)
        event = JobEnded(
            at=now,
            flow_id=flow_id,
            run_id=run_id,
            job_id=self._job_id,
            status=status,
            duration_ms=duration,
            reason=reason,
        )
        self._note_job(status, reason, event)
        return JobResult(
            job_id=self._job_id,
            status=status,
            reason=reason,
            outputs=dict(self._outputs),
            duration_ms=duration,
            steps=tuple(self._results),
        )


def _put_step(run: RunKey, key: StepKey, record: StepRecord, ledger: Ledger) -> None:
    ledger.put_step(run, key, record)


def declared_outputs(plan: JobPlan) -> dict[str, Json]:
    """All outputs that a job's steps promote, null as long as none is produced."""
    return {name: None for step in plan.job.steps for name in step.outputs}


def with_nulls(outputs: Mapping[str, Json], references: Any) -> dict[str, Any]:  # noqa: ANN401 - an iterable of tuples of names
    """The outputs of a step, with null for each one that is referred to and was not produced."""
    completed: dict[str, Any] = dict(outputs)
    for parts in references:
        if parts[0] == "result" and len(parts) > 1:
            completed.setdefault(parts[1], None)
    return completed


def milliseconds(start: float, end: float) -> int:
    """A duration in whole milliseconds, never negative: the clock may have been set back."""
    return max(0, round((end - start) * 1000))


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
