"""How runs ended, and when they are forgotten."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from aetherflow.kernel.api import LedgerConnection

from .moments import milliseconds_of
from .records import Ended, Occurrence, Reason
from .rows import Value, key_of

#: So many rows are removed at once: others write in between.
MOST_FORGOTTEN = 1_000
#: And so often in one call: whoever calls has other work to do.
MOST_BATCHES = 10
#: After these, the next start is none of the attempts that are counted.
_NO_ATTEMPTS = frozenset({Reason.OWNED, Reason.CONTINUED})

_OURS = "item = :item AND scheduled_for = :at AND status = 'RUNNING' AND owner = :owner"
_FINISH = (
    "UPDATE occurrences SET status = :status, exit_code = :exit_code, ended_at = :ended_at, owner = NULL,"  # noqa: S608 - a constant
    " reason = iif(:status = 'CANCELLED' AND reason = 'replaced', reason, :reason)"
    f" WHERE {_OURS}"
)
_AGAIN = (
    "UPDATE occurrences SET exit_code = :exit_code, owner = NULL,"  # noqa: S608 - a constant
    " status = iif(is_cancel_asked, 'CANCELLED', 'WAITING'), ended_at = iif(is_cancel_asked, :ended_at, NULL),"
    " reason = iif(is_cancel_asked, iif(reason = 'replaced', reason, ''), :reason),"
    " due_at = :again_at, attempt = max(attempt - :uncounted, 0)"
    f" WHERE {_OURS}"
)
_HASTEN = "UPDATE occurrences SET due_at = ? WHERE item = ? AND scheduled_for = ? AND status = 'WAITING' AND due_at > ?"
#: What a clock that was ahead has made is kept until its time has come, and is as old: it is not due a second time.
_FORGET = (
    "DELETE FROM occurrences WHERE (item, scheduled_for) IN (SELECT item, scheduled_for FROM occurrences"
    " WHERE ended_at < ?1 AND scheduled_for < ?1 ORDER BY ended_at LIMIT ?2) RETURNING 1"
)
#: Who was stopped for long may still find due what is removed here.
_NOTE_FORGOTTEN = "UPDATE items SET forgotten_until = ?1 WHERE forgotten_until < ?1"
_FORGET_GAPS = "DELETE FROM gaps WHERE last < ?"


def finish(connection: LedgerConnection, ended: Sequence[Ended], owner: str) -> None:
    """Write down how runs of this owner ended; inside a transaction."""
    for each in ended:
        connection.execute(_FINISH if each.again_at is None else _AGAIN, _values(each, owner))


def hasten(connection: LedgerConnection, waiting: Collection[Occurrence], now: datetime) -> None:
    """Have what waits be due now, where it would be later; inside a transaction."""
    at = milliseconds_of(now)
    connection.executemany(_HASTEN, ((at, *key_of(occurrence), at) for occurrence in waiting))


def forget(connection: LedgerConnection, before: datetime) -> int:
    """Remove some of what was over before; answers how many rows; inside a transaction."""
    at = milliseconds_of(before)
    connection.execute(_NOTE_FORGOTTEN, (at,))
    connection.execute(_FORGET_GAPS, (at,))
    return len(connection.execute(_FORGET, (at, MOST_FORGOTTEN)).fetchall())


def _values(ended: Ended, owner: str) -> Mapping[str, Value]:
    item, at = key_of(ended.occurrence)
    return {
        "item": item,
        "at": at,
        "owner": owner,
        "status": ended.status,
        "reason": ended.reason,
        "exit_code": ended.exit_code,
        "ended_at": milliseconds_of(ended.ended_at),
        "again_at": None if ended.again_at is None else milliseconds_of(ended.again_at),
        "uncounted": int(ended.reason in _NO_ATTEMPTS),
    }
