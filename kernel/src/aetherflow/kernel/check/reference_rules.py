"""The rules about what templates and conditions refer to; a flow without any imports none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import Location, Problem, YamlPath
from ..quick_dataclasses import replace
from .conditions import check_conditions
from .environment import check_environment
from .missing import check_missing
from .parts import check_parts
from .references import check_references
from .rules import Rule, Subject
from .secrets import check_secrets
from .value_types import check_value_types

#: A text of more lines is looked through no further.
_MOST_LINES = 500
#: What is said of references to what is there.
REFERENCE_RULES: tuple[Rule, ...] = (
    check_missing,
    check_parts,
    check_value_types,
    check_conditions,
    check_secrets,
    check_environment,
)


def check_all_references(subject: Subject) -> Iterator[Problem]:
    """All of them; of what is not there nothing more is said, and of what is not known no more than one thing."""
    unknown = list(check_references(subject))
    told, noted = {problem.path for problem in unknown}, set[YamlPath]()
    for problem in unknown:
        yield _at_its_line(subject, problem)
    for rule in REFERENCE_RULES:
        for problem in rule(subject):
            if problem.path in told or (problem.severity == "note" and problem.path in noted):
                continue
            if problem.severity == "note":
                noted.add(problem.path)
            yield _at_its_line(subject, problem)


def _at_its_line(subject: Subject, problem: Problem) -> Problem:
    """The problem with the line of its token, where that stands in a text of several lines."""
    uses = subject.values.referents.uses_at(problem.path)
    if not uses or uses[0].is_in_condition or problem.where is not None:
        return problem
    start = subject.flow.flow.document.where(problem.path)
    named = next((use for use in uses if use.reference.parts[-1] in problem.message), uses[0])
    token = re.compile(r"\{\{\s*" + re.escape(named.reference.dotted))
    for number in range(start.line, start.line + _MOST_LINES):
        # In its own line the value begins at its place: a long line is not looked through for each token in it.
        found = token.search(subject.flow.flow.document.line(number), start.column - 1 if number == start.line else 0)
        if found:
            is_below = number > start.line
            return replace(problem, where=Location(start.file, number, found.start() + 1)) if is_below else problem
    return problem
