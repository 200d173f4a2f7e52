"""The ledger's rows as values, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from .moments import milliseconds_of, moment_of
from .records import Occurrence, Origin, Reason, Status

Value = str | int | float | bytes | None

COLUMNS = (
    "item, scheduled_for, due_at, origin, status, reason, attempt, continued,"
    " started_at, ended_at, exit_code, is_cancel_asked"
)
#: What is not over, as the index of such rows has it.
NOT_OVER = "status IN ('WAITING', 'RUNNING')"
#: What a scheduler that left has stopped: it is not over either, and waits as soon as another one looks for it.
STOPPED = "status = 'INTERRUPTED' AND reason = 'continued'"


def occurrence_of(row: Sequence[Value]) -> Occurrence:
    """A row as a value.

    Raises:
        ValueError: it holds what this version does not know.
        TypeError: likewise.
    """
    item, scheduled_for, due_at, origin, status, reason, attempt, continued, started, ended, exit_code, asked = row
    return Occurrence(
        item=str(item),
        scheduled_for=moment_of(whole(scheduled_for)),
        due_at=moment_of(whole(due_at)),
        origin=Origin(str(origin)),
        status=Status(str(status)),
        reason=Reason(str(reason)),
        attempt=whole(attempt),
        continued=whole(continued),
        started_at=_moment_or_none(started),
        ended_at=_moment_or_none(ended),
        exit_code=None if exit_code is None else whole(exit_code),
        is_cancel_asked=bool(asked),
    )


def key_of(occurrence: Occurrence) -> tuple[str, int]:
    """The key of an occurrence's row."""
    return occurrence.item, milliseconds_of(occurrence.scheduled_for)


def as_list(values: Iterable[object]) -> str:
    """Any number of values as one, which a statement takes apart by `json_each`."""
    return json.dumps(list(values))


def whole(value: Value) -> int:
    """A column that holds a whole number.

    Raises:
        TypeError: it holds something else.
    """
    if not isinstance(value, int):
        message = f"{value!r} is no whole number"
        raise TypeError(message)
    return value


def _moment_or_none(value: Value) -> datetime | None:
    return None if value is None else moment_of(whole(value))
