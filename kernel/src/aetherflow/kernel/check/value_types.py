"""Rule: what a template stands for fits where it goes, as far as the types of both are known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import Problem
from .fitting import Fit, Verdict, fit_of
from .outside_texts import check_outside_texts
from .rules import Subject

if TYPE_CHECKING:
    from ..spec.models import Step
    from .definitions import Use
    from .destinations import Destination

_CONTAINERS = frozenset({"array", "object"})


def check_value_types(subject: Subject) -> Iterator[Problem]:
    """Outputs, parameters and texts from outside that can't be what belongs where they go."""
    for use in subject.flow.uses:
        if use.job is None or use.is_in_condition or use.field == "foreach":
            continue
        if not use.reference.is_whole:
            yield from _check_part_of_text(subject, use)
        elif use.field == "inputs" and use.step is not None:
            yield from _check_input(subject, use, use.job.job.steps[use.step])


def _check_part_of_text(subject: Subject, use: Use) -> Iterator[Problem]:
    kind = subject.values.referents.of(use)
    if kind.types is not None and kind.types <= _CONTAINERS:
        message = f"{use.reference.dotted!r} is {kind.words}: it can't be part of a text"
        mend = "let the token be the whole value"
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
        message = f"here belongs {fit.wanted}, and {dotted!r} is {fit.given}"
        mend = _fitting_ones(subject, use, place) or f"refer to what is {fit.wanted}"
        yield Problem(code="AF-TYPE-MISMATCH", message=message, help=mend, path=path)
    elif fit.verdict is Verdict.UNKNOWN or (fit.verdict is Verdict.MAY_BE_NULL and use.reference.default is None):
        given = f"may be {fit.given}" if fit.given else "is known only when the flow runs"
        message = f"here belongs {fit.wanted}, and what {dotted!r} stands for {given}"
        yield Problem(code="AF-NOT-KNOWN", severity="note", message=message, path=path)


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
