"""What real flows left outside, counted by run id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from .audit import Row


def faults_outside(rows: Iterable[Row], outside: Path) -> Iterator[str]:
    """Each run that succeeded had its effect once, and no other one had it twice.

    A `ONCE` step that was cut off is not run again: a person has to look, and its run has failed.
    """
    counts = {
        "safe": Counter(file.name for file in (outside / "safe").iterdir()),
        "keyed": Counter(line.split()[0] for line in _lines(outside / "keyed")),
        "once": Counter(_lines(outside / "once")),
    }
    for row in rows:
        many = counts[row.item].pop(row.run_id, 0)
        if row.status == "SUCCESS" and many != 1:
            yield f"different: {row.run_id} is SUCCESS and had its effect {many} times"
        if many > 1:
            yield f"repeated: {row.run_id} is {row.status} and had its effect {many} times"
        if row.status == "FAILED" and row.item != "once":
            yield f"failed: {row.run_id}"
    for unknown in (run_id for counted in counts.values() for run_id in counted):
        yield f"unknown: {unknown} had its effect and has no row"


def share_of(rows: Iterable[Row], items: Iterable[str]) -> float:
    """The part of some items' occurrences that ran."""
    wanted = set(items)
    counted = [row for row in rows if row.item in wanted]
    return sum(row.status == "SUCCESS" for row in counted) / max(1, len(counted))


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []
