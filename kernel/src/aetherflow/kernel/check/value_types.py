"""Rule: what a template stands for fits where it goes, as far as the types of both are known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import Problem
from .fitting import Fit, Verdict, fit_of
from .outside_texts import check_outside_texts
from .referents import kind_of_parameter
from .rules import Subject

if TYPE_CHECKING:
    from ..spec.models import Resource, Step
    from .definitions import Use
    from .destinations import Destination

_CONTAINERS = frozenset({"array", "object"})


def check_value_types(subject: Subject) -> Iterator[Problem]:
    """Outputs, parameters and texts from outside that can't be what belongs where they go.

    AF-TYPE-MISMATCH: a template stands for a value of another type than the input takes.

    Example:
        flow: {id: report}
        params:
          day: {type: date, default: "2026-01-31"}
        jobs:
          - id: show
            steps:
              - {id: today, type: external.process, inputs: {command: [date], env: "{{params.day}}"}}

    Mend: refer to a value of the right type, or write it where one of its type is taken.
        - {id: today, type: external.process, inputs: {command: [date], env: {DAY: "{{params.day}}"}}}

    AF-TEMPLATE-KIND: a template that stands for a list or a mapping is only a part of a text, and these have no text.

    Example:
        flow: {id: report}
        params:
          days: {type: list, default: [monday, friday]}
        jobs:
          - id: show
            steps:
              - {id: days, type: external.process, inputs: {command: [echo, "on {{params.days}}"]}}

    Mend: let the template be the whole value where a list is taken, or repeat the step for each item.
        - id: days
          type: external.process
          foreach: {items: "{{params.days}}"}
          inputs: {command: [echo, "on {{item}}"]}
    """
    for use in subject.flow.uses:
        if use.field == "parameter" and use.reference.is_whole:
            yield from _check_parameter(subject, use)
        elif use.field == "resource" and use.reference.is_whole:
            yield from _check_setting(subject, use)
        if use.job is None or use.is_in_condition or use.field == "foreach":
            continue
        if not use.reference.is_whole:
            yield from _check_part_of_text(subject, use)
        elif use.field == "inputs" and use.own_step is not None:
            yield from _check_input(subject, use, use.own_step)


def _check_parameter(subject: Subject, use: Use) -> Iterator[Problem]:
    """The default of a parameter, which has its type."""
    wanted = kind_of_parameter(subject.flow.flow.parameters[str(use.reference.path[1])])
    yield from check_outside_texts(use.reference, wanted, subject.environment)
    if use.reference.root != "env":
        fit = fit_of(subject.values.referents.of(use), wanted)
        if fit.verdict is Verdict.MISFIT:
            yield _misfit(use, fit, f"refer to a value that is {fit.wanted}")


def _check_setting(subject: Subject, use: Use) -> Iterator[Problem]:
    """A setting of a resource, which the environment gives."""
    resource = subject.flow.flow.resources[str(use.reference.path[1])]
    place = subject.values.destinations.of_setting(resource, use.reference.path)
    if place.is_known and not _is_decoded(resource):
        yield from check_outside_texts(use.reference, place.kind, subject.environment)


def _is_decoded(resource: Resource) -> bool:
    """Whether what the environment holds may be something else than the setting."""
    return bool(resource.decode) or resource.profile is not None


def _check_part_of_text(subject: Subject, use: Use) -> Iterator[Problem]:
    kind = subject.values.referents.of(use)
    if kind.types is not None and kind.types <= _CONTAINERS:
        message = f"{use.reference.dotted!r} is {kind.words}, which can't be part of a text"
        mend = "write the template alone, as the whole value: then it keeps its type"
        yield Problem(code="AF-TEMPLATE-KIND", message=message, help=mend, path=use.reference.path)


def _check_input(subject: Subject, use: Use, step: Step) -> Iterator[Problem]:
    place = subject.values.destinations.of(step, use.reference.path)
    if not place.is_known:
        return
    yield from check_outside_texts(use.reference, place.kind, subject.environment)
    if use.reference.root == "env":
        return
    yield from _told(subject, use, step, fit_of(subject.values.referents.of(use), place.kind), place)


def _told(subject: Subject, use: Use, step: Step, fit: Fit, place: Destination) -> Iterator[Problem]:
    dotted, path = use.reference.dotted, use.reference.path
    if fit.verdict is Verdict.MISFIT:
        yield _misfit(use, fit, _fitting_ones(subject, use, place) or f"refer to a value that is {fit.wanted}")
    elif fit.verdict is Verdict.UNKNOWN or (fit.verdict is Verdict.MAY_BE_NULL and use.reference.default is None):
        given = f", and {dotted!r} is {fit.given}" if fit.given else ""
        message = f"this must be {fit.wanted}{given}: whether {dotted!r} fits is known only when the flow runs"
        yield Problem(code="AF-NOT-KNOWN", severity="note", message=message, path=path)


def _misfit(use: Use, fit: Fit, mend: str) -> Problem:
    message = f"this must be {fit.wanted}, and {use.reference.dotted!r} is {fit.given}"
    return Problem(code="AF-TYPE-MISMATCH", message=message, help=mend, path=use.reference.path)


def _fitting_ones(subject: Subject, use: Use, place: Destination) -> str:
    """The outputs of the same step that would fit."""
    parts = use.reference.parts
    if parts[0] != "steps" or len(parts) != 3 or use.job is None:  # noqa: PLR2004 - steps.STEP.OUTPUT
        return ""
    fitting = [
        f"{{{{steps.{parts[1]}.{name}}}}}"
        for name, kind in subject.values.referents.outputs_of(use.job.step(parts[1])).items()
        if fit_of(kind, place.kind).verdict is Verdict.FITS
    ]
    return f"of its outputs these fit: {', '.join(fitting[:5])}" if fitting else ""
