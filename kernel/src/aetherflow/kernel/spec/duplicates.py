"""Ids that are given twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..errors import YamlPath
from .fields import Reading
from .misfits import shown


def report_duplicates(reading: Reading, noun: str, names: Sequence[str], path_of: Callable[[int], YamlPath]) -> None:
    """Note every id that was there before, whatever the case of its letters: ids become file names.

    AF-DUPLICATE-ID: two jobs, two steps of a job, two parameters or two resources have the same id.

    Example:
        flow: {id: report}
        jobs:
          - id: show
            steps:
              - {id: today, type: external.process, inputs: {command: [date]}}
              - {id: Today, type: external.process, inputs: {command: [cal]}}

    Mend: give one of them another id.
        - {id: month, type: external.process, inputs: {command: [cal]}}

    Args:
        reading: what the problems are noted in.
        noun: what the ids are of.
        names: the ids.
        path_of: answers the place of an id by its number.
    """
    folded = [name.casefold() for name in names]
    if len(set(folded)) == len(folded):
        return
    first: dict[str, int] = {}
    for number, name in enumerate(folded):
        before = first.setdefault(name, number)
        if before != number:
            line = reading.document.where_key(path_of(before)).line
            is_same = names[before] == names[number]
            case = "" if is_same else f", as {names[before]!r}: capital and small letters count as the same"
            mend = f"choose another id: the first one stands at line {line}{case}"
            message = f"there are two {noun}s {shown(names[number])}"
            reading.report("AF-DUPLICATE-ID", message, mend, path_of(number), at_key=True)
