"""Measures the engine against its floor: whole processes, in turn, ratios with their spread; never a verdict.

`python bench/engine.py [--runs N] [--json FILE]`, or `nox -s bench`. CPU is user + system time of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TYPER_PROGRAM = """
import typer
app = typer.Typer()
@app.command()
def one(a: str): pass
@app.command()
def two(b: str): pass
app()
"""
STEP = "      - {id: s%d, type: check_items, inputs: {items: [a, b, c]}}\n"


@dataclass(frozen=True, slots=True)
class Figure:
    """One run of a process: seconds and MiB."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A command beside its floor; each is run afresh for every figure."""

    name: str
    ours: list[str]
    floor: list[str]


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = [compare(each, Path(folder), arguments.runs) for each in comparisons(Path(folder))]
    columns = {"ours: wall s": 14, "cpu s": 8, "MiB": 7, "floor: wall s": 16, "cpu s ": 8}
    columns |= {"wall ratio": 22, "cpu ratio": 22}
    print(" " * 28 + "".join(f"{name.strip():>{width}}" for name, width in columns.items()))
    for result in results:
        print(row(result))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2))


def comparisons(folder: Path) -> list[Comparison]:
    """What is compared with what."""
    engine = [sys.executable, "-m", "aetherflow.kernel"]
    typer = [sys.executable, "-c", TYPER_PROGRAM, "--help"]
    found = [
        Comparison("--help / typer --help", [*engine, "--help"], typer),
        Comparison("plugins list / typer --help", [*engine, "plugins", "list"], typer),
    ]
    for count in (1, 1000):
        flow = folder / f"chain_{count}.yaml"
        steps = "".join(STEP % number for number in range(count))
        flow.write_text(f"version: 1\nflow: {{id: chain_{count}}}\njobs:\n  - id: main\n    steps:\n{steps}")
        floor = [sys.executable, str(HERE / "floor.py"), "run", str(flow), "LEDGER"]
        found.append(Comparison(f"{count} step{'s' if count > 1 else ''} / floor", [*engine, "run", str(flow)], floor))
    return found


def compare(comparison: Comparison, folder: Path, runs: int) -> dict[str, object]:
    """Run both in turn, the first pair uncounted."""
    pairs = []
    for number in range(runs + 1):
        pair = [measure(command, folder, number) for command in (comparison.ours, comparison.floor)]
        pairs.extend([pair] if number else [])
    ours, floor = ([pair[side] for pair in pairs] for side in (0, 1))
    ratios = {
        name: sorted(getattr(pair[0], name) / getattr(pair[1], name) for pair in pairs) for name in ("wall", "cpu")
    }
    return {
        "name": comparison.name,
        "ours": asdict(middle(ours)),
        "floor": asdict(middle(floor)),
        "ratios": {name: [values[0], statistics.median(values), values[-1]] for name, values in ratios.items()},
    }


def measure(command: list[str], folder: Path, number: int) -> Figure:
    """Run one process to its end."""
    ledger = str(folder / f"floor_{number}_{time.monotonic_ns()}.db")
    started = time.monotonic()
    with subprocess.Popen(
        [ledger if part == "LEDGER" else part for part in command],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} ended with {process.returncode}")
    return Figure(time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def middle(figures: list[Figure]) -> Figure:
    """The median of each figure."""
    return Figure(*(statistics.median(getattr(figure, name) for figure in figures) for name in ("wall", "cpu", "peak")))


def row(result: dict[str, object]) -> str:
    """A line of the table."""
    ours, floor, ratios = Figure(**result["ours"]), Figure(**result["floor"]), result["ratios"]  # type: ignore[arg-type]
    spread = {name: f"{low:.2f} < {mid:.2f} < {high:.2f}" for name, (low, mid, high) in ratios.items()}  # type: ignore[attr-defined]
    return (
        f"{result['name']:28}{ours.wall:14.2f}{ours.cpu:8.2f}{ours.peak:7.0f}{floor.wall:16.2f}{floor.cpu:8.2f}"
        f"{spread['wall']:>22}{spread['cpu']:>22}"
    )


if __name__ == "__main__":
    main()
