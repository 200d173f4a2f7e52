"""What people ask for: pauses, runs out of turn, runs of the past, the end of one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from aetherflow.kernel.api import LedgerConnection

from .moments import milliseconds_of
from .records import Occurrence
from .rows import COLUMNS, NOT_OVER, STOPPED, as_list, occurrence_of

_PAUSE = (
    "INSERT INTO items (item, looked_until, is_enabled, is_paused) SELECT value, ?, 0, ? FROM json_each(?) WHERE true"
    " ON CONFLICT DO UPDATE SET is_paused = excluded.is_paused WHERE is_paused <> excluded.is_paused"
)
_TRIGGER = (
    "INSERT INTO occurrences (item, scheduled_for, due_at, origin, status) VALUES (?, ?, ?, 'MANUAL', 'WAITING')"  # noqa: S608 - a constant
    f" ON CONFLICT DO NOTHING RETURNING {COLUMNS}"
)
_BACKFILL = (
    "INSERT INTO occurrences (item, scheduled_for, due_at, origin, status, max_parallel)"
    " SELECT :item, value, :now, 'BACKFILL', 'WAITING', :max_parallel FROM json_each(:times) WHERE true"
    " ON CONFLICT DO UPDATE SET due_at = :now, origin = 'BACKFILL', status = 'WAITING', reason = '',"
    " max_parallel = :max_parallel, attempt = 0, continued = 0, started_at = NULL, ended_at = NULL, exit_code = NULL,"
    " is_cancel_asked = 0, owner = NULL WHERE status IN ('SKIPPED', 'MISSED')"
    " OR (:is_again AND status IN ('FAILED', 'TIMED_OUT', 'CANCELLED', 'INTERRUPTED')) RETURNING 1"
)
_CANCEL = (
    "UPDATE occurrences SET is_cancel_asked = status = 'RUNNING',"  # noqa: S608 - a constant
    " reason = CASE status WHEN 'RUNNING' THEN reason ELSE '' END,"
    " ended_at = CASE status WHEN 'RUNNING' THEN NULL ELSE :now END,"
    " status = CASE status WHEN 'RUNNING' THEN status ELSE 'CANCELLED' END"
    " WHERE item = :item AND scheduled_for = :at"
    f" AND ({NOT_OVER} OR ({STOPPED}))"
    f" RETURNING {COLUMNS}"
)


def set_paused(connection: LedgerConnection, items: Collection[str], now: datetime, *, is_paused: bool) -> None:
    """Pause items or let them run again, those that no scheduler knows yet too; inside a transaction."""
    connection.execute(_PAUSE, (milliseconds_of(now), int(is_paused), as_list(items))).fetchall()


def trigger(connection: LedgerConnection, item: str, now: datetime) -> Occurrence:
    """Put in one more occurrence, at the first moment that has none; inside a transaction."""
    at = milliseconds_of(now)
    while True:
        # Whole seconds are the schedule's: its own occurrence must find its place free.
        if at % 1000:
            for row in connection.execute(_TRIGGER, (item, at, at)).fetchall():
                return occurrence_of(row)
        at += 1


def backfill(
    connection: LedgerConnection,
    item: str,
    times: Sequence[datetime],
    *,
    max_parallel: int,
    is_again: bool,
    now: datetime,
) -> int:
    """Have times of the past run; answers how many; inside a transaction."""
    asked = {
        "item": item,
        "now": milliseconds_of(now),
        "max_parallel": max_parallel,
        "times": as_list(milliseconds_of(at) for at in times),
        "is_again": int(is_again),
    }
    return len(connection.execute(_BACKFILL, asked).fetchall())


def cancel(connection: LedgerConnection, item: str, scheduled_for: datetime, now: datetime) -> Occurrence | None:
    """Have an occurrence end; answers it as it stands then, null where it is over; inside a transaction."""
    asked = {"item": item, "at": milliseconds_of(scheduled_for), "now": milliseconds_of(now)}
    for row in connection.execute(_CANCEL, asked).fetchall():
        return occurrence_of(row)
    return None
