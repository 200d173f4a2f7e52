"""Rows for what is due: the table's key decides whose an occurrence is, policies what becomes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aetherflow.kernel.api import LedgerConnection

from .moments import milliseconds_of, moment_of
from .policies import Decision, decide, due_at
from .records import Due, Occurrence, Status
from .rows import NOT_OVER, STOPPED, as_list, whole

_STATES = (
    "SELECT item, is_paused, looked_until, forgotten_until FROM items WHERE item IN (SELECT value FROM json_each(?))"
)
_GET_NOT_OVER = (
    "SELECT item, scheduled_for, status FROM occurrences"  # noqa: S608 - a constant
    f" WHERE {NOT_OVER} AND origin <> 'BACKFILL' AND item IN (SELECT value FROM json_each(?1))"
    " UNION ALL SELECT item, scheduled_for, 'WAITING' FROM occurrences INDEXED BY occurrences_stopped"
    f" WHERE {STOPPED} AND origin <> 'BACKFILL' AND item IN (SELECT value FROM json_each(?1))"
)
#: No row is looked for first: whoever puts one in has it.
_PUT = (
    "INSERT INTO occurrences (item, scheduled_for, due_at, origin, status)"
    " SELECT value ->> 0, value ->> 1, value ->> 2, 'SCHEDULE', 'WAITING' FROM json_each(?) WHERE true"
    " ON CONFLICT DO NOTHING RETURNING item, scheduled_for"
)
_DECIDE = "UPDATE occurrences SET status = ?, reason = ?, ended_at = ? WHERE item = ? AND scheduled_for = ?"
_REPLACE_WAITING = (
    "UPDATE occurrences SET status = 'CANCELLED', reason = 'replaced', ended_at = ?"  # noqa: S608 - a constant
    f" WHERE item = ? AND scheduled_for = ? AND (status = 'WAITING' OR ({STOPPED}))"
)
_REPLACE_RUNNING = (
    "UPDATE occurrences SET is_cancel_asked = 1, reason = 'replaced'"
    " WHERE item = ? AND scheduled_for = ? AND status = 'RUNNING' AND is_cancel_asked = 0"
)
_LOOKED = (
    "UPDATE items SET looked_until = due.until"
    " FROM (SELECT value ->> 0 AS name, value ->> 1 AS until FROM json_each(?)) AS due"
    " WHERE item = due.name AND looked_until < due.until"
)
_PUT_GAP = (
    "INSERT INTO gaps (item, first, last) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last)"
)


@dataclass(frozen=True, slots=True)
class _State:
    is_paused: bool
    looked_until: int
    forgotten_until: int

    @property
    def done_until(self) -> int:
        """What is not later had its row, which may have been forgotten since: it is not due again."""
        return min(self.looked_until, self.forgotten_until)


_LONG_AGO = -(2**62)
_UNKNOWN = _State(is_paused=False, looked_until=_LONG_AGO, forgotten_until=_LONG_AGO)
_Moments = dict[str, list[datetime]]


def account(connection: LedgerConnection, dues: Sequence[Due], now: datetime) -> tuple[Occurrence, ...]:
    """Write the rows of what is due, and answer those; inside a transaction."""
    names = as_list(due.item for due in dues)
    states = {
        str(item): _State(bool(is_paused), whole(looked_until), whole(forgotten_until))
        for item, is_paused, looked_until, forgotten_until in connection.execute(_STATES, (names,)).fetchall()
    }
    not_over: dict[str, dict[datetime, Status]] = defaultdict(dict)
    for item, at, status in connection.execute(_GET_NOT_OVER, (names,)).fetchall():
        not_over[str(item)][moment_of(whole(at))] = Status(str(status))
    new = _put(connection, dues, states)
    decided: list[tuple[Due, Decision]] = []
    replaced: list[tuple[str, int]] = []
    for due in dues:
        ours = sorted(new.get(due.item, ()))
        is_paused = states.get(due.item, _UNKNOWN).is_paused
        decisions = decide(due, ours, not_over=not_over[due.item], is_paused=is_paused, now=now)
        decided.extend((due, decision) for decision in decisions.new)
        replaced.extend((due.item, milliseconds_of(at)) for at in decisions.replaced)
    _write_down(connection, decided, replaced, milliseconds_of(now))
    _note_looked(connection, dues, states)
    return tuple(_occurrence(due, decision, now) for due, decision in decided)


def _put(connection: LedgerConnection, dues: Sequence[Due], states: Mapping[str, _State]) -> _Moments:
    """Put rows in for all times that have none; answers these."""
    new: _Moments = defaultdict(list)
    for item, at in connection.execute(_PUT, (as_list(_rows(dues, states)),)).fetchall():
        new[str(item)].append(moment_of(whole(at)))
    return new


def _rows(dues: Sequence[Due], states: Mapping[str, _State]) -> Iterator[tuple[str, int, int]]:
    for due in dues:
        done_until = states.get(due.item, _UNKNOWN).done_until
        for at in due.times:
            if (milliseconds := milliseconds_of(at)) > done_until:
                yield due.item, milliseconds, milliseconds_of(due_at(due.item, at, due.jitter_seconds))


def _write_down(
    connection: LedgerConnection,
    decided: Sequence[tuple[Due, Decision]],
    replaced: Sequence[tuple[str, int]],
    now: int,
) -> None:
    over = [
        (decision.status, decision.reason, now, due.item, milliseconds_of(decision.at))
        for due, decision in decided
        if decision.status.is_over
    ]
    if over:
        connection.executemany(_DECIDE, over)
    if replaced:
        connection.executemany(_REPLACE_WAITING, ((now, *key) for key in replaced))
        connection.executemany(_REPLACE_RUNNING, replaced)


def _note_looked(connection: LedgerConnection, dues: Sequence[Due], states: Mapping[str, _State]) -> None:
    for due in dues:
        if due.left_out is None:
            continue
        first, last = (milliseconds_of(at) for at in due.left_out)
        # Another scheduler may have looked at a part of it meanwhile.
        looked_until = states.get(due.item, _UNKNOWN).looked_until
        if looked_until < last:
            connection.execute(_PUT_GAP, (due.item, max(first, looked_until), last))
    connection.execute(_LOOKED, (as_list((due.item, milliseconds_of(due.looked_until)) for due in dues),))


def _occurrence(due: Due, decision: Decision, now: datetime) -> Occurrence:
    is_over = decision.status.is_over
    return Occurrence(
        item=due.item,
        scheduled_for=decision.at,
        due_at=due_at(due.item, decision.at, due.jitter_seconds),
        status=decision.status,
        reason=decision.reason,
        ended_at=now if is_over else None,
    )
