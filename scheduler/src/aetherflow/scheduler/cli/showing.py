"""Moments and occurrences as commands show them, to people and to machines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from aetherflow.kernel.api import times

from ..calendars.clocks import UTC_ZONE
from ..occurrences.records import Occurrence, Reason, Status

if TYPE_CHECKING:
    from datetime import tzinfo
    from pathlib import Path
    from zoneinfo import ZoneInfo

_WHY = {
    Reason.NONE: "",
    Reason.OVERLAP: "the one before was not over",
    Reason.COALESCED: "a later one was run in its place",
    Reason.MISFIRE: "nobody looked in time, and its item leaves such times out",
    Reason.TOO_OLD: "nobody looked in time, and it was older than its item's grace",
    Reason.PAUSED: "its item was paused",
    Reason.QUEUE_FULL: "too many were waiting",
    Reason.REPLACED: "a newer one took its place",
    Reason.OWNED: "another process owns the run; it is tried again",
    Reason.RETRY: "it failed, and is tried again",
    Reason.CONTINUED: "its scheduler ended; it is gone on with",
    Reason.ABANDONED: "its scheduler ended, too often or too long ago",
    Reason.REMOVED: "its item is no longer in the schedule file",
}
#: Of those that ended by themselves; 1 is what the output tells of.
_WHY_ENDED = {
    (Status.TIMED_OUT, None): "it took longer than its item's max_run_seconds",
    (Status.FAILED, None): "its process could not be started",
    (Status.FAILED, 2): "its flow or its parameters are wrong",
    (Status.FAILED, 3): "policy refuses it",
    (Status.FAILED, 4): "a person must decide",
    (Status.INTERRUPTED, 130): "somebody stopped it",
    (Status.INTERRUPTED, 143): "somebody stopped it",
}
_NOT_YET = "its turn has not come: a limit, the one before it, a pause, or no scheduler"


def on_the_clock(at: datetime | None, zone: tzinfo) -> str:
    """A moment on a zone's clock, in seconds, with the offset; empty where there is none."""
    return "" if at is None else at.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def weekday_of(at: datetime, zone: tzinfo) -> str:
    """The day of the week on a zone's clock, in three letters."""
    return f"{at.astimezone(zone):%a}"


def zone_of_all(zones: Iterable[ZoneInfo]) -> ZoneInfo:
    """The zone that all are; UTC where they differ."""
    different = set(zones)
    return different.pop() if len(different) == 1 else UTC_ZONE


def in_utc(at: datetime | None) -> str | None:
    """A moment for machines."""
    return None if at is None else times.for_machines(at.timestamp())


def for_machines(at: datetime | None, zone: tzinfo) -> dict[str, str | None]:
    """A moment for machines, in UTC and on a zone's clock."""
    return {"utc": in_utc(at), "local": None if at is None else at.astimezone(zone).isoformat()}


def why(occurrence: Occurrence) -> str:
    """Why it stands as it does, in words; empty where there is nothing to say."""
    if occurrence.status is Status.WAITING and occurrence.reason is Reason.NONE:
        return _NOT_YET
    return _WHY[occurrence.reason] or _WHY_ENDED.get((occurrence.status, occurrence.exit_code), "")


def duration_of(occurrence: Occurrence) -> int | None:
    """How long the last attempt took, in milliseconds; null where it is not over, or never began."""
    if occurrence.started_at is None or occurrence.ended_at is None:
        return None
    return times.milliseconds_between(occurrence.started_at.timestamp(), occurrence.ended_at.timestamp())


def occurrence_as_json(occurrence: Occurrence, zone: tzinfo, output: Path | None = None) -> dict[str, object]:
    """An occurrence for machines.

    Args:
        occurrence: the occurrence.
        zone: its item's.
        output: where its output is kept.
    """
    return {
        "item": occurrence.item,
        "run_id": occurrence.run_id,
        "scheduled_for": in_utc(occurrence.scheduled_for),
        "scheduled_for_local": occurrence.scheduled_for.astimezone(zone).isoformat(),
        "origin": occurrence.origin.value,
        "status": occurrence.status.value,
        "reason": occurrence.reason.value or None,
        "why": why(occurrence) or None,
        "due_at": in_utc(occurrence.due_at),
        "attempt": occurrence.attempt,
        "continued": occurrence.continued,
        "started_at": in_utc(occurrence.started_at),
        "ended_at": in_utc(occurrence.ended_at),
        "duration_ms": duration_of(occurrence),
        "exit_code": occurrence.exit_code,
        "is_cancel_asked": occurrence.is_cancel_asked,
        "output": None if output is None else str(output),
    }


def status_words() -> list[str]:
    """The statuses, as they are written."""
    return [status.value for status in Status]
