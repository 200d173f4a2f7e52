"""Moments as the ledger has them: milliseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def utc_now() -> datetime:
    """The time, on the clock that may be set."""
    return datetime.now(UTC)


def milliseconds_of(at: datetime) -> int:
    """An aware moment as the ledger has it; what is smaller than a millisecond is cut off."""
    return (at - _BEGIN) // _MILLISECOND


def moment_of(milliseconds: int) -> datetime:
    """A moment of the ledger, in UTC."""
    return _BEGIN + milliseconds * _MILLISECOND
