"""Moments and values that the tests of occurrences share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aetherflow.scheduler.occurrences.records import Due, Ended, Occurrence, Reason, Room, Status

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def due(*seconds: float, item: str = "nightly", **policies) -> Due:
    times = tuple(at(each) for each in seconds)
    return Due(item=item, times=times, looked_until=times[-1], **policies)


def room(max_runs: int = 8, *items: str, **more) -> Room:
    return Room(max_runs=max_runs, pool_of=more.pop("pool_of", dict.fromkeys(items or ("nightly",))), **more)


def ended(occurrence: Occurrence, seconds: float, status: Status = Status.SUCCESS, **more) -> Ended:
    return Ended(occurrence=occurrence, status=status, ended_at=at(seconds), **more)


def shown(occurrence: Occurrence) -> tuple[int, str, str]:
    """When it was due, in seconds after noon, and how it stands."""
    return round((occurrence.scheduled_for - NOON).total_seconds()), occurrence.status.value, occurrence.reason.value


__all__ = ("NOON", "Reason", "Status", "at", "due", "ended", "room", "shown")
