"""Problems as people and machines read them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Protocol

from ..errors import Location, Problem

_LONGEST_EXCERPT = 160
_BEFORE_CARET = 100


class Lines(Protocol):
    """A file of which lines can be shown; a `Document` is one."""

    def line(self, number: int) -> str:
        """One line, counted from 1, without its end; empty where there is none."""


def format_problem(problem: Problem, documents: Mapping[str, Lines]) -> str:
    """A problem with its place, the line it stands in with a caret below, and what to do.

    Args:
        problem: what is wrong.
        documents: by file name as locations tell it; a problem in another file goes without an excerpt.
    """
    place = f"{_on_one_line(str(problem.where))}: " if problem.where else ""
    lines = [f"{place}{problem.severity} {problem.code}: {_indented(problem.message)}"]
    if problem.where and problem.where.file in documents:
        lines += _excerpt(documents[problem.where.file], problem.where)
    if problem.help:
        lines.append(f"help: {_indented(problem.help)}")
    return "\n".join(lines)


def problem_as_json(problem: Problem) -> dict[str, object]:
    """A problem as machines read it; the keys are stable."""
    where = problem.where
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "help": problem.help,
        "file": where.file if where else None,
        "line": where.line if where else None,
        "column": where.column if where else None,
        "path": list(problem.path),
    }


def _excerpt(document: Lines, where: Location) -> list[str]:
    line = document.line(where.line)
    start = max(0, where.column - 1 - _BEFORE_CARET) if len(line) > _LONGEST_EXCERPT else 0
    cut = _on_one_line(line[start : start + _LONGEST_EXCERPT])
    gutter = f"{where.line:>4} | "
    blanks = "".join(_blank_for(character) for character in cut[: where.column - 1 - start])
    return [f"{gutter}{cut}", f"{' ' * (len(gutter) - 2)}| {blanks}^"]


def _blank_for(character: str) -> str:
    """What moves the caret as far as the character above it moves the text."""
    if character == "\t":
        return character
    if unicodedata.combining(character):
        return ""
    return "  " if unicodedata.east_asian_width(character) in "WF" else " "


def _on_one_line(text: str) -> str:
    """The text without what would move the cursor or turn the direction of writing; of the same length."""
    return "".join(character if character == "\t" or _is_harmless(character) else "\ufffd" for character in text)


def _is_harmless(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _indented(text: str) -> str:
    return "\n  ".join(_on_one_line(line) for line in text.split("\n"))
