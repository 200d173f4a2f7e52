"""Rule: what is named inside of a value is there, as far as the value is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..contracts.spelling import did_you_mean
from ..errors import Problem
from ..quick_dataclasses import replace
from ..spec.misfits import shown
from .rules import Subject

if TYPE_CHECKING:
    from ..spec.models import Step
    from .definitions import Use

#: Steps stand inside steps so deep.
_DEEPEST = 16
#: So many parts name the value itself; what follows lies inside of it.
_PARTS_OF_VALUE = {"params": 2, "item": 1, "steps": 3, "result": 2, "job": 3, "jobs": 4}


def check_parts(subject: Subject) -> Iterator[Problem]:
    """Parts of values that have none, or none of that name; and what can't be known of them.

    AF-NOT-KNOWN: something can't be checked before the flow runs; it may be right or wrong.

    Example:
        flow: {id: report}
        params:
          day: {type: object, default: {name: monday}}
        jobs:
          - id: show
            steps:
              - {id: day, type: external.process, inputs: {command: [echo, "on {{params.day.name}}"]}}

    Mend: nothing has to be done; a default is good where the value may be missing.
        - {id: day, type: external.process, inputs: {command: [echo, "on {{params.day.name:none}}"]}}
    """
    for use in subject.flow.uses:
        depth = _PARTS_OF_VALUE.get(use.reference.root)
        if depth is None:
            continue
        if use.reference.root == "item" and _is_of_matrix(use):
            depth += 1
        found = list(_check_inside(subject, use, depth))
        if use.is_in_condition:
            # What is missing there is null.
            yield from (problem for problem in found if problem.severity == "error")
            continue
        step = _step_of(use, depth)
        if not found and step is not None and _may_lack(subject, use, step):
            found = list(_note(use, f"whether {use.reference.dotted!r} is there"))
        yield from found


def _is_of_matrix(use: Use) -> bool:
    step = use.own_step
    return step is not None and step.foreach is not None and step.foreach.matrix is not None


def _step_of(use: Use, depth: int) -> Step | None:
    """The step whose output a reference names."""
    root, parts = use.reference.root, use.reference.parts
    if use.job is None or len(parts) < depth or root not in ("steps", "result"):
        return None
    number = use.job.steps.get(parts[1]) if root == "steps" else use.step
    return None if number is None else use.job.job.steps[number]


def _may_lack(subject: Subject, use: Use, step: Step) -> bool:
    """Whether a step may give outputs of any name, or skip itself and give none, and the job goes on."""
    known = subject.contributions.step(step.type).found
    if known is None:
        return False
    if subject.contributions.output_names(step.type, step.inputs) is None:
        return True
    # What the step promotes itself is null then.
    goes_on = step.on_no_data is None and step.foreach is None and use.reference.root == "steps"
    return goes_on and _may_skip(subject, step.type, step.inputs) and use.field != "job_outputs"


def _may_skip(subject: Subject, step_type: str, inputs: object, depth: int = 0) -> bool:
    """Whether a step may skip itself, or the one inside of it."""
    known = subject.contributions.step(step_type).found
    if known is None or depth > _DEEPEST:
        return False
    source = (known.outputs_from or {}).get("step", "").removeprefix("inputs.")
    inner = inputs.get(source) if source and isinstance(inputs, Mapping) else None
    if isinstance(inner, Mapping) and isinstance(inner.get("type"), str):
        return _may_skip(subject, inner["type"], inner.get("inputs"), depth + 1)
    return known.may_skip


def _check_inside(subject: Subject, use: Use, depth: int) -> Iterator[Problem]:
    parts = use.reference.parts
    for number in range(depth, len(parts)):
        whole = ".".join(parts[:number])
        kind = subject.values.referents.of(replace(use, reference=replace(use.reference, parts=parts[:number])))
        if kind.types is not None and "object" not in kind.types:
            yield _unknown(use, f"{whole!r} is {kind.words}, which has no parts", f"write {use.as_written(whole)}")
            return
        if kind.keys is None or "null" in (kind.types or ()):
            yield from _note(use, f"whether {whole!r} has a part {shown(parts[number])}")
            return
        if parts[number] not in kind.keys:
            mend = did_you_mean(parts[number], kind.keys)
            yield _unknown(use, f"{whole!r} has no part {shown(parts[number])}", mend)
            return


def _unknown(use: Use, message: str, mend: str) -> Problem:
    return Problem(code="AF-UNKNOWN-REFERENCE", message=message, help=mend, path=use.reference.path)


def _note(use: Use, what: str) -> Iterator[Problem]:
    if use.reference.default is None:
        message = f"{what} is known only when the flow runs"
        yield Problem(code="AF-NOT-KNOWN", severity="note", message=message, path=use.reference.path)
