"""What would become of a job or a step, going by its condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..quick_dataclasses import dataclass
from .description import Foreseen

if TYPE_CHECKING:
    from .description import Condition

#: The reason of whatever is skipped by its own condition.
FALSE = "condition=false"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would become of it, and why."""

    foreseen: Foreseen
    why: str = ""


def by_condition(when: Condition | None) -> Outlook:
    """What becomes of a job or a step by its condition alone."""
    if when is None or when.holds:
        return Outlook(Foreseen.RUN)
    if when.problem:
        return Outlook(Foreseen.FAIL, when.problem)
    if when.holds is None:
        return Outlook(Foreseen.OPEN, f"decided after {', '.join(when.waits_for)}")
    return Outlook(Foreseen.SKIP, FALSE)
