"""What dead and stopped schedulers left: it is gone on with where that is not too late, or marked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from aetherflow.kernel.api import LedgerConnection

from .moments import milliseconds_of
from .records import Occurrence, Reason, Status
from .rows import COLUMNS, STOPPED, Value, as_list, key_of, occurrence_of

#: Whoever lives is heard of more often.
_SHORTEST_GRACE_SECONDS = 60
#: What dies with its scheduler again and again may be why.
_MOST_CONTINUED = 5

_HAS_STOPPED = f"SELECT 1 FROM occurrences WHERE {STOPPED} LIMIT 1"  # noqa: S608 - a constant
_GET_STOPPED = f"SELECT {COLUMNS} FROM occurrences WHERE {STOPPED}"  # noqa: S608 - a constant
_GET_LEFT = (
    "SELECT heard_at, "  # noqa: S608 - a constant
    f"{COLUMNS} FROM occurrences LEFT JOIN (SELECT owner AS name, heard_at FROM owners) ON name = owner"
    " WHERE status = 'RUNNING' AND owner IN (SELECT value FROM json_each(?))"
)
_CONTINUE = (
    "UPDATE occurrences SET status = 'WAITING', reason = 'continued', due_at = ?, ended_at = NULL, owner = NULL,"  # noqa: S608 - a constant
    # What was stopped in good order is not to blame for it.
    " continued = continued + (status = 'RUNNING'), attempt = max(attempt - 1, 0) WHERE item = ? AND scheduled_for = ?"
    f" RETURNING {COLUMNS}"
)
_MARK = (
    "UPDATE occurrences SET status = ?, reason = ?, ended_at = coalesce(ended_at, ?), owner = NULL"  # noqa: S608 - a constant
    f" WHERE item = ? AND scheduled_for = ? RETURNING {COLUMNS}"
)
_DISABLED = "SELECT item FROM items WHERE is_enabled = 0"
_FORGET_OWNERS = "DELETE FROM owners WHERE owner IN (SELECT value FROM json_each(?))"


def is_any_stopped(connection: LedgerConnection) -> bool:
    """Whether a scheduler was stopped and left something to be gone on with."""
    return bool(connection.execute(_HAS_STOPPED).fetchall())


def recover(
    connection: LedgerConnection, dead: Collection[str], grace_of: Mapping[str, float], now: datetime
) -> tuple[Occurrence, ...]:
    """Take in what the dead left RUNNING, and what was stopped; inside a transaction."""
    names = as_list(dead)
    left = [
        (_or_now(row[0], now), occurrence_of(row[1:])) for row in connection.execute(_GET_LEFT, (names,)).fetchall()
    ]
    for row in connection.execute(_GET_STOPPED).fetchall():
        stopped = occurrence_of(row)
        left.append((milliseconds_of(stopped.ended_at or now), stopped))
    disabled = {item for (item,) in connection.execute(_DISABLED).fetchall()}
    allowed = {item: grace for item, grace in grace_of.items() if item not in disabled}
    recovered = [_take_in(connection, occurrence, heard_at, allowed, now) for heard_at, occurrence in left]
    connection.execute(_FORGET_OWNERS, (names,))
    return tuple(recovered)


def _take_in(
    connection: LedgerConnection, left: Occurrence, heard_at: int, grace_of: Mapping[str, float], now: datetime
) -> Occurrence:
    status, reason = _what_becomes_of(left, heard_at, grace_of, now)
    at = milliseconds_of(now)
    if status is Status.WAITING:
        rows = connection.execute(_CONTINUE, (at, *key_of(left))).fetchall()
    else:
        rows = connection.execute(_MARK, (status, reason, at, *key_of(left))).fetchall()
    return occurrence_of(rows[0])


def _what_becomes_of(
    left: Occurrence, heard_at: int, grace_of: Mapping[str, float], now: datetime
) -> tuple[Status, Reason]:
    if left.is_cancel_asked:
        return Status.CANCELLED, Reason.REPLACED if left.reason is Reason.REPLACED else Reason.NONE
    grace = grace_of.get(left.item)
    if grace is None:
        return Status.INTERRUPTED, Reason.REMOVED
    oldest = milliseconds_of(now - timedelta(seconds=max(grace, _SHORTEST_GRACE_SECONDS)))
    is_to_blame = left.status is Status.RUNNING and left.continued >= _MOST_CONTINUED
    if is_to_blame or heard_at < oldest:
        return Status.INTERRUPTED, Reason.ABANDONED
    return Status.WAITING, Reason.CONTINUED


def _or_now(heard_at: Value, now: datetime) -> int:
    return heard_at if isinstance(heard_at, int) else milliseconds_of(now)
