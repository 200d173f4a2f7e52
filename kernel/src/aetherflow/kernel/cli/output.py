"""How commands speak: results and problems, for people or for machines."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..check.preparation import Prepared
    from ..errors import AetherFlowError, Problem


def print_json(value: object) -> None:
    """One JSON value on standard output."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=True, default=str))


def print_problems(problems: Iterable[Problem], prepared: Prepared) -> None:
    """Problems for people, on standard error: each with its place, the line it is in, and the mend."""
    from ..check.report import format_problem

    documents = {prepared.document.file: prepared.document}
    for problem in problems:
        typer.echo(prepared.surroundings.redactor.redact(format_problem(problem, documents)), err=True)


def print_error(error: AetherFlowError, *, as_json: bool) -> None:
    """What a command that could not do its work says: on standard error, or as its JSON answer."""
    from ..check.report import format_problem, problem_as_json

    if as_json:
        errors = [problem_as_json(found) for found in error.problems]
        print_json({"ok": False, "exit_code": int(error.exit_code), "errors": errors})
        return
    sources = _sources_of(error)
    for problem in error.problems:
        typer.echo(format_problem(problem, sources), err=True)


def is_terminal() -> bool:
    """Whether a person watches standard error."""
    return sys.stderr.isatty()


@dataclass(frozen=True, slots=True)
class _Source:
    """A file's lines as they stand there, for a file that is no document."""

    lines: list[str]

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else ""


def _sources_of(error: AetherFlowError) -> dict[str, _Source]:
    """The files that the problems point into, read once more for the lines to show; without those that can't be."""
    from ..errors import InvalidInput
    from ..spec.source import read_source

    sources: dict[str, _Source] = {}
    for file in {problem.where.file for problem in error.problems if problem.where}:
        with contextlib.suppress(InvalidInput):
            text = read_source(Path(file), shown_as=file).decode("utf-8-sig", "replace")
            sources[file] = _Source(text.splitlines())
    return sources
