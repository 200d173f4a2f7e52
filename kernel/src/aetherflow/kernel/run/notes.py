"""What a job notes of itself and its steps: rows for the ledger, events to tell, results for the caller."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypedDict

from ..contracts.effects import Rerun
from ..contracts.events import (
    ItemEnded,
    ItemStarted,
    JobEnded,
    JobStarted,
    Status,
    StepEnded,
    StepRetried,
    StepStarted,
)
from ..contracts.records import JobRecord, StepRecord
from ..quick_dataclasses import replace
from .active import StepResult
from .attempt import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..contracts.events import Event
    from ..contracts.records import Json, RunKey, StepKey
    from ..contracts.stores import StateStore
    from ..plan.decisions import JobPlan
    from .active import ActiveRun
    from .attempt import Attempt
    from .unit import Unit


#: A step that took longer is done once its end is on the disk, before anything else begins: a crash takes back little.
_MOST_SECONDS_AHEAD = 0.05


class _Place(TypedDict):
    """Where all events of a job happen."""

    flow_id: str
    run_id: str
    job_id: str


class JobNotes:
    """The notes of one job of a run; safe to use from several threads."""

    def __init__(self, run: ActiveRun, plan: JobPlan) -> None:
        self._run = run
        self._plan = plan
        self._place = _Place(flow_id=run.key.flow_id, run_id=run.key.run_id, job_id=plan.job.id)
        self.started_at = run.clock()
        self.results: list[StepResult] = []

    def job_started(self, outputs: Mapping[str, Json]) -> None:
        """The job is about to begin."""
        event = JobStarted(at=self.started_at, **self._place)
        self._run.journal.note(self._put_job(Status.RUNNING, "", outputs), event=event)

    def job_ended(self, status: Status, reason: str, outputs: Mapping[str, Json]) -> int:
        """The job reached its status; answers how long it took, in milliseconds."""
        now = self._run.clock()
        duration = milliseconds(self.started_at, now)
        event = JobEnded(
            at=now,
            **self._place,
            status=status,
            duration_ms=duration,
            reason=reason,
        )
        self._run.journal.note(self._put_job(status, reason, outputs, ended_at=now), event=event)
        return duration

    def started(self, unit: Unit, attempt: Attempt | None, inputs_digest: str, at: float) -> None:
        """An attempt of a step or an item is about to begin; without one, the items of a step are."""
        number = attempt.number if attempt else unit.number
        record = StepRecord(
            status=Status.RUNNING,
            step_type=unit.plan.step.type,
            rerun=unit.plan.rerun,
            attempt=number,
            definition=unit.plan.definition,
            position=unit.plan.position,
            generation=unit.generation,
            ran_in=self._run.start,
            attempts_before=unit.attempts_before,
            inputs_digest=inputs_digest,
            started_at=at,
        )
        self._run.journal.note(
            partial(_put_step, self._run.key, unit.key, record), event=self._start_event(unit, number, at)
        )

    def never_began(self, unit: Unit, attempt: Attempt, at: float) -> None:
        """What was noted of an attempt's start could not be written, and the attempt was not made."""
        outcome = Outcome(status=Status.PENDING, reason="it could not be started", is_without_effect=True)
        record = self._record(unit, at, outcome, attempt)
        self._run.journal.note(partial(_put_step, self._run.key, unit.key, record))

    def tried_again(self, unit: Unit, attempt: Attempt | None, at: float, outcome: Outcome, wait: float) -> None:
        """An attempt failed, and another one follows."""
        now = self._run.clock()
        record = self._record(unit, at, outcome, attempt, status=Status.PENDING, next_attempt_at=now + wait)
        event = StepRetried(
            at=now,
            **self._place,
            step_id=unit.key.step_id,
            item=unit.key.item,
            attempt=record.attempt,
            error_code=outcome.error_code,
            reason=outcome.error,
            wait_seconds=round(wait, 3),
        )
        self._run.journal.note(partial(_put_step, self._run.key, unit.key, record), event=event)

    def ended(
        self,
        unit: Unit,
        outcome: Outcome,
        *,
        at: float | None = None,
        attempt: Attempt | None = None,
        inputs_digest: str = "",
        promoted: Mapping[str, Json] | None = None,
    ) -> None:
        """A step or an item reached its status; what it promoted to its job is written with it."""
        record = self._record(unit, at, outcome, attempt, inputs_digest=inputs_digest)
        writes = [partial(_put_step, self._run.key, unit.key, record)]
        if promoted is not None:
            writes.insert(0, self._put_job(Status.RUNNING, "", promoted))
        took = 0.0 if at is None else self._run.clock() - at
        # What may not be done again freely, or took long, must not be lost once something else begins.
        must_stay = (attempt is not None and unit.plan.rerun != Rerun.SAFE) or took > _MOST_SECONDS_AHEAD
        self._run.journal.note(*writes, event=self._end_event(unit, outcome, at), is_waited_for=must_stay)

    def told(self, unit: Unit, outcome: Outcome, *, restored: bool = False) -> None:
        """A step or an item has the status that the ledger knows already."""
        self._run.journal.note(event=self._end_event(unit, outcome, None, restored=restored))

    def _put_job(
        self, status: Status, reason: str, outputs: Mapping[str, Json], *, ended_at: float | None = None
    ) -> partial[None]:
        shown = self._run.redactor.redact_value(outputs)
        # Until the job is done, it may not yet have given again what an earlier start did not keep.
        is_missing = not status.is_done and self._plan.earlier is not None and self._plan.earlier.is_masked
        record = JobRecord(
            status=status,
            reason=reason,
            # A copy: it is written later, and steps may have promoted more by then.
            outputs=dict(shown),
            is_masked=is_missing or shown != outputs,
            definition=self._plan.definition,
            started_at=self.started_at,
            ended_at=ended_at,
        )
        return partial(_put_job, self._run.key, self._plan.job.id, record, self._plan.start)

    def _record(
        self,
        unit: Unit,
        at: float | None,
        outcome: Outcome,
        attempt: Attempt | None,
        *,
        status: Status | None = None,
        next_attempt_at: float | None = None,
        inputs_digest: str = "",
    ) -> StepRecord:
        outputs = self._run.redactor.redact_value(outcome.outputs)
        return StepRecord(
            status=status or outcome.status,
            step_type=unit.plan.step.type,
            rerun=unit.plan.rerun,
            attempt=attempt.number if attempt else unit.number - 1,
            definition=unit.plan.definition,
            position=unit.plan.position,
            generation=unit.generation,
            ran_in=self._run.start,
            attempts_before=unit.attempts_before,
            next_attempt_at=next_attempt_at,
            inputs_digest=attempt.inputs_digest if attempt else inputs_digest,
            outputs=outputs,
            is_masked=outputs != outcome.outputs,
            artifacts=tuple(replace(each, path=self._run.redactor.redact(each.path)) for each in outcome.artifacts),
            reason=outcome.reason,
            error_code=outcome.error_code,
            error=outcome.error,
            is_without_effect=outcome.is_without_effect,
            started_at=at,
            ended_at=self._run.clock(),
        )

    def _start_event(self, unit: Unit, number: int, at: float) -> Event | None:
        if unit.is_told:
            # Told when the attempt before it failed.
            return None
        unit.is_told = True
        if unit.key.item:
            return ItemStarted(
                at=at,
                **self._place,
                step_id=unit.key.step_id,
                item=unit.key.item,
                attempt=number,
            )
        return StepStarted(
            at=at,
            **self._place,
            step_id=unit.key.step_id,
            step_type=unit.plan.step.type,
            attempt=number,
        )

    def _end_event(self, unit: Unit, outcome: Outcome, at: float | None, *, restored: bool = False) -> Event:
        now = self._run.clock()
        duration = 0 if at is None else milliseconds(at, now)
        reason = outcome.error or outcome.reason
        if unit.key.item:
            return ItemEnded(
                at=now,
                **self._place,
                step_id=unit.key.step_id,
                item=unit.key.item,
                status=outcome.status,
                duration_ms=duration,
                reason=reason,
                error_code=outcome.error_code,
                restored=restored,
            )
        step_type = unit.plan.step.type
        self.results.append(
            StepResult(
                step_id=unit.key.step_id,
                step_type=step_type,
                status=outcome.status,
                duration_ms=duration,
                reason=reason,
                error_code=outcome.error_code,
                restored=restored,
            )
        )
        return StepEnded(
            at=now,
            **self._place,
            step_id=unit.key.step_id,
            step_type=step_type,
            status=outcome.status,
            duration_ms=duration,
            reason=reason,
            error_code=outcome.error_code,
            restored=restored,
        )


def milliseconds(start: float, end: float) -> int:
    """A duration in whole milliseconds, never negative: the clock may have been set back."""
    return max(0, round((end - start) * 1000))


def _put_step(run: RunKey, key: StepKey, record: StepRecord, ledger: StateStore) -> None:
    ledger.put_step(run, key, record)


def _put_job(run: RunKey, job_id: str, record: JobRecord, start: int, ledger: StateStore) -> None:
    ledger.put_job(run, job_id, record, start=start)
