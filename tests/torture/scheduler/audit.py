"""What happened to the rows of an occurrence ledger: every change of a status, written down by the database itself."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import apsw

PATIENCE_MILLISECONDS = 30_000
#: In the database of the ledger, so that a change and its entry are one transaction.
TRIGGERS = """
CREATE TABLE audit (
    item TEXT, scheduled_for INTEGER, old TEXT, new TEXT, reason TEXT, attempt INTEGER, continued INTEGER, at REAL,
    -- Whose it was before the change.
    pid INTEGER
) STRICT;
CREATE TABLE audit_owners (owner TEXT PRIMARY KEY, pid INTEGER) STRICT;
CREATE TRIGGER audit_lives AFTER INSERT ON owners BEGIN
    INSERT INTO audit_owners VALUES (NEW.owner, NEW.pid) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER audit_written AFTER INSERT ON occurrences BEGIN
    INSERT INTO audit VALUES
        (NEW.item, NEW.scheduled_for, '', NEW.status, NEW.reason, NEW.attempt, NEW.continued, unixepoch('subsec'), NULL);
END;
CREATE TRIGGER audit_changed AFTER UPDATE OF status ON occurrences BEGIN
    INSERT INTO audit VALUES
        (NEW.item, NEW.scheduled_for, OLD.status, NEW.status, NEW.reason, NEW.attempt, NEW.continued, unixepoch('subsec'),
         (SELECT pid FROM audit_owners WHERE owner = OLD.owner));
END;
"""


@dataclass(frozen=True, slots=True)
class Row:
    """An occurrence as it stands in the ledger."""

    item: str
    #: Seconds since 1970.
    second: int
    status: str
    reason: str
    attempt: int

    @property
    def run_id(self) -> str:
        """The id of its run, written down here once more: the harness does not believe the ledger."""
        return run_id_of(self.item, self.second)


@dataclass(frozen=True, slots=True)
class Change:
    """A row was written, `old` is empty then, or its status was changed."""

    item: str
    second: int
    old: str
    new: str
    reason: str
    attempt: int
    #: How often it had been gone on with after its scheduler died.
    continued: int
    at: float
    #: The process whose it was before; null where it was nobody's.
    pid: int | None

    @property
    def run_id(self) -> str:
        """The id of its run."""
        return run_id_of(self.item, self.second)


def run_id_of(item: str, second: int) -> str:
    """As docs/scheduler.md says it."""
    return f"{item}-{datetime.fromtimestamp(second, UTC):%Y%m%dT%H%M%SZ}"


def watch(ledger: Path) -> None:
    """From now on every change in this ledger is written down."""
    with closing(_opened(ledger)) as connection:
        connection.execute(TRIGGERS)


def rows_in(ledger: Path) -> list[Row]:
    """All occurrences, in the order of their times."""
    query = "SELECT item, scheduled_for, status, reason, attempt FROM occurrences ORDER BY scheduled_for, item"
    with closing(_opened(ledger)) as connection:
        return [
            Row(item, second_of(at), status, reason, attempt)
            for item, at, status, reason, attempt in connection.execute(query)
        ]


def changes_in(ledger: Path) -> list[Change]:
    """All that happened to them, in its order."""
    query = "SELECT item, scheduled_for, old, new, reason, attempt, continued, at, pid FROM audit ORDER BY rowid"
    with closing(_opened(ledger)) as connection:
        return [
            Change(item, second_of(when), old, new, reason, attempt, continued, at, pid)
            for item, when, old, new, reason, attempt, continued, at, pid in connection.execute(query)
        ]


def counted_in(ledger: Path) -> dict[str, int]:
    """How many occurrences there are of each status."""
    with closing(_opened(ledger)) as connection:
        query = "SELECT status, count(*) FROM occurrences GROUP BY status"
        return dict(connection.execute(query))


def gaps_in(ledger: Path) -> list[tuple[str, int, int]]:
    """Spans that were too long for rows: the item, the first second and the last one."""
    with closing(_opened(ledger)) as connection:
        found = connection.execute("SELECT item, first, last FROM gaps")
        return [(item, second_of(first), second_of(last)) for item, first, last in found]


def second_of(milliseconds: int) -> int:
    """A time of the ledger, which has milliseconds; everything here is due at a full second."""
    second, rest = divmod(milliseconds, 1000)
    assert not rest, f"{milliseconds} ms is no full second"
    return second


def _opened(ledger: Path) -> apsw.Connection:
    connection = apsw.Connection(str(ledger), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(PATIENCE_MILLISECONDS)
    return connection
