"""What a store remembers of one run, found by the name that a person gives and read as of one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from ..contracts.events import Status
from ..contracts.spelling import did_you_mean
from ..errors import InvalidInput
from ..quick_dataclasses import dataclass, replace
from ..state.companions import owners_folder
from ..state.liveness import status_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..contracts.records import (
        ArtifactRecord,
        DecisionRecord,
        JobRecord,
        Json,
        ResolutionRecord,
        RunSummary,
        StartRecord,
        StepKey,
        StepRecord,
    )
    from ..contracts.stores import StateStore

_MOST_NAMES = 1_000
Record = TypeVar("Record", "StartRecord", "JobRecord", "StepRecord")


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedJob:
    """A job with its steps in order; `start` is 0 but for on_failure and finally jobs."""

    job_id: str
    start: int
    record: JobRecord | None
    steps: tuple[tuple[StepKey, StepRecord], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedRun:
    """A run, as seen from one of its starts."""

    summary: RunSummary
    #: How it stands now, whatever its process said last.
    status: Status
    #: The start whose decisions these are, and whose on_failure and finally jobs are among the jobs.
    start: int
    starts: tuple[StartRecord, ...]
    jobs: tuple[RememberedJob, ...]
    decisions: Mapping[tuple[str, str], DecisionRecord]
    earlier_attempts: Mapping[StepKey, list[Mapping[str, Json]]]
    resolutions: tuple[ResolutionRecord, ...]
    #: The steps that the flow of that start has, by job and step; null where that is not remembered.
    in_flow: frozenset[tuple[str, str]] | None = None

    @property
    def artifacts(self) -> Iterator[ArtifactRecord]:
        """All that its steps published."""
        for job in self.jobs:
            for _, step in job.steps:
                yield from step.artifacts


def attempt_as_noted(step: StepRecord) -> dict[str, Json]:
    """What a step's record says of its newest attempt, as the store tells of the ones before it."""
    return {
        "attempt": step.attempt,
        "ran_in": step.ran_in,
        "status": step.status.value,
        "reason": step.reason,
        "error_code": step.error_code,
        "error": step.error,
        "is_without_effect": step.is_without_effect,
        "started_at": step.started_at,
        "ended_at": step.ended_at,
        "next_attempt_at": step.next_attempt_at,
    }


def find_run(store: StateStore, name: str) -> RunSummary:
    """The run of that name: `RUN_ID`, or `FLOW_ID/RUN_ID`.

    Raises:
        InvalidInput: there is none, or flows share the id.
        LedgerFailed: the ledger can't be read.
    """
    flow_id, _, run_id = name.rpartition("/")
    found = store.runs(flow_id=flow_id or None, run_id=run_id)
    if not found:
        known = [summary.key.run_id for summary in store.runs(flow_id=flow_id or None, limit=_MOST_NAMES)]
        raise InvalidInput(
            f"there is no run {name!r} in this ledger",
            code="AF-RUN-UNKNOWN",
            help=did_you_mean(run_id, known) or "aetherflow runs list shows which there are",
        )
    if len(found) > 1:
        names = sorted(summary.key.name for summary in found)
        raise InvalidInput(
            f"{len(found)} flows have a run {run_id!r}: {', '.join(names)}",
            code="AF-RUN-AMBIGUOUS",
            help=f"name the flow too: {names[0]}",
        )
    return found[0]


def recall(store: StateStore, name: str, *, ledger: Path, start: int | None = None) -> RememberedRun:
    """All that is remembered of a run, as of one moment.

    Args:
        store: the ledger, open.
        name: of the run.
        ledger: the ledger's file.
        start: the start to see it from; the newest one by default.

    Raises:
        InvalidInput: there is no such run, or it had no such start.
        LedgerFailed: the ledger can't be read.
    """
    with store.reading():
        summary = find_run(store, name)
        key, newest = summary.key, summary.run.starts
        shown = newest if start is None else start
        if not 1 <= shown <= newest:
            raise InvalidInput(
                f"run {key.run_id!r} has no start {shown}",
                code="AF-RUN-START",
                help=f"it was started {newest} times" if newest > 1 else "it was started once",
            )
        of_start = store.history(key, start=shown)
        jobs_of = {0: store.history(key).jobs, shown: of_start.jobs}
        status = status_now(summary, owners_folder(ledger))
        started = store.starts(key)
        in_flow = _written_jobs_and_steps(store, started, shown)
        return RememberedRun(
            summary=summary,
            status=status,
            start=shown,
            starts=tuple(_ended(each, status if each.number == newest else Status.INTERRUPTED) for each in started),
            jobs=_jobs(
                {
                    (number, job_id): _ended(job, status)
                    for number, jobs in jobs_of.items()
                    for job_id, job in jobs.items()
                },
                {step_key: _ended(step, status) for step_key, step in of_start.steps.items()},
            ),
            in_flow=in_flow,
            decisions={(each.job_id, each.step_id): each for each in store.decisions(key, shown)},
            earlier_attempts=store.earlier_attempts(key),
            resolutions=store.resolutions(key),
        )


def _ended(record: Record, run: Status) -> Record:
    """A record as it stands: what is RUNNING of a run that is not was cut off, and nobody lived to note it."""
    if record.status is not Status.RUNNING or run is Status.RUNNING:
        return record
    found: Record = replace(record, status=Status.INTERRUPTED)
    return found


def _written_jobs_and_steps(
    store: StateStore, starts: tuple[StartRecord, ...], shown: int
) -> frozenset[tuple[str, str]] | None:
    digest = next((start.flow_digest for start in starts if start.number == shown), "")
    written = cast("list[dict[str, str]] | None", store.definitions(digest))
    return None if written is None else frozenset((each["job"], each["step"]) for each in written)


def _jobs(
    records: Mapping[tuple[int, str], JobRecord], steps: Mapping[StepKey, StepRecord]
) -> tuple[RememberedJob, ...]:
    """Jobs in the order in which they began; what never began is last."""
    of_jobs: dict[tuple[int, str], list[tuple[StepKey, StepRecord]]] = {name: [] for name in records}
    for key, step in steps.items():
        of_jobs.setdefault((key.start, key.job_id), []).append((key, step))
    jobs = [
        RememberedJob(
            job_id=job_id,
            start=start,
            record=records.get((start, job_id)),
            steps=tuple(sorted(found, key=_in_job)),
        )
        for (start, job_id), found in of_jobs.items()
    ]
    return tuple(sorted(jobs, key=_began))


def _began(job: RememberedJob) -> tuple[int, float, float, str]:
    never = float("inf")
    first = job.record.started_at if job.record else None
    ended = job.record.ended_at if job.record else None
    return job.start, never if first is None else first, never if ended is None else ended, job.job_id


def _in_job(found: tuple[StepKey, StepRecord]) -> tuple[object, ...]:
    key, step = found
    # Ledgers of the first version know no positions; there a job's steps began one after the other.
    began = float("inf") if step.started_at is None or step.position else step.started_at
    return step.position, began, key.step_id, _in_order(key.item)


def _in_order(item: str) -> tuple[int, int, str]:
    return (0, int(item), item) if item.isdecimal() else (1, 0, item) if item else (-1, 0, item)
