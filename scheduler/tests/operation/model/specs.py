"""What the model knows of a schedule: whole milliseconds since 1970 in UTC, and times by plain arithmetic."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from aetherflow.scheduler.calendars.rules import Interval, Moments
from aetherflow.scheduler.schedules.models import Item, Limits, Retry, Schedule
from aetherflow.scheduler.schedules.reading import read_schedule

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
#: Noon of 26 November 2026.
BEGIN = 1_795_694_400_000
POOL = "narrow"


def utc(milliseconds: int) -> datetime:
    """A moment as the scheduler has it."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def ms(moment: datetime) -> int:
    """A moment as the model has it."""
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


@dataclass(frozen=True)
class Spec:
    """An item: every so many milliseconds from a moment on, or at some moments."""

    id: str
    every: int = 0
    start: int = BEGIN
    at: tuple[int, ...] = ()
    enabled: bool = True
    overlap: str = "skip"
    misfire: str = "latest"
    grace: int = 300 * SECOND
    jitter: int = 0
    pool: str | None = None
    max_runs: int | None = None
    attempts: int = 1
    backoff: int = 60 * SECOND

    @property
    def rule(self) -> tuple[int, ...]:
        """What names its times."""
        return (self.every, self.start) if self.every else self.at

    def times(self, after: int, until: int) -> list[int]:
        """Its times that are later than one moment and not later than another."""
        if not self.every:
            return [at for at in self.at if after < at <= until]
        first = max((after - self.start) // self.every + 1, 0)
        return list(range(self.start + first * self.every, until + 1, self.every))

    def is_one_of_its_times(self, at: int) -> bool:
        return self.times(at - 1, at) == [at]

    @property
    def most_at_once(self) -> int | None:
        """How many of its occurrences may run at once; null for any number."""
        return self.max_runs if self.overlap == "allow" else 1

    def item(self, template: Item) -> Item:
        """The same as the scheduler has it."""
        interval = Interval(timedelta(milliseconds=self.every), utc(self.start))
        return replace(
            template,
            id=self.id,
            rule=interval if self.every else Moments(tuple(utc(at) for at in self.at)),
            trigger=f"every {self.every} from {self.start}" if self.every else "at",
            enabled=self.enabled,
            overlap=self.overlap,
            misfire=self.misfire,
            misfire_grace_seconds=self.grace / SECOND,
            jitter_seconds=self.jitter / SECOND,
            pool=self.pool,
            max_runs=self.max_runs,
            retry=Retry(max_attempts=self.attempts, backoff_seconds=self.backoff / SECOND),
        )


@dataclass(frozen=True)
class File:
    """A schedule file as it was written at a time."""

    version: int
    written_at: int
    specs: Mapping[str, Spec] = field(default_factory=dict)
    max_runs: int = 8
    pool: int = 2

    @property
    def enabled(self) -> dict[str, Spec]:
        return {id_: spec for id_, spec in self.specs.items() if spec.enabled}

    def most_in(self, pool: str | None) -> int | None:
        return self.pool if pool == POOL else None

    def schedule(self, folder: Path) -> Schedule:
        """The same as the scheduler has it, with a file of that age."""
        file = folder / "schedule.yaml"
        file.touch()
        os.utime(file, (self.written_at / SECOND, self.written_at / SECOND))
        template = _template()
        (item,) = template.items.values()
        return replace(
            template,
            file=file,
            state=folder / "state",
            items={id_: spec.item(item) for id_, spec in self.specs.items()},
            limits=Limits(max_runs=self.max_runs, pools={POOL: self.pool}),
        )


@cache
def _template() -> Schedule:
    with TemporaryDirectory() as folder:
        (Path(folder) / "flow.yaml").write_text(
            "version: 1\nflow: {id: it}\njobs:\n  - {id: it, steps: [{id: it, type: external.process, inputs: {command: ['true']}}]}\n"
        )
        file = Path(folder) / "schedule.yaml"
        file.write_text("version: 1\ntimezone: UTC\nitems: [{id: it, interval: 1h, flow_yaml: flow.yaml}]\n")
        return read_schedule(file, environment=os.environ)
