"""What a run did and said as lines: its transitions from the ledger, merged with its own log."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

from ..contracts.events import Status
from ..events.run_log import MICROSECONDS, read_run_log
from ..history.remembered import attempt_as_noted, recall
from ..quick_dataclasses import dataclass
from ..state.companions import log_file, logs_folder
from .run_display import is_told_later
from .times import milliseconds_between

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from ..contracts.records import ResolutionRecord, StartRecord, StepKey
    from ..contracts.stores import StateStore
    from ..history.remembered import RememberedJob, RememberedRun

#: What happened at one moment is told from the outside in, and ends from the inside out.
_ORDER = {
    name: number
    for number, name in enumerate(
        ("run_start", "resolution", "job_start", "step_start", "step_end", "job_end", "run_end")
    )
}

#: What each line of the log says of itself.
_OF_THE_LINE = frozenset({"ts_ms", MICROSECONDS, "level", "event"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `at` is seconds since 1970 in UTC."""

    at: float
    level: str
    event: str
    values: Mapping[str, object]


def lines_of(store: StateStore, name: str, *, ledger: Path) -> Iterator[Line]:
    """All lines of a run, in the order of time; the ledger is read at once, the log as it goes.

    Raises:
        InvalidInput: there is no such run.
        LedgerFailed: the ledger can't be read.
    """
    run = recall(store, name, ledger=ledger)
    key = run.summary.key
    earlier = [recall(store, key.name, ledger=ledger, start=number) for number in range(1, run.start)]
    transitions = sorted(_transitions(run, earlier), key=lambda line: (line.at, _ORDER[line.event]))
    said = _said(read_run_log(log_file(logs_folder(ledger), key)))
    return heapq.merge(transitions, said, key=lambda line: line.at)


def _transitions(run: RememberedRun, earlier: Iterable[RememberedRun]) -> Iterator[Line]:
    if all(start.number != 1 for start in run.starts):
        # A ledger of the first version noted no more of it.
        yield Line(run.summary.run.started_at, "INFO", "run_start", {"start": 1})
    for start in run.starts:
        yield from _of_start(start)
    for resolution in run.resolutions:
        yield _of_resolution(resolution)
    for seen in (*earlier, run):
        for job in seen.jobs:
            if job.start or seen is run:
                yield from _of_job(job, seen)


def _of_start(start: StartRecord) -> Iterator[Line]:
    yield Line(start.started_at, "INFO", "run_start", {"start": start.number, "asked": start.asked})
    if start.ended_at is not None:
        took = milliseconds_between(start.started_at, start.ended_at)
        values = {"start": start.number, "status": start.status.value, "duration_ms": took}
        yield Line(start.ended_at, _level(start.status), "run_end", values)


def _of_resolution(each: ResolutionRecord) -> Line:
    step = {"job_id": each.step.job_id, "step_id": each.step.step_id, "item": each.step.item} if each.step else {}
    return Line(each.at, "INFO", "resolution", _told({**step, "what": each.what, "by": each.by, "reason": each.reason}))


def _of_job(job: RememberedJob, run: RememberedRun) -> Iterator[Line]:
    record = job.record
    of_start = {"start": job.start} if job.start else {}
    if record is not None and record.started_at is not None:
        yield Line(record.started_at, "INFO", "job_start", {**of_start, "job_id": job.job_id})
    if record is not None and record.ended_at is not None:
        took = milliseconds_between(record.started_at, record.ended_at)
        values = {**of_start, "job_id": job.job_id, "status": record.status.value, "duration_ms": took}
        yield Line(record.ended_at, _level(record.status), "job_end", _told({**values, "reason": record.reason}))
    for key, step in job.steps:
        for attempt in run.earlier_attempts.get(key, ()):
            yield from _of_attempt(key, step.step_type, attempt)
        told_later = is_told_later(key, step, run)
        if told_later and any(each["ran_in"] == step.ran_in for each in run.earlier_attempts[key]):
            # A person decided so, which is a line of its own.
            continue
        noted = attempt_as_noted(step)
        yield from _of_attempt(key, step.step_type, {**noted, "attempt": None} if told_later else noted)


def _of_attempt(key: StepKey, step_type: str, noted: Mapping[str, Any]) -> Iterator[Line]:
    named = {"start": noted["ran_in"], "job_id": key.job_id, "step_id": key.step_id, "item": key.item or None}
    values = {**named, "step_type": step_type, "attempt": noted["attempt"]}
    began, ended = noted["started_at"], noted["ended_at"]
    if began is not None:
        yield Line(began, "INFO", "step_start", _told(values))
    if ended is not None:
        status, took = Status(noted["status"]), milliseconds_between(began, ended)
        told = {**values, "status": status.value, "duration_ms": took, "reason": noted["reason"]}
        yield Line(
            ended,
            _level(status),
            "step_end",
            _told({**told, "error_code": noted["error_code"], "error": noted["error"]}),
        )


def _said(lines: Iterable[Mapping[str, Any]]) -> Iterator[Line]:
    for line in lines:
        values = {name: value for name, value in line.items() if name not in _OF_THE_LINE}
        at, past, level, event = line.get("ts_ms"), line.get(MICROSECONDS), line.get("level"), line.get("event")
        if isinstance(at, int) and isinstance(level, str) and isinstance(event, str):
            yield Line((at + (past / 1000 if isinstance(past, int) else 0)) / 1000, level, event, values)


def _told(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value not in (None, "")}


def _level(status: Status) -> str:
    if status in {Status.BLOCKED, Status.PENDING}:
        return "WARNING"
    return "INFO" if status.is_done else "ERROR"
