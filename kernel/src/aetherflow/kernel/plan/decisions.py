"""A plan: for each job and step, whether it runs, and why."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from ..quick_dataclasses import dataclass, field

if TYPE_CHECKING:
    from ..contracts.records import JobRecord, StepRecord
    from ..spec.models import Job, Step


class Decision(StrEnum):
    """What a run does with a job or a step."""

    #: It runs, as far as its conditions let it.
    RUN = "RUN"
    #: It ended in an earlier start: its outputs are taken from there.
    RESTORE = "RESTORE"
    #: This start does not touch it.
    LEAVE = "LEAVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a start of a run is to do; by default all that is not done."""

    #: This job alone.
    only_job: str | None = None
    #: The job and the step from which on everything is done anew, with what depends on it.
    from_step: tuple[str, str] | None = None
    #: Jobs that failed or were blocked, and no others.
    only_failed: bool = False
    #: Steps that are done and were edited since are done anew, with what depends on them.
    accept_changes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """One step of a plan; `earlier` is what is remembered of it."""

    step: Step
    decision: Decision
    reason: str
    definition: str
    #: Its place in the job.
    position: int
    rerun: str
    earlier: StepRecord | None
    #: What is remembered of its items, by their numbers.
    items: Mapping[str, StepRecord] = field(default_factory=dict)
    #: It was done, and is done anew.
    is_anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """One job of a plan; `earlier` is what is remembered of it."""

    job: Job
    decision: Decision
    reason: str
    definition: str
    steps: tuple[StepPlan, ...]
    earlier: JobRecord | None
    #: `earlier` is of another run: in this one the job never ran.
    is_borrowed: bool = False
    #: The start of the run that the job belongs to; 0 where it belongs to the run as a whole.
    start: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a start of a run will do, in order."""

    jobs: tuple[JobPlan, ...]
    on_failure: tuple[JobPlan, ...] = ()
    finally_: tuple[JobPlan, ...] = ()

    @property
    def all_jobs(self) -> tuple[JobPlan, ...]:
        """All jobs, those of the end too."""
        return (*self.jobs, *self.on_failure, *self.finally_)

    @property
    def has_work(self) -> bool:
        """Whether any job runs."""
        return any(job.decision is Decision.RUN for job in self.jobs)
