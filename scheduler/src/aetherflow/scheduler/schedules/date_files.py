"""Files of dates: one a line, `#` in front of what is for people."""

from __future__ import annotations

import os
import stat
from datetime import date
from pathlib import Path

from aetherflow.kernel.api import Location, Misfit, Problem

from .paths import shown
from .times import day

_CODE = "AF-SCHEDULE-DATES"
_MEND = "name a text file with an ISO date on each line"
_MOST_BYTES = 1024 * 1024
#: So many wrong lines of a file are told.
_MOST_PROBLEMS = 20


def read_dates(file: Path) -> tuple[frozenset[date], tuple[Problem, ...]]:
    """The dates of a file, and what is wrong with its lines; it never waits.

    Args:
        file: the file, absolute.

    Raises:
        Misfit: it can't be read at all.
    """
    name = shown(file)
    try:
        text = _text_of(file)
    except OSError as error:
        message = f"the file {name} can't be read: {error.strerror or error}"
        raise Misfit(_CODE, message, "check its path: it starts at the folder of the schedule file") from None
    except UnicodeDecodeError:
        raise Misfit(_CODE, f"a byte in the file {name} is no UTF-8", _MEND) from None
    return _dates_of(file, text)


def _dates_of(file: Path, text: str) -> tuple[frozenset[date], tuple[Problem, ...]]:
    found: set[date] = set()
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        written = line.partition("#")[0].strip()
        if not written:
            continue
        try:
            found.add(day(written))
        except Misfit as misfit:
            column = len(line) - len(line.lstrip()) + 1
            if len(problems) == _MOST_PROBLEMS:
                problems.append(_problem(file, number, "more lines are no dates", _MEND, column=column))
                break
            problems.append(_problem(file, number, misfit.message, misfit.mend, column=column))
    return frozenset(found), tuple(problems)


def _text_of(file: Path) -> str:
    # A FIFO must not make us wait.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as source:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Misfit(_CODE, f"{shown(file)} is no regular file", _MEND)
        found = source.read(_MOST_BYTES + 1)
    if len(found) > _MOST_BYTES:
        raise Misfit(_CODE, f"the file {shown(file)} is bigger than 1 MiB", _MEND)
    return found.decode("utf-8-sig")


def _problem(file: Path, line: int, message: str, mend: str, *, column: int = 1) -> Problem:
    where = Location(shown(file), line, column)
    return Problem(code=_CODE, message=message, help=mend, where=where)
