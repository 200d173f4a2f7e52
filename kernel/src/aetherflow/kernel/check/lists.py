"""Rule: what a repeated step gives is taken as the list that it is."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Problem
from ..resolve.schemas import Schemas, types_of
from ..spec.models import Step
from ..spec.values import without_raw
from .definitions import JobIndex, Use
from .fault_words import words_for_type
from .rules import Subject

#: In front of the name of an output: `steps.ID` and `result`.
_DEPTHS = {"steps": 2, "result": 1}


def check_lists(subject: Subject) -> Iterator[Problem]:
    """Lists that stand in a text, or where something else belongs."""
    if not any(step.foreach for _, step in subject.directed_steps):
        return
    for use in subject.flow.uses:
        if use.job is None or use.is_in_condition or not _names_a_list(use, use.job):
            continue
        if not use.reference.is_whole:
            message = f"{use.reference.dotted!r} is a list with an item for each repetition: it can't be part of a text"
            mend = "let the token be the whole value"
            yield Problem(code="AF-TEMPLATE-KIND", message=message, help=mend, path=use.reference.path)
        elif use.field == "inputs" and use.step is not None:
            yield from _check_place(subject, use, use.job.job.steps[use.step])


def _names_a_list(use: Use, job: JobIndex) -> bool:
    depth = _DEPTHS.get(use.reference.root)
    if depth is None or len(use.reference.parts) != depth + 1:
        return False
    number = use.step if depth == 1 else job.steps.get(use.reference.parts[1])
    return number is not None and job.job.steps[number].foreach is not None


def _check_place(subject: Subject, use: Use, step: Step) -> Iterator[Problem]:
    """A list may stand there, as the schema of the inputs has it."""
    known = subject.contributions.step(step.type).found
    if known is None:
        return
    schema = subject.validators.of(f"step {step.type}", known.inputs)
    schemas: Schemas = schema.declared.top()
    value = without_raw(step.inputs)
    for part in use.reference.path[len(step.path) + 1 :]:
        if isinstance(value, dict):
            schemas, value = schema.declared.of_property(schemas, value, str(part)), value[part]
        elif isinstance(value, list) and isinstance(part, int):
            schemas, value = schema.declared.of_item(schemas, part), value[part]
    types = types_of(schemas)
    if types is not None and "array" not in types:
        message, _ = words_for_type(types, [])
        mend = f"{use.reference.dotted!r} has an item for each repetition"
        yield Problem(code="AF-WRONG-TYPE", message=message, help=mend, path=use.reference.path)
