"""What the history of a storm shows, looked at when it is over."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import apsw


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong, and how much was tried."""

    violations: tuple[str, ...]
    grants: int
    accepted: int
    refused: int


def judge(folder: Path) -> Verdict:
    """Look for a token that went back or was granted twice, and for a write let through after a later grant."""
    grants = [(int(token), float(at)) for token, at, _ in _lines(folder / "grants")]
    writes = [(int(token), float(at), taken == "1") for token, at, taken in _lines(folder / "writes")]
    releases = [(int(token), float(at)) for token, at in _lines(folder / "releases")]
    stored = _stored(folder / "store.sqlite")
    return Verdict(
        violations=(
            *_back(stored),
            *_twice(token for token, _ in grants),
            *_late(grants, [*((token, at) for token, at, _ in writes), *releases]),
        ),
        grants=len(grants),
        accepted=len(stored),
        refused=sum(not taken for *_, taken in writes),
    )


def _back(tokens: list[int]) -> list[str]:
    return [f"token {after} was accepted after {before}" for before, after in pairwise(tokens) if after < before]


def _twice(tokens) -> list[str]:
    return [f"token {token} was granted {count} times" for token, count in Counter(tokens).items() if count > 1]


def _late(grants: list[tuple[int, float]], checks: list[tuple[int, float]]) -> list[str]:
    """Checks that let a holder go on when somebody else had been granted the lock; with the clock of the grants."""
    first_after: dict[int, float] = {}
    earliest = float("inf")
    for token, at in sorted(grants, reverse=True):
        first_after[token] = earliest
        earliest = min(earliest, at)
    return [
        f"the holder of token {token} was let through {at - first_after[token]:.3f} s after a later grant"
        for token, at in checks
        if at > first_after.get(token, float("inf"))
    ]


def _lines(file: Path) -> list[list[str]]:
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def _stored(file: Path) -> list[int]:
    with closing(apsw.Connection(str(file))) as connection:
        return [int(token) for (token,) in connection.execute("SELECT token FROM writes ORDER BY number")]
