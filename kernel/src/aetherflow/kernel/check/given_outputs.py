"""Outputs of a step that a person gives in its stead, against what its step type declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..contracts.spelling import did_you_mean
from ..errors import Problem
from ..quick_dataclasses import replace
from ..spec.values import without_raw
from .contributions import Contributions
from .findings import Checked
from .schema_errors import schema_problems
from .validators import Validators

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..spec.models import Step
    from .contributions import Index
    from .definitions import FlowIndex


def check_given_outputs(
    index: Index, step_type: str, step: Step | None, given: Mapping[str, object]
) -> Iterator[Problem]:
    """Outputs that the step type does not declare, or of another type; what is left out is no mistake.

    Args:
        index: what is installed.
        step_type: of the step.
        step: as it is written; null where that can't be read.
        given: the outputs by name.
    """
    names = declared_outputs(Contributions(index), step_type, step)
    yield from _unknown_names(step_type, names, given)
    yield from _wrong_values(
        index, step_type, [{name: given[name] for name in given if names is None or name in names}]
    )


def check_given_lists(
    index: Index, step_type: str, step: Step | None, given: Mapping[str, object], *, count: int
) -> Iterator[Problem]:
    """What is wrong with the outputs of all items of a step together: the mistakes of the first item that has any.

    Args:
        index: what is installed.
        step_type: of the step.
        step: as it is written; null where that can't be read.
        given: a list for each output, in the order of the items; null where an item gave none.
        count: how many items there are at least.
    """
    names = declared_outputs(Contributions(index), step_type, step)
    yield from _unknown_names(step_type, names, given)
    yield from refuse_no_lists(given, count=count)
    lists = {name: each for name, each in given.items() if isinstance(each, list) and (names is None or name in names)}
    items = [
        {name: each[number] for name, each in lists.items() if number < len(each) and each[number] is not None}
        for number in range(max(map(len, lists.values()), default=0))
    ]
    yield from _wrong_values(index, step_type, items)


def refuse_no_lists(given: Mapping[str, object], *, count: int) -> Iterator[Problem]:
    """Outputs of all items together that are no lists of one length, or are too short for the items there are."""
    mend = "give each output as a list in the order of the items, null where an item gave none"
    for name in (name for name, value in given.items() if not isinstance(value, list)):
        yield Problem(code="AF-OUTPUTS", message=f"the output {name!r} of a repeated step is no list", help=mend)
    lengths = {name: len(value) for name, value in given.items() if isinstance(value, list)}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        yield Problem(code="AF-OUTPUTS", message=f"the lists are not of one length: {told}", help=mend)
    elif any(length < count for length in lengths.values()):
        yield Problem(code="AF-OUTPUTS", message=f"the lists are too short: there are {count} items", help=mend)


def _unknown_names(step_type: str, names: frozenset[str] | None, given: Mapping[str, object]) -> Iterator[Problem]:
    for name in sorted(set(given) - names) if names is not None else ():
        yield Problem(
            code="AF-OUTPUTS",
            message=f"the step type {step_type!r} has no output {name!r}",
            help=did_you_mean(name, names or ()),
        )


def _wrong_values(index: Index, step_type: str, items: Sequence[Mapping[str, object]]) -> Iterator[Problem]:
    """What the schema says against the first item that it says anything against."""
    known = Contributions(index).step(step_type).found
    if known is None:
        return
    schema = Validators().of(f"outputs of {step_type}", known.outputs)
    for number, given in enumerate(items):
        checked = Checked(given, (), f"the step type {step_type!r}", "output", {}, is_partial=True)
        found = [each.problem for each in schema_problems(schema, checked)]
        if found:
            of_item = f" (item {number})" if len(items) > 1 else ""
            yield from (replace(each, message=f"{each.message}{of_item}") for each in found)
            return


def declared_outputs(contributions: Contributions, step_type: str, step: Step | None) -> frozenset[str] | None:
    """What the outputs of a step may be called; null where that is not known."""
    inputs = without_raw(step.inputs) if step is not None else {}
    return contributions.output_names(step_type, inputs if isinstance(inputs, dict) else {})


def wanted_outputs(flow: FlowIndex, job_id: str, step_id: str) -> frozenset[str]:
    """The outputs of a step that its job refers to."""
    wanted = set()
    for use in flow.uses:
        if use.job is None or use.job.job.id != job_id:
            continue
        parts = use.reference.parts
        if parts[:2] == ("steps", step_id) and len(parts) > 2:  # noqa: PLR2004 - steps.STEP.OUTPUT
            wanted.add(parts[2])
        is_own = use.field == "outputs" and use.step == use.job.steps.get(step_id)
        if is_own and parts[0] == "result" and len(parts) > 1:
            wanted.add(parts[1])
    return frozenset(wanted)
