"""A plan: for each job and step, whether it runs, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ..quick_dataclasses import dataclass

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
class StepPlan:
    """One step of a plan; `earlier` is what is remembered of it."""

    step: Step
    decision: Decision
    reason: str
    definition: str
    rerun: str
    earlier: StepRecord | None

    @property
    def next_attempt(self) -> int:
        """The number that the next attempt bears."""
        return (self.earlier.attempt if self.earlier else 0) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """One job of a plan; `earlier` is what is remembered of it."""

    job: Job
    decision: Decision
    reason: str
    steps: tuple[StepPlan, ...]
    earlier: JobRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a start of a run will do, in order."""

    jobs: tuple[JobPlan, ...]
