"""Rule: every environment key that the flow can't do without is set."""

from __future__ import annotations

from collections.abc import Iterator

from ..contracts.spelling import nearest
from ..errors import Problem, Severity
from .rules import Subject

_WITH_KEY = 2


def check_environment(subject: Subject) -> Iterator[Problem]:
    """References to keys that are not set, and have no default.

    AF-ENV-MISSING: a template names a variable that is not set where the flow is checked; an error with the setting
    `validate_env_strict`.

    Example:
        flow: {id: report}
        jobs:
          - {id: show, steps: [{id: day, type: external.process, inputs: {command: [echo, "{{env.REPORT_DAY}}"]}}]}

    Mend: set the variable, or give a default.
        - {id: show, steps: [{id: day, type: external.process, inputs: {command: [echo, "{{env.REPORT_DAY:today}}"]}}]}
    """
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
            message=f"the environment variable {key!r} is not set",
            help=f"{instead} it, or give a default: {{{{{reference.dotted}:…}}}}",
            path=reference.path,
        )
