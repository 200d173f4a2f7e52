"""Rule: every environment key that the flow can't do without is set."""

from __future__ import annotations

from collections.abc import Iterator

from ..contracts.spelling import nearest
from ..errors import Problem, Severity
from .rules import Subject

_WITH_KEY = 2


def check_environment(subject: Subject) -> Iterator[Problem]:
    """References to keys that are not set, and have no default."""
    severity: Severity = "error" if subject.is_environment_strict else "warning"
    for use in subject.flow.uses:
        reference = use.reference
        if reference.root != "env" or len(reference.parts) < _WITH_KEY or reference.default is not None:
            continue
        key = reference.parts[1]
        if key in subject.environment:
            continue
        meant = nearest(key, subject.environment)
        instead = f"did you mean {meant!r}? Else set" if meant else "set"
        yield Problem(
            code="AF-ENV-MISSING",
            severity=severity,
            message=f"the environment has no {key!r}",
            help=f"{instead} it, or give a default: {{{{{reference.dotted}:…}}}}",
            path=reference.path,
        )
