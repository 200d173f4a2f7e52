"""What is remembered of occurrences, and what is asked of whoever remembers; all times are aware, in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ..schedules.models import Misfire, Overlap


class Status(StrEnum):
    """Where an occurrence stands."""

    #: It is to run as soon as it is due and there is room.
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    CANCELLED = "CANCELLED"
    INTERRUPTED = "INTERRUPTED"
    #: Its policies say that it does not run.
    SKIPPED = "SKIPPED"
    #: Nobody looked in time.
    MISSED = "MISSED"

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes of it by itself."""
        return self is not Status.WAITING and self is not Status.RUNNING


class Origin(StrEnum):
    """What made an occurrence."""

    SCHEDULE = "SCHEDULE"
    BACKFILL = "BACKFILL"
    MANUAL = "MANUAL"


class Reason(StrEnum):
    """Why an occurrence stands where it stands, where there is something to say."""

    NONE = ""
    #: The one before was not over.
    OVERLAP = "overlap"
    #: A later one was run in its place.
    COALESCED = "coalesced"
    #: `misfire: skip`.
    MISFIRE = "misfire"
    #: It is older than the item's grace.
    TOO_OLD = "too_old"
    PAUSED = "paused"
    QUEUE_FULL = "queue_full"
    #: A newer one took its place (`overlap: cancel`).
    REPLACED = "replaced"
    #: Another process owns the run.
    OWNED = "owned"
    #: It failed, and is tried again.
    RETRY = "retry"
    #: The scheduler that ran it died, or was stopped; it is gone on with.
    CONTINUED = "continued"
    #: The same, too often or too long ago.
    ABANDONED = "abandoned"
    #: Its item is in the schedule file no more, or not enabled there.
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time of one item: its key is (`item`, `scheduled_for`)."""

    item: str
    scheduled_for: datetime
    #: From when on it may start: later than `scheduled_for` by jitter and by waits between attempts.
    due_at: datetime
    origin: Origin = Origin.SCHEDULE
    status: Status = Status.WAITING
    reason: Reason = Reason.NONE
    #: Starts so far; the first start makes it 1.
    attempt: int = 0
    #: How often it was gone on with after its scheduler died.
    continued: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    #: Somebody wants the run ended.
    is_cancel_asked: bool = False

    @property
    def run_id(self) -> str:
        """The run's id, which nothing else has: the item and the time in UTC; milliseconds where there are some."""
        at = self.scheduled_for
        fraction = f".{at.microsecond // 1000:03d}" if at.microsecond else ""
        return f"{self.item}-{at:%Y%m%dT%H%M%S}{fraction}Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What of one item is due, and the policies that decide what becomes of it."""

    item: str
    #: Ascending; the newest where there are more than are listed.
    times: tuple[datetime, ...]
    #: Up to here all of the item's occurrences are in `times`, or in what was left out.
    looked_until: datetime
    #: What was left out of `times`, as the first moment and the last of a span in which nobody looked.
    left_out: tuple[datetime, datetime] | None = None
    overlap: Overlap = "skip"
    misfire: Misfire = "latest"
    misfire_grace_seconds: float = 300
    jitter_seconds: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much may run at once; a null limit is none.

    Backfills have a limit of their own beside the total and the pool's.
    """

    max_runs: int
    pools: Mapping[str, int] = field(default_factory=dict)
    #: Of each item that may run: its pool. An item that is not in here is not started.
    pool_of: Mapping[str, str | None] = field(default_factory=dict)
    #: Items that may overlap (`overlap: allow`); all others run one at a time, in the order of `scheduled_for`.
    max_runs_of: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run of an occurrence ended, as whoever ran it saw it."""

    occurrence: Occurrence
    status: Status
    ended_at: datetime
    reason: Reason = Reason.NONE
    exit_code: int | None = None
    #: When it is to be run again, whatever `status` says; null where it is over. After OWNED and CONTINUED the next
    #: start is the same attempt. A run that is INTERRUPTED and CONTINUED is over, until a scheduler goes on with it.
    again_at: datetime | None = None
    #: What kept it from being started, or how it ended from being known; for the log alone.
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerState:
    """A scheduler that works with the ledger, or died and left something."""

    name: str
    pid: int
    started_at: datetime
    heard_at: datetime
    is_alive: bool
    #: How many runs it has at work.
    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """What is remembered of an item beside its occurrences."""

    #: Every occurrence up to here has its row.
    looked_until: datetime
    is_paused: bool = False
