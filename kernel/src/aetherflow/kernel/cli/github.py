"""Problems as annotations of GitHub: a workflow shows them beside the lines that they are about."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..errors import Location, Problem
from ..resolve.redaction import Redactor

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_IN_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = {**_IN_DATA, ":": "%3A", ",": "%2C"}


def annotation(problem: Problem, *, root: Path, redactor: Redactor) -> str:
    """One problem as a workflow command, on one line.

    Args:
        problem: what is wrong.
        root: the folder that GitHub's paths start at.
        redactor: masks secrets, before anything is written in another way.
    """
    mend = f"\nhelp: {problem.help}" if problem.help else ""
    properties = {**_place(problem.where, root), "title": problem.code}
    told = ",".join(f"{name}={escaped(redactor.redact(value), _IN_PROPERTIES)}" for name, value in properties.items())
    return f"::{_COMMANDS[problem.severity]} {told}::{escaped(redactor.redact(problem.message + mend))}"


def escaped(text: str, marks: Mapping[str, str] = _IN_DATA) -> str:
    """The text as GitHub reads it back; no part of it can be a command of its own."""
    return "".join(marks.get(character, character) for character in text)


def root_of_paths(environ: Mapping[str, str]) -> Path:
    """The folder of the repository in a workflow, elsewhere the current one."""
    return Path(environ.get("GITHUB_WORKSPACE") or Path.cwd())


def _place(where: Location | None, root: Path) -> dict[str, str]:
    if where is None:
        return {}
    file = Path(os.path.abspath(where.file))  # noqa: PTH100 - links stay: the file is where the repository has it
    shown = file.relative_to(root) if file.is_relative_to(root) else file
    return {"file": shown.as_posix(), "line": str(where.line), "col": str(where.column)}
