"""What was done under which idempotency key, kept in the database that it was done to."""

from __future__ import annotations

import apsw

#: The table's name; no table of a user's can have it.
MEMORY_TABLE = "aetherflow_done"
_PLACE = f"main.{MEMORY_TABLE}"


class Memory:
    """The results of loads and statements, each written in the transaction that did the work."""

    def __init__(self, connection: apsw.Connection, key: str | None, *, remember_days: int) -> None:
        self._connection = connection
        self._key = key
        self._remember_days = remember_days

    def recall(self) -> str | None:
        """The result under the key, null where there is none; it is on the disk then.

        Who wrote it may have been killed before it was synced, journal and all: a power cut would still take it back.
        A write of our own syncs what was written before it.
        """
        if self._key is None or not self._connection.table_exists("main", MEMORY_TABLE):
            return None
        found = self._connection.execute(
            f"SELECT result FROM {_PLACE} WHERE idempotency_key = ?",  # noqa: S608 - a name of ours
            (self._key,),
        ).fetchone()
        if found is None:
            return None
        self._connection.execute(
            f"UPDATE {_PLACE} SET done_at = datetime('now') WHERE idempotency_key = ?",  # noqa: S608 - a name of ours
            (self._key,),
        )
        return str(found[0])

    def keep(self, subject: str, result: str) -> None:
        """Write the result of what is done in this transaction; what is too old is forgotten."""
        if self._key is None:
            return
        self._connection.execute(
            f"CREATE TABLE IF NOT EXISTS {_PLACE}"
            " (idempotency_key TEXT PRIMARY KEY, subject TEXT, result TEXT, done_at TEXT) WITHOUT ROWID"
        )
        self._connection.execute(f"CREATE INDEX IF NOT EXISTS {_PLACE}_at ON {MEMORY_TABLE} (done_at)")
        self._connection.execute(
            f"INSERT OR REPLACE INTO {_PLACE} VALUES (?, ?, ?, datetime('now'))",  # noqa: S608 - a name of ours
            (self._key, subject, result),
        )
        self._connection.execute(
            f"DELETE FROM {_PLACE} WHERE done_at < datetime('now', ?)",  # noqa: S608 - a name of ours
            (f"-{self._remember_days} days",),
        )
