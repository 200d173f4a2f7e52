"""Which items there are, and until when each has been looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from aetherflow.kernel.api import LedgerConnection

from .moments import milliseconds_of, moment_of
from .records import ItemState
from .rows import as_list, whole

_PUT = (
    "INSERT INTO items (item, looked_until, is_enabled) SELECT value ->> 0, ?, value ->> 1 FROM json_each(?) WHERE true"
    " ON CONFLICT DO UPDATE SET is_enabled = excluded.is_enabled,"
    # What happened while it was not enabled is not made up for.
    " looked_until = iif(excluded.is_enabled, max(looked_until, excluded.looked_until), looked_until)"
    " WHERE is_enabled <> excluded.is_enabled"
)
_DISABLE_OTHERS = (
    "UPDATE items SET is_enabled = 0 WHERE is_enabled = 1 AND item NOT IN (SELECT value ->> 0 FROM json_each(?))"
)
_DROP_REMOVED = (
    "UPDATE occurrences SET status = 'CANCELLED', reason = 'removed', ended_at = ?"
    " WHERE status = 'WAITING' AND item NOT IN (SELECT value ->> 0 FROM json_each(?))"
)
_SKIP_DISABLED = (
    "UPDATE occurrences SET status = iif(started_at IS NULL, 'SKIPPED', 'CANCELLED'), reason = 'paused', ended_at = ?"
    " WHERE status = 'WAITING'"
    " AND origin = 'SCHEDULE' AND item IN (SELECT item FROM items WHERE is_enabled = 0)"
)
_NEW_TIMES = (
    "UPDATE items SET times = given.times, looked_until = iif(items.times IS NULL, looked_until, max(looked_until, ?))"
    " FROM (SELECT value ->> 0 AS item, value ->> 1 AS times FROM json_each(?)) AS given"
    " WHERE items.item = given.item AND items.times IS NOT given.times"
)
#: A clock that goes back by more than this was wrong before: what it said is forgotten.
CLOCK_WAS_WRONG = timedelta(days=2)
#: What was to be run at once waits for so long only by a clock that was wrong.
_NOT_AT_ONCE = (
    "UPDATE occurrences SET due_at = ?1 WHERE status = 'WAITING' AND due_at > ?1 + ?2"
    " AND (reason = 'continued' OR reason = '' AND origin = 'BACKFILL')"
)
#: What it left lies so far ahead that nothing would run until then; rows that are there keep all from running twice.
_SET_RIGHT = (
    "UPDATE items SET looked_until = ?1 WHERE looked_until > ?1 + ?2",
    "UPDATE items SET forgotten_until = ?1 WHERE forgotten_until > ?1 + ?2",
    "UPDATE occurrences SET due_at = ?1 WHERE status = 'WAITING' AND due_at > ?1 AND scheduled_for > ?1 + ?2",
    _NOT_AT_ONCE,
)
_ENABLED = "SELECT item, looked_until, is_paused FROM items WHERE is_enabled = 1"
_ALL = "SELECT item, looked_until, is_paused FROM items"


def register(
    connection: LedgerConnection,
    items: Mapping[str, bool],
    now: datetime,
    *,
    times_of: Mapping[str, str],
    written_at: datetime,
) -> Mapping[str, ItemState]:
    """Make items known, and what waits of others over; answers the enabled ones; inside a transaction."""
    given, at = as_list((item, int(is_enabled)) for item, is_enabled in items.items()), milliseconds_of(now)
    connection.execute(_PUT, (at, given))
    connection.execute(_NEW_TIMES, (milliseconds_of(min(written_at, now)), as_list(times_of.items())))
    connection.execute(_DISABLE_OTHERS, (given,))
    connection.execute(_DROP_REMOVED, (at, given))
    connection.execute(_SKIP_DISABLED, (at,))
    for statement in _SET_RIGHT:
        connection.execute(statement, (at, CLOCK_WAS_WRONG // timedelta(milliseconds=1)))
    return _states(connection, _ENABLED)


def states(connection: LedgerConnection) -> Mapping[str, ItemState]:
    """What is remembered of all items, those that are not enabled included."""
    return _states(connection, _ALL)


def _states(connection: LedgerConnection, statement: str) -> Mapping[str, ItemState]:
    return {
        str(item): ItemState(looked_until=moment_of(whole(looked_until)), is_paused=bool(is_paused))
        for item, looked_until, is_paused in connection.execute(statement).fetchall()
    }
