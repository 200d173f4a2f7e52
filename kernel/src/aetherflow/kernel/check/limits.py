"""How many problems are told at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..errors import Problem, Severity
from ..spec.fields import MAX_PROBLEMS


def at_most(problems: Sequence[Problem], most: int = MAX_PROBLEMS) -> tuple[Problem, ...]:
    """The first problems of each severity, and where there are more, one that says so."""
    if len(problems) <= most:
        return tuple(problems)
    told: list[Problem] = []
    counts: Counter[Severity] = Counter()
    for problem in problems:
        counts[problem.severity] += 1
        if counts[problem.severity] <= most:
            told.append(problem)
        elif counts[problem.severity] == most + 1:
            told.append(_more_than(most, problem))
    return tuple(told)


def _more_than(most: int, problem: Problem) -> Problem:
    return Problem(
        code="AF-MORE-PROBLEMS",
        message=f"there are more {problem.severity}s than the {most:,} before this one",
        help="mend those first",
        severity=problem.severity,
        where=problem.where,
        path=problem.path,
    )
