"""What is counted: a new count is one entry here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from . import counting
from .comparison import Side
from .comparisons import COMPARISONS, COUNTED_BY_INSTRUCTION, HERE, PYTHON, Setting, floor_side, peer_sides, run_of
from .counting import ToCount

#: Syncs of a step in a chain.
SYNCS = 1.05
#: How many jobs wait at a time, and how long each; the aim is 90 percent of the ideal at least.
SLOTS, NAP_MILLISECONDS = 32, 10


def syncs(setting: Setting) -> Iterator[ToCount]:
    """What waits for the disk."""
    tenth = max(1, setting.steps // 10)
    for steps in sorted({1, tenth, setting.steps}):
        flow = setting.chain(steps)
        peers = peer_sides(setting, steps) if steps == tenth else ()
        for side in (run_of(flow), floor_side(flow, steps), *peers):
            aim = SYNCS if side.name == "aetherflow" and steps == setting.steps else None
            yield ToCount(name=f"syncs, chain of {steps:,}", side=side, how=counting.syncs, steps=steps, aim=aim)
    flow = setting.fan()
    for side in (run_of(flow), floor_side(flow, setting.steps)):
        yield ToCount(name=f"syncs, {setting.steps:,} jobs", side=side, how=counting.syncs, steps=setting.steps)


def statements(setting: Setting) -> Iterator[ToCount]:
    """What we ask of SQLite."""
    flows = {
        "chain of 1": (setting.chain(1), 1),
        f"chain of {setting.steps:,}": (setting.chain(setting.steps), setting.steps),
        f"{setting.steps:,} jobs": (setting.fan(), setting.steps),
    }
    for name, (flow, steps) in flows.items():
        command = (PYTHON, str(HERE / "programs" / "statements.py"), "run", flow.name)
        side = Side(name="aetherflow", command=command, files=(flow,), expects="SUCCESS")
        yield ToCount(name=f"SQL, {name}", side=side, how=counting.statements, steps=steps)


def parallel(setting: Setting) -> Iterator[ToCount]:
    """How near many jobs that wait, many at a time, come to the time of their waits alone."""
    numbers = (str(setting.steps), str(SLOTS), str(NAP_MILLISECONDS))
    for kind, name in (("aetherflow", "aetherflow"), ("threads", "threads that only wait")):
        command = (PYTHON, str(HERE / "programs" / "parallel.py"), kind, *numbers)
        side = Side(name=name, command=command, expects="SUCCESS")
        title = f"{setting.steps:,} jobs of {NAP_MILLISECONDS} ms on {SLOTS} slots"
        yield ToCount(name=title, side=side, how=counting.efficiency)


def instructions(setting: Setting) -> Iterator[ToCount]:
    """The instructions of what is short."""
    for name in COUNTED_BY_INSTRUCTION:
        comparison = COMPARISONS[name](setting)
        for side in (comparison.ours, comparison.beside[0]):
            yield ToCount(name=comparison.title, side=side, how=counting.instructions)


COUNTS: dict[str, Callable[[Setting], Iterator[ToCount]]] = {
    "syncs": syncs,
    "statements": statements,
    "parallel": parallel,
    "instructions": instructions,
}
#: Takes minutes: only where it is asked for.
SLOW = "instructions"
