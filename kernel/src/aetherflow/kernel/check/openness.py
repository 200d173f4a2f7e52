"""Rule: what could not be checked is said: step types that take or give whatever they are given."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Problem, YamlPath
from ..resolve.schemas import known_properties
from ..spec.models import Step
from .definitions import Use
from .rules import Subject


def check_openness(subject: Subject) -> Iterator[Problem]:
    """Inputs of step types that declare none, and outputs whose names are known only when the step runs."""
    for job in subject.flow.flow.all_jobs:
        for step in job.steps:
            known = subject.contributions.step(step.type).found
            if known is None:
                continue
            declared = subject.validators.of(f"step {step.type}", known.inputs).declared
            if known_properties(declared.top()) is None:
                yield _note(f"what the step type {step.type!r} takes is not declared", (*step.path, "type"))
    for use in subject.flow.uses:
        named = _step_of(use)
        if named is None or subject.contributions.step(named.type).found is None:
            continue
        if subject.contributions.output_names(named.type, named.inputs) is None:
            yield _note(
                f"whether {use.reference.dotted!r} is there is known only when the flow runs", use.reference.path
            )


def _step_of(use: Use) -> Step | None:
    """The step whose output a reference names without a default."""
    parts = use.reference.parts
    depth = {"steps": 2, "result": 1}.get(parts[0])
    if depth is None or len(parts) <= depth or use.job is None or use.reference.default is not None:
        return None
    number = use.step if depth == 1 else use.job.steps.get(parts[1])
    return None if number is None or use.is_in_condition else use.job.job.steps[number]


def _note(message: str, path: YamlPath) -> Problem:
    return Problem(code="AF-NOT-KNOWN", severity="note", message=message, path=path)
