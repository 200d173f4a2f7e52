"""What happens in a run, as a closed family of frozen events; every sink and observer gets the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from ..quick_dataclasses import dataclass


class Status(StrEnum):
    """Where a run, a job or a step stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    BLOCKED = "BLOCKED"
    INTERRUPTED = "INTERRUPTED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"
    LOCK_LOST = "LOCK_LOST"

    @property
    def is_done(self) -> bool:
        """Whether a resume leaves it as it is."""
        return self is Status.SUCCESS or self is Status.SKIPPED

    @property
    def is_failure(self) -> bool:
        """Whether it failed by itself: another attempt, or what follows it, may go on where a flow says so."""
        return self in _FAILURES


_FAILURES = frozenset({Status.FAILED, Status.TIMED_OUT, Status.LOCK_LOST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened; `at` is seconds since 1970 in UTC."""

    name: ClassVar[str]
    at: float
    flow_id: str
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A run was started, or started again."""

    name = "run_start"
    flow_file: str
    resumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStarted(Event):
    """A job's first step is about to start."""

    name = "job_start"
    job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Event):
    """An attempt of a step begins."""

    name = "step_start"
    job_id: str
    step_id: str
    step_type: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgressed(Event):
    """How far a step is, in its own unit."""

    name = "step_progress"
    job_id: str
    step_id: str
    done: int
    total: int | None
    unit: str
    #: The number of an item, where the step is repeated.
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLogged(Event):
    """A step, or what it runs, said something."""

    name = "step_log"
    job_id: str
    step_id: str
    level: str
    message: str
    fields: Mapping[str, object]
    #: The number of an item, where the step is repeated.
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRetried(Event):
    """An attempt failed, and another one follows after the wait; `item` is the number of an item, or empty."""

    name = "step_retry"
    job_id: str
    step_id: str
    item: str
    attempt: int
    error_code: str
    reason: str
    wait_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStarted(Event):
    """An attempt of one item of a step that is repeated begins; `item` is its number, from 0."""

    name = "item_start"
    job_id: str
    step_id: str
    item: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemEnded(Event):
    """One item of a step that is repeated reached its status."""

    name = "item_end"
    job_id: str
    step_id: str
    item: str
    status: Status
    duration_ms: int
    reason: str = ""
    error_code: str = ""
    restored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded(Event):
    """A step reached its status; `reason` says why where there is something to say."""

    name = "step_end"
    job_id: str
    step_id: str
    step_type: str
    status: Status
    duration_ms: int
    reason: str = ""
    #: The code of the error that it failed with; docs/errors.md tells them all.
    error_code: str = ""
    #: Done in an earlier start of the run: its outputs were restored.
    restored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnded(Event):
    """A job reached its status."""

    name = "job_end"
    job_id: str
    status: Status
    duration_ms: int
    reason: str = ""
    #: Done in an earlier start of the run.
    restored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """The run reached its status; `status_counts` counts its jobs."""

    name = "run_summary"
    status: Status
    duration_ms: int
    status_counts: Mapping[str, int]
    jobs: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceStarted(Event):
    """A scheduler starts a run of one of its items; the flow's id is empty where it is not known."""

    name = "occurrence_start"
    item: str
    #: When it was meant to start, as ISO text.
    scheduled_for: str
    #: How often it was started, from 1.
    attempt: int
    #: So much later than it was meant to.
    late_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceEnded(Event):
    """A time of a scheduler's item has its status: its run ended, or it was skipped or missed and there is none."""

    name = "occurrence_end"
    item: str
    #: When it was meant to start, as ISO text.
    scheduled_for: str
    #: As the scheduler names it: SUCCESS, FAILED, SKIPPED, MISSED and others.
    status: str
    reason: str = ""
    #: How often it was started; 0 where it was not.
    attempt: int
    #: What the run's process answered; null where there was none.
    exit_code: int | None = None
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerLogged(Event):
    """A scheduler said something about itself; it belongs to no run."""

    name = "scheduler_log"
    level: str
    message: str
    fields: Mapping[str, object]
