"""The occurrence ledger: one file of SQLite that several schedulers of one machine share."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from aetherflow.kernel.api import LedgerConnection, Transaction

from . import accounting, asking, claiming, ending, looking, recovering, registering
from .failures import StoreFailed, unusable
from .moments import milliseconds_of
from .owners import Owner, is_alive, remove_dead
from .records import Due, Ended, ItemState, Occurrence, Origin, OwnerState, Room, Status
from .rows import COLUMNS, occurrence_of
from .schema import CONTENTS

if TYPE_CHECKING:
    from .store import OccurrenceStore

_HEARD = (
    "INSERT INTO owners (owner, pid, started_at, heard_at) VALUES (:owner, :pid, :now, :now)"
    " ON CONFLICT DO UPDATE SET heard_at = :now"
)
#: One that runs something is looked at, also where it never came to say that it lives.
_OTHERS = (
    "SELECT owner FROM owners WHERE owner <> ?1"
    " UNION SELECT owner FROM occurrences WHERE status = 'RUNNING' AND owner <> ?1"
)
_CANCEL_ASKED = f"SELECT {COLUMNS} FROM occurrences WHERE status = 'RUNNING' AND is_cancel_asked = 1 AND owner = ?"  # noqa: S608 - a constant
_LET_GO = (
    "DELETE FROM owners WHERE owner = ?1"
    " AND NOT EXISTS (SELECT 1 FROM occurrences WHERE status = 'RUNNING' AND owner = ?1)"
)


class OccurrenceLedger:
    """An open occurrence ledger; its methods are told in `OccurrenceStore`."""

    def __init__(self, connection: LedgerConnection, path: Path) -> None:
        self._connection = connection
        self._path = path
        #: What stands at its path belongs to somebody else where it is another file.
        self._opened = _identity_of(path)
        self._guard = threading.RLock()
        self._owners = path.with_name("owners")
        self._owner = Owner(self._owners)

    def register(
        self,
        items: Mapping[str, bool],
        now: datetime,
        *,
        times_of: Mapping[str, str] | None = None,
        written_at: datetime | None = None,
    ) -> Mapping[str, ItemState]:
        with self._writing():
            return registering.register(
                self._connection, items, now, times_of=times_of or {}, written_at=written_at or now
            )

    def account(self, dues: Sequence[Due], now: datetime) -> tuple[Occurrence, ...]:
        with self._writing():
            return accounting.account(self._connection, dues, now)

    def claim(self, room: Room, now: datetime, due_until: datetime | None = None) -> tuple[Occurrence, ...]:
        return self.account_and_claim((), room, now, due_until)[1]

    def account_and_claim(
        self, dues: Sequence[Due], room: Room, now: datetime, due_until: datetime | None = None
    ) -> tuple[tuple[Occurrence, ...], tuple[Occurrence, ...]]:
        due_until = due_until or now
        if not dues and not self._may_claim(room, due_until):
            return (), ()
        self._live()
        with self._writing():
            accounted = accounting.account(self._connection, dues, now) if dues else ()
            claimed = claiming.claim(self._connection, room, self._owner.name, now, due_until)
            if claimed:
                self._say_heard(now)
        return accounted, claimed

    def finish(self, ended: Sequence[Ended], now: datetime) -> None:
        with self._writing():
            ending.finish(self._connection, ended, self._owner.name)

    def hasten(self, waiting: Collection[Occurrence], now: datetime) -> None:
        with self._writing():
            ending.hasten(self._connection, waiting, now)

    def recover(self, grace_of: Mapping[str, float], now: datetime) -> tuple[Occurrence, ...]:
        with self._looking():
            others = [str(name) for (name,) in self._connection.execute(_OTHERS, (self._owner.name,)).fetchall()]
            is_any_stopped = recovering.is_any_stopped(self._connection)
        dead = [name for name in others if not is_alive(self._owners, name)]
        if not dead and not is_any_stopped:
            return ()
        with self._writing():
            recovered = recovering.recover(self._connection, dead, grace_of, now)
        remove_dead(self._owners)
        return recovered

    def heartbeat(self, now: datetime) -> None:
        self._live()
        with self._writing():
            self._say_heard(now)

    def owners(self) -> tuple[OwnerState, ...]:
        with self._looking():
            return looking.owners(self._connection, lambda name: is_alive(self._owners, name))

    def cancel_asked(self) -> tuple[Occurrence, ...]:
        with self._looking():
            rows = self._connection.execute(_CANCEL_ASKED, (self._owner.name,)).fetchall()
            return tuple(occurrence_of(row) for row in rows)

    def cancel(self, item: str, scheduled_for: datetime, now: datetime) -> Occurrence | None:
        with self._writing():
            return asking.cancel(self._connection, item, scheduled_for, now)

    def next_due(self, items: Collection[str], after: datetime | None = None) -> datetime | None:
        with self._looking():
            return looking.next_due(self._connection, items, after)

    def pause(self, items: Collection[str], now: datetime) -> None:
        with self._writing():
            asking.set_paused(self._connection, items, now, is_paused=True)

    def resume(self, items: Collection[str], now: datetime) -> None:
        with self._writing():
            asking.set_paused(self._connection, items, now, is_paused=False)

    def trigger(self, item: str, now: datetime) -> Occurrence:
        with self._writing():
            return asking.trigger(self._connection, item, now)

    def backfill(
        self, item: str, times: Sequence[datetime], *, max_parallel: int, is_again: bool, now: datetime
    ) -> int:
        with self._writing():
            return asking.backfill(self._connection, item, times, max_parallel=max_parallel, is_again=is_again, now=now)

    def history(
        self,
        items: Collection[str] | None = None,
        *,
        statuses: Collection[Status] | None = None,
        origin: Origin | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> tuple[Occurrence, ...]:
        with self._looking():
            return looking.history(
                self._connection, items, statuses=statuses, origin=origin, since=since, until=until, limit=limit
            )

    def count_not_over(self) -> Mapping[Status, Counter[str]]:
        with self._looking():
            return looking.count_not_over(self._connection)

    def states(self) -> Mapping[str, ItemState]:
        with self._looking():
            return registering.states(self._connection)

    def gaps(self, items: Collection[str] | None = None) -> tuple[tuple[str, datetime, datetime], ...]:
        with self._looking():
            return looking.gaps(self._connection, items)

    def forget(self, before: datetime) -> int:
        forgotten = 0
        for _ in range(ending.MOST_BATCHES):
            with self._writing():
                batch = ending.forget(self._connection, before)
            forgotten += batch
            if batch < ending.MOST_FORGOTTEN:
                break
        if forgotten:
            with self._looking():
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return forgotten

    def close(self) -> None:
        if self._owner.is_known:
            # What can't be written is seen by others all the same: nobody holds the lock.
            with suppress(StoreFailed), self._writing():
                self._connection.execute(_LET_GO, (self._owner.name,))
        self._owner.let_go()
        self._connection.close()

    def _may_claim(self, room: Room, due_until: datetime) -> bool:
        with self._looking():
            return room.max_runs > 0 and claiming.is_any_due(self._connection, due_until)

    def _live(self) -> None:
        self._refuse_another_file()
        self._owner.live()

    def _refuse_another_file(self) -> None:
        """Others work with what is at the path: with two files, each occurrence would be run twice."""
        if _identity_of(self._path) != self._opened:
            raise unusable(self._path, "somebody has removed or replaced it while it was open")

    def _say_heard(self, now: datetime) -> None:
        said = {"owner": self._owner.name, "pid": os.getpid(), "now": milliseconds_of(now)}
        self._connection.execute(_HEARD, said)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, on the disk when it ends."""
        self._refuse_another_file()
        try:
            with Transaction(self._connection, self._path, self._guard, CONTENTS):
                yield
        except (ValueError, TypeError) as error:
            raise self._not_understood(error) from error

    @contextmanager
    def _looking(self) -> Iterator[None]:
        try:
            with self._guard:
                yield
        except apsw.Error as error:
            raise unusable(self._path, str(error)) from error
        except (ValueError, TypeError) as error:
            raise self._not_understood(error) from error

    def _not_understood(self, error: Exception) -> StoreFailed:
        return unusable(self._path, "it holds something that this version does not understand")


def _identity_of(path: Path) -> tuple[int, int] | None:
    """What makes a file this one, whatever it is called; null where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


if TYPE_CHECKING:

    def _as_a_store(ledger: OccurrenceLedger) -> OccurrenceStore:
        """The type checker says whether anything is missing of what a store must have."""
        return ledger
