"""What is attempted: a step, or one item of a step that is repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..contracts.events import Status
from ..contracts.records import StepKey
from ..quick_dataclasses import dataclass

if TYPE_CHECKING:
    from ..contracts.records import StepRecord
    from ..plan.decisions import JobPlan, StepPlan

#: After an attempt that ended so, the same series of attempts goes on.
_SERIES_GOES_ON = frozenset({Status.PENDING, Status.INTERRUPTED})


@dataclass(slots=True, kw_only=True)
class Unit:
    """A step or an item of it, with what is remembered; `number` is that of the next attempt."""

    plan: StepPlan
    key: StepKey
    number: int
    #: Attempts before the present series of retries.
    attempts_before: int
    #: How often a person had it done anew.
    generation: int
    #: When the next attempt is due, in seconds since 1970 in UTC; null for at once.
    due_at: float | None = None
    #: Its start was told in this start of the run.
    is_told: bool = False

    @property
    def attempts_made(self) -> int:
        """How many attempts of the present series there were, those that were cut off too."""
        return self.number - 1 - self.attempts_before


def unit_of_step(job: JobPlan, plan: StepPlan) -> Unit:
    """A step as a whole."""
    return _unit(plan, StepKey(job.job.id, plan.step.id, "", job.start), plan.earlier)


def unit_of_item(job: JobPlan, plan: StepPlan, number: int) -> Unit:
    """The item of that number."""
    return _unit(plan, StepKey(job.job.id, plan.step.id, str(number), job.start), plan.items.get(str(number)))


def _unit(plan: StepPlan, key: StepKey, earlier: StepRecord | None) -> Unit:
    if earlier is None:
        return Unit(plan=plan, key=key, number=1, attempts_before=0, generation=0)
    goes_on = earlier.status in _SERIES_GOES_ON and not plan.is_anew and not _begins_anew(plan, earlier)
    return Unit(
        plan=plan,
        key=key,
        number=earlier.attempt + 1,
        attempts_before=earlier.attempts_before if goes_on else earlier.attempt,
        generation=earlier.generation + (1 if plan.is_anew and earlier.status.is_done else 0),
        due_at=earlier.next_attempt_at if goes_on else None,
    )


def _begins_anew(plan: StepPlan, earlier: StepRecord) -> bool:
    """Whether a person began again with the attempts: said so, or stopped the last one of a series.

    Of an attempt that was cut off by a crash nobody noted the end.
    """
    if earlier.is_without_effect and earlier.next_attempt_at is None:
        return True
    retry = plan.step.retry
    is_used_up = retry is not None and earlier.attempt - earlier.attempts_before >= retry.max_attempts
    return is_used_up and earlier.status is Status.INTERRUPTED and earlier.ended_at is not None
