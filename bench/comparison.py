"""Compares commands that do the same thing: whole processes in turn, so that a busy moment meets all of them."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .measure import CommandFailed, Figure, measure

FIGURES = ("wall", "cpu", "peak")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A command, started afresh for every figure in an empty folder that holds its files."""

    name: str
    command: tuple[str, ...]
    files: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    #: What it says when it did its work.
    expects: str = ""
    #: What our time may be at most, as a multiple of this side's; none where it is only for orientation.
    aim: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Ours beside others."""

    name: str
    title: str
    ours: Side
    beside: tuple[Side, ...]
    #: What ours may take at most, in MiB.
    peak_aim: float | None = None
    #: What all sides tell of themselves, where the figures of their whole processes say nothing.
    tells: tuple[str, ...] = ()

    @property
    def figures(self) -> tuple[str, ...]:
        """What is compared."""
        return self.tells or FIGURES


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One side's figures, of each round."""

    side: Side
    figures: tuple[Figure, ...]

    @property
    def middle(self) -> Figure:
        """The median of each figure."""
        told = {name: self._median(name) for name in self.figures[0].told}
        return Figure(*(self._median(name) for name in FIGURES), told=told)

    def _median(self, name: str) -> float:
        return statistics.median(each.value(name) for each in self.figures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a comparison found."""

    comparison: Comparison
    ours: Measured
    beside: tuple[Measured, ...]

    def ratios(self, other: Measured, figure: str) -> tuple[float, float, float]:
        """Ours over the other's, round by round: smallest, median, largest."""
        pairs = zip(self.ours.figures, other.figures, strict=True)
        found = sorted(mine.value(figure) / (its.value(figure) or float("inf")) for mine, its in pairs)
        return found[0], statistics.median(found), found[-1]


def compare(comparison: Comparison, folder: Path, *, runs: int, tell: Callable[[str], None]) -> Result:
    """Run all sides in turn, the first round uncounted; a side that can't do it is told of and left out.

    Raises:
        CommandFailed: ours can't.
    """
    sides = [comparison.ours, *comparison.beside]
    figures: dict[str, list[Figure]] = {side.name: [] for side in sides}
    for number in range(runs + 1):
        for side in list(sides):
            try:
                figure = run_side(side, folder)
                _refuse_silence(side, figure, comparison.tells)
            except CommandFailed as failure:
                if side is comparison.ours:
                    raise
                tell(f"{comparison.name}: {side.name} is left out: {failure}")
                sides.remove(side)
                continue
            if number:
                figures[side.name].append(figure)
    ours, *others = (Measured(side=side, figures=tuple(figures[side.name])) for side in sides)
    return Result(comparison=comparison, ours=ours, beside=tuple(others))


def _refuse_silence(side: Side, figure: Figure, tells: Sequence[str]) -> None:
    missing = [name for name in tells if name not in figure.told]
    if missing:
        raise CommandFailed(f"{side.name} did not tell {', '.join(missing)}")


def run_side(side: Side, folder: Path, *, before: Sequence[str] = ()) -> Figure:
    """Run a side once, where wanted below another program."""
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        for file in side.files:
            os.link(file, Path(fresh, file.name))
        return measure((*before, *side.command), Path(fresh), environment=side.environment, expects=side.expects)
