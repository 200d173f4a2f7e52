"""The table of jobs that people watch while a run goes on; drawn on a terminal only."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..contracts.events import (
    Event,
    ItemEnded,
    JobEnded,
    JobStarted,
    RunEnded,
    RunStarted,
    Status,
    StepEnded,
    StepLogged,
    StepProgressed,
    StepRetried,
    StepStarted,
)
from .lines import LEVELS, Redact, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

_STYLES = {
    Status.RUNNING: "cyan",
    Status.SUCCESS: "green",
    Status.SKIPPED: "yellow",
    Status.BLOCKED: "yellow",
    Status.PENDING: "dim",
}
_DRAWN_PER_SECOND = 8


@dataclass(slots=True)
class _Row:
    status: Status = Status.PENDING
    step: str = ""
    progress: str = ""
    retry: str = ""
    reason: str = ""
    started_at: float | None = None
    duration_ms: int | None = None
    steps_done: int = 0
    step_started_at: float = 0.0
    items_done: int = 0
    steps: int = 0


@dataclass(slots=True)
class JobTable:
    """A live table of a run's jobs; what steps say appears above it."""

    job_steps: Sequence[tuple[str, int]]
    #: Jobs that most runs don't need: they are shown once they ran.
    on_failure: frozenset[str]
    stream: TextIO
    redactor: Redact
    level: str
    _rows: dict[str, _Row] = field(init=False)
    _live: Live = field(init=False)

    def __post_init__(self) -> None:
        self._rows = {job_id: _Row(steps=steps) for job_id, steps in self.job_steps}
        console = Console(file=self.stream)
        self._live = Live(get_renderable=self._draw, console=console, refresh_per_second=_DRAWN_PER_SECOND)
        self._live.start(refresh=True)

    def handle(self, event: Event) -> None:
        """Take one event into the table."""
        if isinstance(event, StepLogged):
            self._say(event)
        elif isinstance(event, StepStarted | StepProgressed | StepEnded | StepRetried | ItemEnded):
            self._step(event)
        elif isinstance(event, JobStarted | JobEnded):
            self._job(event)
        elif isinstance(event, RunStarted):
            # With it a run that is killed here can be gone on with.
            shown = one_line(f"flow {event.flow_id}, run {event.run_id}{', gone on with' if event.resumed else ''}")
            self._live.console.print(Text(shown))
        elif isinstance(event, RunEnded):
            self._live.refresh()

    def close(self) -> None:
        """Leave the last state of the table on the screen."""
        self._live.stop()

    def _say(self, event: StepLogged) -> None:
        if LEVELS[event.level] < LEVELS[self.level]:
            return
        told = "".join(f" {key}={value}" for key, value in event.fields.items())
        place = ".".join(name for name in (event.job_id, event.step_id) if name)
        line = one_line(self.redactor.redact(f"{place}: {event.message}{told}" if place else f"{event.message}{told}"))
        self._live.console.print(Text(line, style="red" if event.level == "ERROR" else "dim"))

    def _step(self, event: StepStarted | StepProgressed | StepEnded | StepRetried | ItemEnded) -> None:
        row = self._rows.setdefault(event.job_id, _Row())
        row.step, row.retry = event.step_id, ""
        if isinstance(event, StepStarted):
            row.step_started_at, row.progress, row.items_done = event.at, "", 0
        elif isinstance(event, StepProgressed):
            row.progress = _progress(event, row.step_started_at)
        elif isinstance(event, ItemEnded):
            row.items_done += 1
            row.progress = f"{row.items_done:,} items done"
        elif isinstance(event, StepRetried):
            told = f"attempt {event.attempt} failed, the next one in {event.wait_seconds:.0f} s: {event.reason}"
            row.retry = one_line(self.redactor.redact(told))
        else:
            row.steps_done += 1

    def _job(self, event: JobStarted | JobEnded) -> None:
        row = self._rows.setdefault(event.job_id, _Row())
        if isinstance(event, JobStarted):
            row.status, row.started_at = Status.RUNNING, event.at
            return
        row.status, row.duration_ms = event.status, event.duration_ms
        row.reason = one_line(self.redactor.redact(event.reason))
        row.step = row.retry = ""

    def _draw(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("JOB", "STATUS", "STEPS", "TIME", "NOW"):
            table.add_column(name, overflow="fold" if name == "NOW" else "ellipsis", no_wrap=name != "NOW")
        for job_id, row in self._rows.items():
            if job_id in self.on_failure and row.status is Status.PENDING:
                continue
            status = Text(row.status.value, style=_STYLES.get(row.status, "red"))
            now = " ".join(part for part in (row.step, row.progress, row.retry, row.reason) if part)
            table.add_row(job_id, status, f"{row.steps_done}/{row.steps}", _time(row), Text(now))
        return table


def _progress(event: StepProgressed, started_at: float) -> str:
    seconds = event.at - started_at
    rate = f" ({event.done / seconds:,.0f}/s)" if seconds > 0 else ""
    total = f" of {event.total:,}" if event.total is not None else ""
    return f"{event.done:,}{total} {event.unit}{rate}"


def _time(row: _Row) -> str:
    if row.duration_ms is not None:
        return f"{row.duration_ms / 1000:.1f} s"
    return "" if row.started_at is None else f"{max(0.0, time.time() - row.started_at):.1f} s"
