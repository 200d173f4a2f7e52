"""What was measured, for people (a table, or Markdown for docs/performance.md) and for machines (JSON)."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version

from .comparison import Measured, Result
from .counting import Counted

#: Raised when a field changes its meaning or goes away.
FORMAT = 1

_DISTRIBUTIONS = (
    "aetherflow-kernel",
    "aetherflow-plugin-control",
    "apsw",
    "jsonschema-rs",
    "pydantic",
    "PyYAML",
    "typer",
)
_COMPARED = ("", "wall s", "CPU s", "MiB", "wall, ours ÷ its", "CPU, ours ÷ its", "MiB ÷", "aim")
_TOLD = ("", "figure", "ours ÷ its", "aim")
_COUNTED = ("", "steps", "counted", "each step", "aim")


@dataclass(slots=True)
class Report:
    """All that one run of the benchmark found."""

    runs: int
    results: list[Result] = field(default_factory=list)
    counts: list[Counted] = field(default_factory=list)
    #: What could not be measured here, and why.
    left_out: list[str] = field(default_factory=list)


def as_json(report: Report) -> dict[str, object]:
    """The shape that docs/performance.md describes."""
    return {
        "format": FORMAT,
        "machine": machine(),
        "runs": report.runs,
        "comparisons": [_comparison_json(result) for result in report.results],
        "counts": [asdict(counted) for counted in report.counts],
        "left_out": report.left_out,
    }


def as_text(report: Report) -> str:
    """Some tables, in columns."""
    parts = [_columns(table) for table in _tables(report)]
    parts += [f"left out: {reason}" for reason in report.left_out]
    return "\n\n".join(parts)


def as_markdown(report: Report) -> str:
    """The same tables, in Markdown."""
    return "\n\n".join(_markdown(table) for table in _tables(report))


def _tables(report: Report) -> Iterator[Sequence[Sequence[str]]]:
    """Those that have rows: of whole processes, of what sides told themselves, of what was counted."""
    for heading, rows in (
        (_COMPARED, _compared_rows(each for each in report.results if not each.comparison.tells)),
        (_TOLD, _told_rows(each for each in report.results if each.comparison.tells)),
        (_COUNTED, _counted_rows(report.counts)),
    ):
        table = [heading, *rows]
        if len(table) > 1:
            yield table


def machine() -> dict[str, object]:
    """What the figures depend on; nothing that says whose machine it is."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "sqlite_of_python": sqlite3.sqlite_version,
        "versions": {name: found for name in _DISTRIBUTIONS if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _comparison_json(result: Result) -> dict[str, object]:
    comparison = result.comparison
    return {
        "name": comparison.name,
        "title": comparison.title,
        "peak_aim": comparison.peak_aim,
        "ours": _side_json(result.ours),
        "beside": [
            {
                **_side_json(other),
                "aim": other.side.aim,
                "ratios": {figure: list(result.ratios(other, figure)) for figure in comparison.figures},
            }
            for other in result.beside
        ],
    }


def _side_json(measured: Measured) -> dict[str, object]:
    return {"name": measured.side.name, **asdict(measured.middle)}


def _compared_rows(results: Iterable[Result]) -> Iterator[Sequence[str]]:
    for result in results:
        peak_aim = f"≤ {result.comparison.peak_aim:g} MiB" if result.comparison.peak_aim else ""
        yield (f"{result.comparison.title}: {result.ours.side.name}", *_figures(result.ours), "", "", "", peak_aim)
        for other in result.beside:
            ratios = (_spread(result.ratios(other, figure)) for figure in ("wall", "cpu"))
            aim = f"≤ {other.side.aim:g}" if other.side.aim else ""
            memory = f"{result.ratios(other, 'peak')[1]:.2f}"
            yield (f"· {other.side.name}", *_figures(other), *ratios, memory, aim)


def _told_rows(results: Iterable[Result]) -> Iterator[Sequence[str]]:
    for result in results:
        for name in result.comparison.tells:
            yield (
                f"{result.comparison.title}, {name}: {result.ours.side.name}",
                f"{result.ours.middle.told[name]:.3g}",
                "",
                "",
            )
            for other in result.beside:
                figure = other.middle.told[name]
                # Nothing is a multiple of nothing.
                ratio = _spread(result.ratios(other, name)) if figure else ""
                yield f"· {other.side.name}", f"{figure:.3g}", ratio, f"≤ {other.side.aim:g}" if other.side.aim else ""


def _figures(measured: Measured) -> tuple[str, str, str]:
    middle = measured.middle
    return f"{middle.wall:.3f}", f"{middle.cpu:.3f}", f"{middle.peak:.0f}"


def _spread(values: tuple[float, float, float]) -> str:
    return " < ".join(f"{value:.2f}" for value in values)


def _counted_rows(counts: Iterable[Counted]) -> Iterator[Sequence[str]]:
    for counted in counts:
        for number, (what, count) in enumerate(counted.counts.items()):
            each = f"{count / counted.steps:.3f}" if counted.steps > 1 else ""
            aim = f"≤ {counted.aim:g}" if counted.aim and not number else ""
            yield f"{counted.name}: {counted.side}", f"{counted.steps:,}", f"{count:,} {what}", each, aim


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) if not number else cell.rjust(width) for number, (cell, width) in cells).rstrip()
        for cells in (enumerate(zip(row, widths, strict=True)) for row in rows)
    )


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    heading, *others = rows
    rule = ["---", *["---:"] * (len(heading) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heading, rule, *others))
