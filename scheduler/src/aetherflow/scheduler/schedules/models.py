"""A schedule as frozen values: its items with their times, policies and limits, defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from aetherflow.kernel.api import Document, Problem, RunTexts

from ..calendars.clocks import JumpRule
from ..calendars.rules import Rule

#: What becomes of an occurrence whose item still has one that is not over.
Overlap = Literal["skip", "queue", "allow", "cancel"]
#: What becomes of occurrences that nobody looked at in time: none is run, the latest alone, or all of them; those older
#: than the item's grace are missed in any case.
Misfire = Literal["skip", "latest", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often an occurrence is run, and how long is waited in between."""

    max_attempts: int = 1
    backoff_seconds: float = 60
    backoff_multiplier: float = 1
    max_backoff_seconds: float = 3600

    def wait_after(self, attempt: int) -> float:
        """Seconds from the end of an attempt, counted from 1, to the next one."""
        try:
            wait = self.backoff_seconds * self.backoff_multiplier ** (attempt - 1)
        except OverflowError:
            return self.max_backoff_seconds
        return min(wait, self.max_backoff_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A flow and when it runs."""

    id: str
    #: The flow's file, absolute.
    flow: Path
    #: One job of it alone; null for all.
    flow_job: str | None = None
    #: The runtime profile; null for the one in force.
    profile: str | None = None
    #: Values of the flow's parameters, as written; texts may hold `{{run.date}}` and `{{run.scheduled_time}}`.
    params: Mapping[str, object] = field(default_factory=dict)
    #: The same, ready to be rendered for a run.
    run_texts: RunTexts
    #: Names the moments, calendar and all.
    rule: Rule
    #: The trigger as people read it: `cron 0 6 * * *`.
    trigger: str
    zone: ZoneInfo
    #: What becomes of times that a jump of the clock leaves out or repeats.
    dst: JumpRule = "once"
    #: The calendar that decides which days it runs on; null for every day.
    calendar_name: str | None = None
    enabled: bool = True
    overlap: Overlap = "skip"
    misfire: Misfire = "latest"
    misfire_grace_seconds: float = 300
    jitter_seconds: float = 0
    max_run_seconds: float | None = None
    #: How many runs of it may be at work at the same time, where `overlap` is `allow`; null for no limit of its own.
    max_runs: int | None = None
    #: The pool whose limit it shares; null for none.
    pool: str | None = None
    retry: Retry = Retry()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many runs may be at work at the same time: in all, and of each pool."""

    max_runs: int = 8
    pools: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what is over is remembered, in days: its row, and its output."""

    history_days: float = 90
    output_days: float = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule file that is free of errors."""

    document: Document
    #: The file, absolute.
    file: Path
    #: The folder of the occurrence ledger and of outputs, absolute.
    state: Path
    items: Mapping[str, Item]
    limits: Limits = Limits()
    retention: Retention = Retention()
    #: Warnings and notes, of its flows too; in the order of the file.
    problems: tuple[Problem, ...] = ()
