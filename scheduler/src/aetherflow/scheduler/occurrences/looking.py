"""What people look at: the newest occurrences, gaps, who is at work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from aetherflow.kernel.api import LedgerConnection

from .moments import milliseconds_of, moment_of
from .records import Occurrence, Origin, OwnerState, Status
from .rows import COLUMNS, NOT_OVER, Value, as_list, occurrence_of, whole

_GAPS = (
    "SELECT item, first, last FROM gaps WHERE ?1 IS NULL OR item IN (SELECT value FROM json_each(?1))"
    " ORDER BY item, first"
)
_COUNT_NOT_OVER = f"SELECT item, status, count(*) FROM occurrences WHERE {NOT_OVER} GROUP BY item, status"  # noqa: S608 - a constant
_ITEM_IS_ONE_OF = "item IN (SELECT value FROM json_each(?))"
_NEXT_DUE = (
    "SELECT o.item, o.due_at FROM occurrences AS o LEFT JOIN items AS i ON i.item = o.item"
    " WHERE o.status = 'WAITING' AND o.due_at > ? AND (o.origin = 'MANUAL' OR coalesce(i.is_paused, 0) = 0)"
    " ORDER BY o.due_at"
)
_OWNERS = (
    "SELECT owner, pid, started_at, heard_at,"
    " (SELECT count(*) FROM occurrences AS o WHERE o.status = 'RUNNING' AND o.owner = owners.owner)"
    " FROM owners ORDER BY started_at, owner"
)


def history(
    connection: LedgerConnection,
    items: Collection[str] | None,
    *,
    statuses: Collection[Status] | None,
    origin: Origin | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> tuple[Occurrence, ...]:
    """The newest occurrences, the newest first."""
    asked: list[tuple[str, Value]] = []
    if items is not None:
        asked.append((_ITEM_IS_ONE_OF, as_list(items)))
    if statuses is not None:
        asked.append(("status IN (SELECT value FROM json_each(?))", as_list(statuses)))
    if origin is not None:
        asked.append(("origin = ?", origin))
    if since is not None:
        asked.append(("scheduled_for >= ?", milliseconds_of(since)))
    if until is not None:
        asked.append(("scheduled_for <= ?", milliseconds_of(until)))
    conditions = " AND ".join(condition for condition, _ in asked) or "true"
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM occurrences WHERE {conditions}"  # noqa: S608 - of constants
        " ORDER BY scheduled_for DESC, item LIMIT ?",
        (*(value for _, value in asked), limit),
    )
    return tuple(occurrence_of(row) for row in rows.fetchall())


def count_not_over(connection: LedgerConnection) -> Mapping[Status, Counter[str]]:
    """How many occurrences of each item wait, and how many run."""
    counts: dict[Status, Counter[str]] = {Status.WAITING: Counter(), Status.RUNNING: Counter()}
    for item, status, count in connection.execute(_COUNT_NOT_OVER).fetchall():
        counts[Status(str(status))][str(item)] = whole(count)
    return counts


def gaps(connection: LedgerConnection, items: Collection[str] | None) -> tuple[tuple[str, datetime, datetime], ...]:
    """Spans whose occurrences have no rows."""
    wanted = None if items is None else as_list(items)
    rows = connection.execute(_GAPS, (wanted,)).fetchall()
    return tuple((str(item), moment_of(whole(first)), moment_of(whole(last))) for item, first, last in rows)


def next_due(connection: LedgerConnection, items: Collection[str], after: datetime | None) -> datetime | None:
    """When the next of those that wait and are not held is due."""
    waiting = connection.execute(_NEXT_DUE, (-(2**62) if after is None else milliseconds_of(after),))
    wanted = frozenset(items)
    found = next((whole(due_at) for item, due_at in waiting if item in wanted), None)
    waiting.close()
    return None if found is None else moment_of(found)


def owners(connection: LedgerConnection, is_alive: Callable[[str], bool]) -> tuple[OwnerState, ...]:
    """The schedulers of the ledger, the one that is at work the longest first."""
    found = _owners(connection, is_alive)
    if all(owner.is_alive for owner in found):
        return found
    # Who left in good order meanwhile is not dead: its row went before its lock did.
    there = {str(name) for name, *_ in connection.execute(_OWNERS).fetchall()}
    return tuple(owner for owner in found if owner.is_alive or owner.name in there)


def _owners(connection: LedgerConnection, is_alive: Callable[[str], bool]) -> tuple[OwnerState, ...]:
    return tuple(
        OwnerState(
            name=str(name),
            pid=whole(pid),
            started_at=moment_of(whole(started_at)),
            heard_at=moment_of(whole(heard_at)),
            is_alive=is_alive(str(name)),
            running=whole(running),
        )
        for name, pid, started_at, heard_at, running in connection.execute(_OWNERS).fetchall()
    )
