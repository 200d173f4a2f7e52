"""What is wrong with a schedule file and with the files that it names, in the order in which people mend it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from aetherflow.kernel.api import EnoughProblems, Location, Problem, Reading

#: So many problems of other files are told: who has more than that mends these first.
_MOST_OF_OTHER_FILES = 1_000

_LONGEST_SHOWN = 60

#: The keys and numbers that lead to a value.
YamlPath: TypeAlias = tuple[str | int, ...]


class Findings:
    """Problems with their places: those of another file stand behind the value that names it."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._warnings: list[Problem] = []
        self._of_others: list[tuple[tuple[int, int], Problem]] = []
        self._errors_of_others = 0
        self._is_stopped = False

    @property
    def error_count(self) -> int:
        """How many errors there are so far."""
        return len(self.reading.problems) + self._errors_of_others

    def error(self, code: str, message: str, mend: str, path: YamlPath, *, at_key: bool = False) -> None:
        """Note what keeps the schedule from being used.

        Raises:
            EnoughProblems: there are more than are told.
        """
        self.reading.report(code, message, mend, path, at_key=at_key)

    def warning(self, code: str, message: str, mend: str, path: YamlPath, *, at_key: bool = False) -> None:
        """Note what may not be as it was meant."""
        document = self.reading.document
        where = document.where_key(path) if at_key else document.where(path)
        self._warnings.append(
            Problem(code=code, message=message, help=mend, severity="warning", where=where, path=path)
        )

    def behind(self, path: YamlPath, problems: Iterable[Problem]) -> None:
        """Note problems of a file that is named here.

        Raises:
            EnoughProblems: there are more than are told.
        """
        place = _order_of(self.reading.document.where(path))
        for problem in problems:
            self._of_others.append((place, problem))
            self._errors_of_others += problem.severity == "error"
        if self._errors_of_others > _MOST_OF_OTHER_FILES:
            raise EnoughProblems

    def stop(self) -> None:
        """Note that there are more problems than are told."""
        self._is_stopped = True

    def in_order(self) -> tuple[Problem, ...]:
        """All of them, in the order of the schedule file."""
        own = [*self.reading.problems, *self._warnings]
        placed = [(_order_of(problem.where), problem) for problem in own] + self._of_others
        found = [problem for _, problem in sorted(placed, key=lambda each: each[0])]
        return (*found, _more_than(found)) if self._is_stopped else tuple(found)


def quoted(text: str) -> str:
    """A text from the file as messages show it: on one line, and not too long."""
    return repr(text) if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]!r}…"


def _more_than(found: list[Problem]) -> Problem:
    message = f"there are more problems than the {len(found):,} before this one"
    last = found[-1]
    return Problem(code="AF-MORE-PROBLEMS", message=message, help="mend those first", where=last.where, path=last.path)


def _order_of(where: Location | None) -> tuple[int, int]:
    return (where.line, where.column) if where else (0, 0)
