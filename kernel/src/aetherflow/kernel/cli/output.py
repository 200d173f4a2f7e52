"""How commands speak: results and problems, for people or for machines."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..quick_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..check.preparation import Prepared
    from ..errors import AetherFlowError, Problem
    from ..resolve.redaction import Redactor


def say(text: str, *, to_error: bool = False, end: str = "\n") -> None:
    """Text on standard output, or on standard error, at once."""
    print(text, end=end, file=sys.stderr if to_error else sys.stdout, flush=True)


def print_json(value: object) -> None:
    """One JSON value on standard output."""
    say(json.dumps(value, indent=2, ensure_ascii=True, default=str))


def print_problems(problems: Iterable[Problem], prepared: Prepared) -> None:
    """Problems on standard error: each with its place, the line it is in, and the mend; in a JSON log as lines."""
    problems = tuple(problems)
    if not problems:
        return
    from ..check.report import format_problem

    documents = {prepared.document.file: prepared.document}
    if prepared.surroundings.settings.log_format == "json":
        shown = problem_lines(problems)
    else:
        shown = [format_problem(problem, documents) for problem in problems]
    # What can't be told, because a disk is full or a terminal gone, must not keep from being done what can be done.
    with contextlib.suppress(OSError):
        for text in shown:
            say(prepared.surroundings.redactor.redact(text), to_error=True)


def print_error(error: AetherFlowError, *, as_json: bool) -> None:
    """What a command that could not do its work says: on standard error, or as its JSON answer."""
    # What a run knows as secret is not known here any more; what the environment says is.
    redactor = redactor_of(os.environ)
    if as_json:
        from ..check.report import problem_as_json

        errors = redactor.redact_value([problem_as_json(found) for found in error.problems])
        print_json({"ok": False, "exit_code": int(error.exit_code), "errors": errors})
        return
    for text in problem_texts(error.problems):
        say(redactor.redact(text), to_error=True)


def problem_texts(problems: Iterable[Problem]) -> list[str]:
    """Problems in files that are read once more for the lines to show; as lines of a JSON log where one is wanted."""
    from ..check.report import format_problem

    problems = tuple(problems)
    if os.environ.get("AETHERFLOW_LOG_FORMAT", "").lower() == "json":
        return problem_lines(problems)
    sources = _sources_of(problems)
    return [format_problem(problem, sources) for problem in problems]


def redactor_of(environ: Mapping[str, str]) -> Redactor:
    """Masks what the environment says is secret: the ledger holds no secret, and this is one more look."""
    from ..resolve.redaction import Redactor

    redactor = Redactor()
    redactor.add_environment(environ)
    return redactor


@contextmanager
def output_kept_for_the_answer() -> Iterator[None]:
    """Whatever code prints while the block lasts goes to standard error: standard output is the answer's.

    By descriptor, so that it holds for what libraries and programs write too.
    """
    try:
        sys.stdout.flush()
        kept = os.dup(1)
    except OSError:
        yield
        return
    try:
        with contextlib.suppress(OSError):
            os.dup2(2, 1)
        yield
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def problem_lines(problems: Iterable[Problem]) -> list[str]:
    """Problems as lines of a JSON log."""
    from ..check.report import problem_as_json

    now = int(time.time() * 1000)
    head = {"ts_ms": now, "event": "problem"}
    return [json.dumps({**head, "level": found.severity.upper(), **problem_as_json(found)}) for found in problems]


def is_terminal() -> bool:
    """Whether a person watches standard error."""
    return sys.stderr.isatty()


@dataclass(frozen=True, slots=True)
class _Source:
    """A file's lines as they stand there, for a file that is no document."""

    lines: list[str]

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else ""


def _sources_of(problems: Iterable[Problem]) -> dict[str, _Source]:
    """The files that the problems point into, without those that can't be read."""
    from ..errors import InvalidInput
    from ..spec.source import read_source

    sources: dict[str, _Source] = {}
    for file in {problem.where.file for problem in problems if problem.where}:
        with contextlib.suppress(InvalidInput):
            text = read_source(Path(file), shown_as=file).decode("utf-8-sig", "replace")
            sources[file] = _Source(text.splitlines())
    return sources
