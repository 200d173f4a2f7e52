"""The leases of one run: taken, renewed by a thread that does nothing else, given back on every path."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..errors import InvalidInput, LedgerFailed, LockLost, NothingDone, OwnedByAnother
from ..state.identity import own_identity, this_host
from ..state.leases import Grant, open_leases, refuse_short_lease, seconds_since_boot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..contracts.processes import CancelSignal
    from ..state.leases import Holder, LeaseStore, Lock

#: The parts of a lease's time after which it is renewed, and after which it counts as lost: the rest of it is for
#: stopping, before somebody else may come.
RENEWED_AFTER, LOST_AFTER = 1 / 3, 2 / 3
#: A renewal that could not be written is tried again after this part of the lease's time.
_TRIED_AGAIN_AFTER = 1 / 30
#: Pauses of whoever waits, in seconds; the longest is what a dead holder costs.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5
_LONGEST_KEY = 256


class LockKey(NamedTuple):
    """A lock's name, and what it guards: keys of one scope are never those of another."""

    scope: Literal["step", "job", "flow"]
    name: str

    def __str__(self) -> str:
        return f"{self.scope}:{self.name}"


def flow_lock(flow_id: str) -> LockKey:
    """The lock of a flow whose runs are not to overlap."""
    return LockKey("flow", flow_id)


def job_lock(flow_id: str, job_id: str) -> LockKey:
    """The lock of a job that is not to overlap with itself in another run."""
    return LockKey("job", f"{flow_id}/{job_id}")


def step_lock(name: str) -> LockKey:
    """A lock that steps name.

    Raises:
        InvalidInput: it is empty, too long, or holds control characters or what is no text.
    """
    if not 0 < len(name) <= _LONGEST_KEY or any(not _is_text(character) for character in name):
        raise InvalidInput(
            f"a lock's key is text of 1 to {_LONGEST_KEY} characters without control characters, and this is none",
            code="AF-LOCK-KEY",
            help="choose a name that is the same wherever the same thing is guarded",
        )
    return LockKey("step", name)


class HeldLease:
    """A lease while it is held; implements `Lease`."""

    def __init__(self, key: LockKey, grant: Grant, on_lost: Callable[[], None]) -> None:
        self.key = key.name
        self._told = str(key)
        self.grant = grant
        self.token = grant.token
        self.is_lost = False
        self._is_over = False
        self._on_lost = on_lost
        self._guard = threading.Lock()
        self.renewed(grant.granted_at)

    def renewed(self, at: float) -> None:
        """The lease lasts for its whole time again, from this time since boot."""
        self.due_at = at + self.grant.ttl * RENEWED_AFTER
        self.lost_at = at + self.grant.ttl * LOST_AFTER

    def put_off(self) -> None:
        """It could not be renewed now, which says nothing: try again soon."""
        self.due_at = seconds_since_boot() + self.grant.ttl * _TRIED_AGAIN_AFTER

    def check(self) -> None:
        """Go on only while the lease is held for sure.

        Raises:
            LockLost: it is not, or not for sure any more.
        """
        # By the clock, not by what the keeper says: after a stop of the whole process it is as late as anybody.
        self.lose_if_over()
        if self.is_lost:
            raise self.loss()

    def lose_if_over(self) -> bool:
        """Lose it where it was not renewed in time; answers whether that is so."""
        is_over = seconds_since_boot() >= self.lost_at
        if is_over:
            self.lose()
        return is_over

    def lose(self) -> None:
        """From now on nothing is done under this lease; told once."""
        with self._guard:
            if self.is_lost or self._is_over:
                return
            self.is_lost = True
        self._on_lost()

    def end(self) -> None:
        """The work under this lease is over: it is given back, and can't be lost any more."""
        with self._guard:
            self._is_over = True

    def loss(self) -> LockLost:
        """The error that says so."""
        return LockLost(
            f"the lock {self._told!r} was lost while its holder worked; another run may have gone on with it",
            help="see what was done meanwhile, then run again; a higher ttl_seconds bears longer standstills",
        )


class LeaseKeeper:
    """Holds the leases of one run; its thread lives as long as there are any."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._held: list[HeldLease] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def hold(
        self,
        key: LockKey,
        holder: Holder,
        *,
        ttl_seconds: float,
        wait_seconds: float = 0,
        cancelled: CancelSignal,
        on_lost: Callable[[], None] = lambda: None,
        on_wait: Callable[[Lock], None] = lambda _: None,
    ) -> Iterator[HeldLease]:
        """Hold a lock while the block lasts.

        Args:
            key: which lock.
            holder: what it is held for, for those who find it held.
            ttl_seconds: how long it stays ours when it can't be renewed.
            wait_seconds: how long to wait for another holder; 0 does not wait.
            cancelled: ends the waiting.
            on_lost: called once, from any thread, when the lease is lost; must be quick.
            on_wait: called once where it has to be waited for, with how the lock stands.

        Raises:
            InvalidInput: the time is shorter than a lease can be.
            OwnedByAnother: another holder has it.
            NothingDone: cancelled while waiting.
            LockLost: it was lost before the block ended, whatever the block raised.
            LedgerFailed: the ledger can't be used.
        """
        refuse_short_lease(ttl_seconds)
        with closing(open_leases(self._ledger)) as store:
            grant = self._acquire(
                store, key, holder, ttl=ttl_seconds, wait=wait_seconds, cancelled=cancelled, on_wait=on_wait
            )
            held = HeldLease(key, grant, on_lost)
            try:
                self._keep(held)
                yield held
                held.check()
            except BaseException as error:
                self._let_go(store, held)
                if held.is_lost and not isinstance(error, LockLost):
                    raise held.loss() from error
                raise
            if not self._let_go(store, held):
                raise held.loss()

    def close(self) -> None:
        """Renew nothing any more: what a step that was left behind still holds ends with its time."""
        with self._changed:
            held, self._held = self._held, []
            self._changed.notify_all()
        for lease in held:
            lease.lose()

    def _acquire(
        self,
        store: LeaseStore,
        key: LockKey,
        holder: Holder,
        *,
        ttl: float,
        wait: float,
        cancelled: CancelSignal,
        on_wait: Callable[[Lock], None],
    ) -> Grant:
        owner, deadline = own_identity(), seconds_since_boot() + wait
        is_waiting = False
        for pause in _pauses():
            answer = store.acquire(str(key), owner, holder, ttl=ttl)
            if isinstance(answer, Grant):
                return answer
            remaining = deadline - seconds_since_boot()
            if remaining <= 0:
                raise held_by_another(key, answer)
            if not is_waiting:
                is_waiting = True
                on_wait(answer)
            if cancelled.wait(min(pause, remaining)):
                break
        raise NothingDone(f"stopped while it waited for the lock {str(key)!r}", code="AF-LOCK-STOPPED")

    def _keep(self, lease: HeldLease) -> None:
        with self._changed:
            self._held.append(lease)
            if self._thread is None:
                thread = threading.Thread(target=self._renew_all, name="aetherflow-leases", daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:
                    raise NothingDone(
                        f"the system gives no more threads, and the lock {lease.key!r} could not be renewed",
                        code="AF-THREADS",
                        help="let fewer jobs or items run at the same time, or raise the limit (ulimit -u)",
                    ) from error
                self._thread = thread
            self._changed.notify_all()

    def _let_go(self, store: LeaseStore, lease: HeldLease) -> bool:
        """Give a lease back; answers whether it was ours to the end."""
        lease.end()
        with self._changed:
            self._held = [other for other in self._held if other is not lease]
            self._changed.notify_all()
        # Where it can't be written, the lease ends with its time, or with this process; the work was done under it.
        with suppress(LedgerFailed):
            return store.release(lease.grant)
        return True

    def _renew_all(self) -> None:
        store: LeaseStore | None = None
        try:
            while (lease := self._next_due()) is not None:
                # Whatever it is that goes wrong with one renewal: the others are still to be made, and this one is
                # tried again as long as its time lasts.
                with suppress(Exception):
                    if lease.lose_if_over():
                        continue
                    lease.put_off()
                    store = store or open_leases(self._ledger, for_renewals=True)
                    _renew(store, lease)
        finally:
            with self._changed:
                if self._thread is threading.current_thread():
                    self._thread = None
            if store is not None:
                store.close()

    def _next_due(self) -> HeldLease | None:
        """Wait until a lease is to be renewed; null, and the end of the thread, once there is none."""
        with self._changed:
            while living := [lease for lease in self._held if not lease.is_lost]:
                first = min(living, key=lambda lease: min(lease.due_at, lease.lost_at))
                remaining = min(first.due_at, first.lost_at) - seconds_since_boot()
                if remaining <= 0:
                    return first
                self._changed.wait(remaining)
            self._thread = None
            return None


def _renew(store: LeaseStore, lease: HeldLease) -> None:
    renewed_at = store.renew(lease.grant)
    if renewed_at is None:
        lease.lose()
    else:
        lease.renewed(renewed_at)


def held_by_another(key: LockKey, lock: Lock) -> OwnedByAnother:
    """The error that says who holds a lock, and what to do."""
    setting = "the step's input wait_seconds" if key.scope == "step" else "flow.locks.wait_seconds"
    return OwnedByAnother(
        f"the lock {str(key)!r} is held by {lock.holder} ({told_owner(lock)})",
        code="AF-LOCK-HELD",
        help=f"wait for its end, or have it waited for: {setting}; `aetherflow locks list` shows all locks",
    )


def told_owner(lock: Lock) -> str:
    """The process that holds a lock, and since when, for people."""
    from datetime import UTC, datetime

    place = "" if lock.owner.host == this_host().id else " on another host"
    since = datetime.fromtimestamp(lock.acquired_at, tz=UTC)
    return f"pid {lock.owner.pid}{place}, since {since:%Y-%m-%d %H:%M:%S} UTC"


def _pauses() -> Iterator[float]:
    """How long to wait between looks: longer and longer, and never in step with others who wait."""
    from secrets import SystemRandom

    chance, longest = SystemRandom(), _FIRST_PAUSE
    while True:
        yield chance.uniform(longest / 2, longest)
        longest = min(longest * 2, _LONGEST_PAUSE)


def _is_text(character: str) -> bool:
    number = ord(character)
    is_control = number < 0x20 or 0x7F <= number < 0xA0  # noqa: PLR2004 - C0 and DEL, C1
    is_half_a_pair = 0xD800 <= number < 0xE000  # noqa: PLR2004 - surrogates, which no text holds alone
    return not (is_control or is_half_a_pair)
