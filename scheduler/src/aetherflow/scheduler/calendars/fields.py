"""The fields of a line of cron: what each may hold, said field by field before the line is used."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST_LINE = 1000


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    #: In the order of their numbers, from `low` on.
    names: tuple[str, ...] = ()
    #: Terms beyond numbers, ranges and steps, and how they are told.
    special: str = r"(?!)"
    special_told: str = ""


_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAY = f"(0*[0-7]|{'|'.join(_DAYS)})"
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31, special="lw?", special_told="; L is the last day, LW the last weekday"),
    _Field("month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    _Field(
        "day of the week",
        0,
        7,
        _DAYS,
        special=f"{_DAY}l|{_DAY}#0*[1-5]",
        special_told="; 5L is the last Friday of the month, 5#2 the second one",
    ),
)
_TERM = re.compile(r"(?:\*|(?P<first>[0-9a-z]+)(?:-(?P<last>[0-9a-z]+))?)(?:/(?P<step>[0-9]+))?")


def five_fields(line: str) -> list[str]:
    """The fields of a line, each of which is as Debian's cron takes it, or has L or # where they are known.

    Raises:
        ValueError: one is not; the text begins with its name.
    """
    if len(line) > _LONGEST_LINE:
        raise ValueError(f"a line of cron has at most {_LONGEST_LINE} characters")
    parts = [part for part in re.split("[ \t]+", line) if part]
    if parts and "=" in parts[0]:
        raise ValueError(f"{parts[0]!r} is no field: for a zone the item has `timezone`")
    if len(parts) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        beyond = "; there is none for seconds, a year or a command" if len(parts) > len(_FIELDS) else ""
        raise ValueError(f"it has {len(parts)} field{'' if len(parts) == 1 else 's'}, and needs five: {names}{beyond}")
    for field, part in zip(_FIELDS, parts, strict=True):
        for term in part.lower().split(",") if part.isascii() else (part,):
            _check_term(field, term)
    # cronsim knows the last Friday as 5L alone.
    last_days = re.sub(f"({'|'.join(_DAYS)})(?=l)", lambda day: str(_DAYS.index(day[0])), parts[-1].lower())
    return [*parts[:-1], last_days]


def steps_too_wide(line: str) -> list[str]:
    """The steps of a line that lead out of their range at once, such as `*/90` for the minute, each with its field.

    Cron takes them, and comes at the first value of the range alone.
    """
    found = []
    for field, part in zip(_FIELDS, line.lower().split(), strict=True):
        for term in part.split(","):
            read = _TERM.fullmatch(term)
            if read is None or read["step"] is None:
                continue
            first, last = read["first"], read["last"]
            low = _number(field, first) if first else field.low
            high = _number(field, last) if last else field.high
            if int(read["step"]) > high - low:
                found.append(f"{field.name}: {term!r} is {low} alone")
    return found


def _check_term(field: _Field, term: str) -> None:
    if not term:
        raise ValueError(f"{field.name}: a comma needs a value before it and after it")
    if re.fullmatch(field.special, term):
        return
    found = _TERM.fullmatch(term)
    if found is None:
        raise ValueError(f"{field.name}: {term!r} is no number, range, step or star{field.special_told}")
    first, last, step = found["first"], found["last"], found["step"]
    if step is not None and int(step) == 0:
        raise ValueError(f"{field.name}: a step of 0 in {term!r} gets nowhere")
    if first is None:
        return
    start = _number(field, first)
    if step is not None and last is None:
        raise ValueError(f"{field.name}: a step needs a range or a star: {first}-{field.high}/{step}, not {term!r}")
    if last is not None and _number(field, last) < start:
        raise ValueError(f"{field.name}: the range {term!r} ends before it begins; {_whole_range(field, first, last)}")


def _whole_range(field: _Field, first: str, last: str) -> str:
    """What to write in place of a range that goes beyond the highest value."""
    is_day_of_week = field.names == _DAYS
    if is_day_of_week and last in {"sun", "0"}:
        return "Sunday at the end of a range is 7"
    highest = 6 if is_day_of_week else field.high
    return f"write {first}-{highest},{field.low}-{last}"


def _number(field: _Field, word: str) -> int:
    if word in field.names:
        return field.low + field.names.index(word)
    if not word.isdigit() or not field.low <= int(word) <= field.high:
        names = f" or {field.names[0]} to {field.names[-1]}" if field.names else ""
        raise ValueError(f"{field.name}: {word!r} is not {field.low} to {field.high}{names}{field.special_told}")
    return int(word)
