"""Lets one daemon run thousands of runs, and looks at it and at its folders all the while."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .audit import counted_in
from .measuring import (
    Sample,
    children_of,
    descriptors_of,
    memory_of,
    size_of,
    slope,
    threads_of,
    zombies_of,
)
from .place import Place, Scheduler, every_second

MEBIBYTE = 1024 * 1024
#: So many items of the stub and of a real flow are due all at once, and how often: in between nothing runs for a while.
STUBS, FLOWS, EVERY = 24, 2, "2s"
#: A look at it comes so often.
EVERY_SECONDS = 0.5
#: What is over longer than this is forgotten.
REMEMBERED_SECONDS = 4.0
FORGETS_EVERY = 2.0
#: What is due in a second that is to be remembered, with as much again for the time that forgetting takes.
MOST_REMEMBERED = 2 * (STUBS + FLOWS) / 2 * (REMEMBERED_SECONDS + FORGETS_EVERY)
DAY = 86400
#: How much of the runs pass until it is warm.
WARMING = 0.15
#: Longer than this for so few runs, and it stands still.
PATIENCE_SECONDS, RUNS_PER_SECOND = 120, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """What was seen."""

    stubs: int
    flows: int
    seconds: float
    #: In their order; the first ones are from before it was warm.
    samples: tuple[Sample, ...]
    #: How it stood when it was paused and nothing ran: when it was warm, and in the end.
    rests: tuple[Sample, Sample]
    #: How runs ended.
    outcomes: Mapping[str, int]
    faults: tuple[str, ...]
    #: Files in the temporary folder when it was over.
    temporary: tuple[str, ...]

    @property
    def warm(self) -> tuple[Sample, ...]:
        """The samples from when it had run for a while."""
        wanted = WARMING * self.samples[-1].runs
        return tuple(sample for sample in self.samples if sample.runs >= wanted)

    @property
    def memory_per_thousand(self) -> float:
        """By how many bytes it grew with every thousand runs, once it was warm."""
        return 1000 * slope([(sample.runs, sample.memory) for sample in self.warm])

    def __str__(self) -> str:
        warm = self.warm
        before, after = self.rests
        return (
            f"{self.stubs} runs of a stub and {self.flows} flows in {self.seconds:.0f} s ({self.outcomes}): at rest "
            f"{before.descriptors} and then {after.descriptors} descriptors, {before.threads} and {after.threads} threads; "
            f"{before.zombies} and {after.zombies} zombies; "
            f"memory {warm[0].memory / MEBIBYTE:.1f} to {warm[-1].memory / MEBIBYTE:.1f} MiB "
            f"({self.memory_per_thousand / MEBIBYTE:+.3f} MiB per 1,000 runs), "
            f"write-ahead log at most {max(sample.write_ahead for sample in warm) / MEBIBYTE:.1f} MiB, "
            f"ledger {warm[0].ledger / MEBIBYTE:.2f} to {warm[-1].ledger / MEBIBYTE:.2f} MiB, "
            f"{_range(warm, 'rows')} rows, {_range(warm, 'outputs')} files of outputs, "
            f"{len(self.temporary)} temporary files left"
        )


class Count:
    """How many runs have ended so far."""

    def __init__(self, place: Place) -> None:
        self._witness, self._published = place.witness, place.outside / "safe"
        self._read = 0
        self.stubs = self.flows = 0

    @property
    def both(self) -> int:
        """Of both kinds."""
        return self.stubs + self.flows

    def look(self) -> None:
        """Count on."""
        if self._witness.exists():
            with self._witness.open("rb") as file:
                file.seek(self._read)
                new = file.read()
            self._read += len(new)
            self.stubs += new.count(b"ended ")
        self.flows = sum(1 for _ in self._published.iterdir())


def soaked(folder: Path, *, stubs: int, flows: int, code: Mapping[str, str] | None = None) -> Soak:
    """Run a daemon until there were so many runs of both kinds; `code` is an environment with other code."""
    place = place_in(folder, code or os.environ)
    daemon = place.start()
    daemon.wait_until_at_work()
    began = time.monotonic()
    work = Work(place, daemon, deadline=began + PATIENCE_SECONDS + (stubs + flows) / RUNS_PER_SECOND)
    try:
        work.go_on(until=int(WARMING * (stubs + flows)))
        before = work.rest()
        work.go_on(until=stubs + flows, stubs=stubs, flows=flows)
        after = work.rest()
        seconds = time.monotonic() - began
        if (answer := daemon.leave()) != 0:
            work.faults.append(f"it left with {answer}: {place.told()}")
    finally:
        daemon.kill()
        work.faults += place.survivors()
    return Soak(
        stubs=work.count.stubs,
        flows=work.count.flows,
        seconds=seconds,
        samples=tuple(work.samples),
        rests=(before, after),
        outcomes=counted_in(place.ledger),
        faults=tuple(work.faults),
        temporary=tuple(str(path) for path in place.temporary.rglob("*")),
    )


class Work:
    """A daemon at work, and what was seen of it."""

    def __init__(self, place: Place, daemon: Scheduler, *, deadline: float) -> None:
        self._place, self._daemon, self._deadline = place, daemon, deadline
        self.count = Count(place)
        self.samples: list[Sample] = []
        self.faults: list[str] = []

    def go_on(self, *, until: int, stubs: int = 0, flows: int = 0) -> None:
        """Look at it until there were so many runs in all, and so many of each kind."""
        while self.count.both < until or self.count.stubs < stubs or self.count.flows < flows:
            time.sleep(EVERY_SECONDS)
            self.count.look()
            if self._daemon.has_ended or time.monotonic() > self._deadline:
                self.faults.append(f"it stands still after {self.count.both} runs: {self._place.told()}")
                return
            self.samples.append(self._sample())

    def rest(self) -> Sample:
        """Have nothing run for a while, as an operator would; answers how it stands then."""
        self._place.operate("pause")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (children_of(self._daemon.pid) or threads_of(self._daemon.pid) > 1) and time.monotonic() < deadline:
            time.sleep(EVERY_SECONDS)
        found = self._sample()
        self._place.operate("resume")
        return found

    def _sample(self) -> Sample:
        pid, outputs, ledger = self._daemon.pid, self._place.state / "outputs", self._place.ledger
        files = [file for file in outputs.rglob("*") if file.is_file()]
        return Sample(
            runs=self.count.both,
            working=len(children_of(pid)),
            descriptors=descriptors_of(pid),
            threads=threads_of(pid),
            zombies=zombies_of(pid),
            memory=memory_of(pid),
            ledger=size_of(ledger),
            write_ahead=size_of(ledger.with_name(f"{ledger.name}-wal")),
            rows=sum(counted_in(ledger).values()),
            outputs=len(files),
        )


def place_in(folder: Path, code: Mapping[str, str]) -> Place:
    """Many items of the stub and some of a flow; what is over is soon forgotten."""
    names = [*(f"stub{number}" for number in range(STUBS)), *(f"flow{number}" for number in range(FLOWS))]
    return Place(
        folder=folder,
        code=code,
        seconds=0,
        items=[every_second(name, every=EVERY, overlap="skip") for name in names],
        settings={"retention": dict.fromkeys(("history_days", "output_days"), REMEMBERED_SECONDS / DAY)},
        forgets_every=FORGETS_EVERY,
    )


def _range(samples: Sequence[Sample], name: str) -> str:
    values = [getattr(sample, name) for sample in samples]
    return f"{min(values)} to {max(values)}"
