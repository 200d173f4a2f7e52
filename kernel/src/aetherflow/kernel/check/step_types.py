"""Rule: every step is of a type that a plugin contributes and policy allows."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Problem
from .rules import Subject


def check_step_types(subject: Subject) -> Iterator[Problem]:
    """Step types that are unknown, denied or broken; and those that take whatever they are given."""
    for job in subject.flow.flow.all_jobs:
        for step in job.steps:
            answer = subject.contributions.step(step.type)
            yield from answer.problems_at((*step.path, "type"))
            if answer.found is not None and not subject.contributions.declares_inputs(step.type):
                message = f"what the step type {step.type!r} takes is not declared"
                yield Problem(code="AF-NOT-KNOWN", severity="note", message=message, path=(*step.path, "type"))
