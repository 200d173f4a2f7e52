"""Rule: every template and every condition can be read."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import Problem
from .rules import Subject


def check_templates(subject: Subject) -> Iterable[Problem]:
    """What could not be compiled when the flow was indexed."""
    return subject.flow.problems
