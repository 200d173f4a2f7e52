"""What waits is taken as limits allow, the longest waiting first; the limits hold over all schedulers of a ledger."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from operator import attrgetter

from aetherflow.kernel.api import LedgerConnection

from .moments import milliseconds_of
from .records import Occurrence, Room
from .rows import COLUMNS, NOT_OVER, STOPPED, Value, as_list, occurrence_of, whole

_RUNNING = "SELECT item, origin = 'BACKFILL', count(*) FROM occurrences WHERE status = 'RUNNING' GROUP BY 1, 2"
_PAUSED = "SELECT item FROM items WHERE is_paused = 1"
_CANDIDATES = (
    "SELECT item, scheduled_for, origin, max_parallel FROM occurrences WHERE status = 'WAITING' AND due_at <= ?"
    " ORDER BY due_at, scheduled_for, item"
)
_IN_ORDER = attrgetter("due_at", "scheduled_for", "item")
_HAS_CANDIDATES = "SELECT 1 FROM occurrences WHERE status = 'WAITING' AND due_at <= ? LIMIT 1"
_OLDEST = (
    "SELECT min(scheduled_for) FROM ("  # noqa: S608 - a constant
    f"SELECT scheduled_for, origin FROM occurrences WHERE {NOT_OVER} AND item = ?1"
    " UNION ALL SELECT scheduled_for, origin FROM occurrences INDEXED BY occurrences_stopped"
    f" WHERE {STOPPED} AND item = ?1"
    # What is held runs first when it is let go, and until then holds up nothing.
    ") WHERE origin <> 'BACKFILL' AND (origin = 'MANUAL' OR NOT ?2)"
)
_TAKE = (
    "UPDATE occurrences SET status = 'RUNNING', owner = ?, started_at = ?, ended_at = NULL, exit_code = NULL,"  # noqa: S608 - a constant
    " attempt = attempt + 1 FROM (SELECT value ->> 0 AS name, value ->> 1 AS at FROM json_each(?)) AS chosen"
    " WHERE item = chosen.name AND scheduled_for = chosen.at AND status = 'WAITING'"
    f" RETURNING {COLUMNS}"
)


def is_any_due(connection: LedgerConnection, due_until: datetime) -> bool:
    """Whether anything waits that is due; whoever only asks keeps nobody from writing."""
    return bool(connection.execute(_HAS_CANDIDATES, (milliseconds_of(due_until),)).fetchall())


def claim(
    connection: LedgerConnection, room: Room, owner: str, now: datetime, due_until: datetime
) -> tuple[Occurrence, ...]:
    """Take what is due and has room for this owner; inside a transaction."""
    chosen = _chosen(connection, _Seats(connection, room), milliseconds_of(due_until))
    if not chosen:
        return ()
    rows = connection.execute(_TAKE, (owner, milliseconds_of(now), as_list(chosen))).fetchall()
    # They come back in any order.
    return tuple(sorted(map(occurrence_of, rows), key=_IN_ORDER))


def _chosen(connection: LedgerConnection, seats: _Seats, due_until: int) -> list[tuple[str, int]]:
    chosen: list[tuple[str, int]] = []
    candidates = connection.execute(_CANDIDATES, (due_until,))
    for item, at, origin, max_parallel in candidates:
        if seats.are_taken:
            break
        candidate = str(item), whole(at)
        if seats.take(*candidate, origin=str(origin), max_parallel=max_parallel):
            chosen.append(candidate)
    candidates.close()
    return chosen


class _Seats:
    """How much runs, and what may run beside it."""

    def __init__(self, connection: LedgerConnection, room: Room) -> None:
        self._connection = connection
        self._room = room
        self._total = 0
        self._of_pool: Counter[str] = Counter()
        #: By item, and whether it is a backfill.
        self._of_item: Counter[tuple[str, bool]] = Counter()
        for item, is_backfill, count in connection.execute(_RUNNING).fetchall():
            self._add(str(item), is_backfill=bool(is_backfill), count=whole(count))
        self._paused = {str(item) for (item,) in connection.execute(_PAUSED).fetchall()}

    @property
    def are_taken(self) -> bool:
        return self._total >= self._room.max_runs

    def take(self, item: str, at: int, *, origin: str, max_parallel: Value) -> bool:
        """Take a seat for a candidate, where there is one."""
        if not self._is_open_to(item, is_manual=origin == "MANUAL"):
            return False
        is_backfill = origin == "BACKFILL"
        limit = max_parallel if is_backfill else self._room.max_runs_of.get(item, 1)
        if limit is not None and self._of_item[item, is_backfill] >= whole(limit):
            return False
        if not is_backfill and limit == 1 and not self._is_oldest(item, at):
            return False
        self._add(item, is_backfill=is_backfill, count=1)
        return True

    def _is_open_to(self, item: str, *, is_manual: bool) -> bool:
        if item not in self._room.pool_of or (item in self._paused and not is_manual):
            return False
        pool = self._room.pool_of[item]
        most = None if pool is None else self._room.pools.get(pool)
        return pool is None or most is None or self._of_pool[pool] < most

    def _is_oldest(self, item: str, at: int) -> bool:
        """Whether nothing older of the item is to be run first, be it that it waits to be tried again."""
        return [(at,)] == self._connection.execute(_OLDEST, (item, item in self._paused)).fetchall()

    def _add(self, item: str, *, is_backfill: bool, count: int) -> None:
        self._total += count
        self._of_item[item, is_backfill] += count
        pool = self._room.pool_of.get(item)
        if pool is not None:
            self._of_pool[pool] += count
