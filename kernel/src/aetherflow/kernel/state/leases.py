"""Leases: locks in the ledger's file that end by themselves, each grant with a higher token than all before it."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal

import apsw

from ..errors import InvalidInput, LedgerFailed
from ..quick_dataclasses import dataclass, field
from .connection import LedgerConnection
from .identity import Host, Identity, is_dead, this_host
from .schema import LOCKS_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: A holder renews three times within a lease; with less it could be late because the machine is busy.
SHORTEST_TTL = 5.0

#: A renewal that has to wait is tried again: the thread that renews has other leases.
_BUSY_MILLISECONDS_OF_RENEWALS = 1_000
_COLUMNS = (
    "key, token, held, host, boot, pid, ticks, nonce, flow_id, run_id, job_id, step_id,"
    " acquired_at, ttl, expires, expires_at"
)
_GET = f"SELECT {_COLUMNS} FROM locks WHERE key = ?"  # noqa: S608 - a constant
_GET_HELD = f"SELECT {_COLUMNS} FROM locks WHERE held = 1 ORDER BY key"  # noqa: S608 - a constant
_PUT = f"INSERT OR REPLACE INTO locks ({_COLUMNS}) VALUES ({', '.join('?' * 16)})"  # noqa: S608 - a constant
_IF_STILL_OURS = "key = :key AND token = :token AND nonce = :nonce AND held = 1"
_RENEW = (
    "UPDATE locks SET expires = :expires, expires_at = :expires_at"  # noqa: S608 - a constant
    f" WHERE {_IF_STILL_OURS} AND expires > :now RETURNING token"
)
_RELEASE = f"UPDATE locks SET held = 0 WHERE {_IF_STILL_OURS} RETURNING token"  # noqa: S608 - a constant
_TAKE_AWAY = "UPDATE locks SET held = 0 WHERE key = ? AND token = ? AND held = 1 RETURNING token"


def seconds_since_boot() -> float:
    """The time that leases go by: it goes on while the machine sleeps, and nobody sets it."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """What a lock is held for; job and step are empty where it is held for more."""

    flow_id: str
    run_id: str
    job_id: str = ""
    step_id: str = ""

    def __str__(self) -> str:
        parts = (("step", self.step_id), ("job", self.job_id), ("run", self.run_id), ("flow", self.flow_id))
        return " of ".join(f"{what} {name!r}" for what, name in parts if name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A lock that was given to this process; `granted_at` is seconds since boot, as of the last renewal."""

    key: str
    token: int
    nonce: str
    ttl: float
    granted_at: float


#: How a lock stands: with a holder that may live, with one that did not renew it, with one that is dead, or free.
Standing = Literal["held", "expired", "dead", "free"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock as the ledger has it; `expires` is seconds since the owner's boot, other times are since 1970 in UTC."""

    key: str
    token: int
    is_held: bool
    owner: Identity
    holder: Holder
    acquired_at: float
    ttl: float
    expires: float
    expires_at: float
    standing: Standing = field(default="held")


class LeaseStore:
    """The locks of one ledger, over a connection of their own; for one thread."""

    def __init__(self, connection: LedgerConnection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def acquire(self, key: str, owner: Identity, holder: Holder, *, ttl: float) -> Grant | Lock:
        """Take a lock where it is free, expired, or its owner provably dead; else answer who holds it.

        Raises:
            InvalidInput: the lease would be shorter than 5 seconds.
            LedgerFailed: the ledger can't be read or written.
        """
        refuse_short_lease(ttl)
        with self._failures_told():
            held = self._look(key)
        # Whoever only waits takes no turn from those who write.
        if held is not None and held.standing == "held":
            return held
        with self._failures_told(), self._writing():
            held = self._look(key)
            if held is not None and held.standing == "held":
                return held
            return self._grant(key, owner, holder, token=(held.token if held else 0) + 1, ttl=ttl)

    def renew(self, grant: Grant) -> float | None:
        """Have a lease last for its whole time again, from the time that is answered; null where it was lost.

        Raises:
            LedgerFailed: it could not be written; the lease is what it was.
        """
        now = seconds_since_boot()
        times = {"now": now, "expires": now + grant.ttl, "expires_at": time.time() + grant.ttl}
        return now if self._update(_RENEW, {**_named(grant), **times}) else None

    def release(self, grant: Grant) -> bool:
        """Give a lock back; answers whether it was still ours.

        Raises:
            LedgerFailed: it could not be written.
        """
        return self._update(_RELEASE, _named(grant))

    def take_away(self, lock: Lock) -> bool:
        """Free a lock, whoever holds it; answers whether this very grant still held it.

        Raises:
            LedgerFailed: it could not be written.
        """
        return self._update(_TAKE_AWAY, (lock.key, lock.token))

    def held(self) -> tuple[Lock, ...]:
        """The locks that were not given back, by key.

        Raises:
            LedgerFailed: the ledger can't be read.
        """
        with self._failures_told():
            return tuple(_lock(row, this_host()) for row in self._connection.execute(_GET_HELD))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _look(self, key: str) -> Lock | None:
        for row in self._connection.execute(_GET, (key,)):
            return _lock(row, this_host())
        return None

    def _grant(self, key: str, owner: Identity, holder: Holder, *, token: int, ttl: float) -> Grant:
        now, wall = seconds_since_boot(), time.time()
        who = (owner.host, owner.boot, owner.pid, owner.ticks, owner.nonce)
        what = (holder.flow_id, holder.run_id, holder.job_id, holder.step_id)
        self._connection.execute(_PUT, (key, token, 1, *who, *what, wall, ttl, now + ttl, wall + ttl))
        return Grant(key=key, token=token, nonce=owner.nonce, ttl=ttl, granted_at=now)

    def _update(self, statement: str, values: dict[str, object] | tuple[object, ...]) -> bool:
        with self._failures_told(), self._writing():
            return bool(self._connection.execute(statement, values).fetchall())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(apsw.Error):
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        if self._connection.has_failed:
            raise _unusable(self._path, "its device has failed before")
        try:
            yield
        except apsw.Error as error:
            self._connection.note_failure(error)
            raise _unusable(self._path, error) from error


def open_leases(path: Path, *, for_renewals: bool = False) -> LeaseStore:
    """The locks in a ledger file that exists.

    A renewal need not outlive a power cut, which its owner does not outlive either; a grant must: its token
    may be known elsewhere by then.

    Raises:
        LedgerFailed: the file can't be used.
    """
    try:
        connection = LedgerConnection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    except apsw.Error as error:
        raise _unusable(path, error) from error
    try:
        _prepare(connection, for_renewals=for_renewals)
    except BaseException as error:
        connection.note_failure(error)
        connection.close()
        if isinstance(error, apsw.Error):
            raise _unusable(path, error) from error
        raise
    return LeaseStore(connection, path)


def open_leases_to_read(path: Path) -> LeaseStore:
    """The locks in a ledger file, to look at and no more; also in one that is read-only, older or newer.

    Raises:
        LedgerFailed: the file can't be read.
    """
    from .connection import open_to_read

    return LeaseStore(open_to_read(path), path)


def _prepare(connection: LedgerConnection, *, for_renewals: bool) -> None:
    if not for_renewals:
        connection.prepare()
    else:
        connection.prepare(busy_milliseconds=_BUSY_MILLISECONDS_OF_RENEWALS)
        connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(LOCKS_TABLE)


def refuse_short_lease(ttl: float) -> None:
    """Go on only with a time that a holder can keep.

    Raises:
        InvalidInput: it is less than 5 seconds, or no time at all.
    """
    if not SHORTEST_TTL <= ttl < math.inf:
        raise InvalidInput(
            f"a lock can't be held for {ttl:g} seconds at a time",
            code="AF-LOCK-TTL",
            help=f"give {SHORTEST_TTL:g} or more; it is renewed as long as its holder lives",
        )


def _named(grant: Grant) -> dict[str, object]:
    return {"key": grant.key, "token": grant.token, "nonce": grant.nonce}


def _lock(row: tuple[apsw.SQLiteValue, ...], here: Host) -> Lock:
    key, token, held, host, boot, pid, ticks, nonce, flow_id, run_id, job_id, step_id, *times = row
    acquired_at, ttl, expires, expires_at = (float(at or 0) for at in times)
    owner = Identity(host=str(host), boot=str(boot), pid=int(pid or 0), ticks=int(ticks or 0), nonce=str(nonce))
    ends = _has_ended(owner, here, expires=expires, expires_at=expires_at)
    standing: Standing = "held"
    if not held:
        standing = "free"
    elif is_dead(owner, seen_from=here):
        standing = "dead"
    elif ends:
        standing = "expired"
    return Lock(
        key=str(key),
        token=int(token or 0),
        is_held=bool(held),
        owner=owner,
        holder=Holder(flow_id=str(flow_id), run_id=str(run_id), job_id=str(job_id), step_id=str(step_id)),
        acquired_at=acquired_at,
        ttl=ttl,
        expires=expires,
        expires_at=expires_at,
        standing=standing,
    )


def _has_ended(owner: Identity, here: Host, *, expires: float, expires_at: float) -> bool:
    # The clock since boot is one clock only for those who share the boot; between hosts there is just the wall clock.
    if owner.boot and (owner.host, owner.boot) == (here.id, here.boot):
        return seconds_since_boot() >= expires
    return time.time() >= expires_at


def _unusable(path: Path, why: object) -> LedgerFailed:
    return LedgerFailed(
        f"the locks in the ledger {path} can't be used: {why}",
        help="make room, make it readable and writable, or give another file in flow.state.path",
    )
