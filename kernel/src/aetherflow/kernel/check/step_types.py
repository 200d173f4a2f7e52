"""Rule: every step is of a type that a plugin contributes and policy allows."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Problem
from .rules import Subject


def check_step_types(subject: Subject) -> Iterator[Problem]:
    """Step types that are unknown, denied or broken."""
    for job in subject.flow.flow.all_jobs:
        for step in job.steps:
            yield from subject.contributions.step(step.type).problems_at((*step.path, "type"))
