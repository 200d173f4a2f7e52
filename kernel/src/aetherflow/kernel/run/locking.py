"""The locks that a flow asks for: none, one for each of its jobs, or one for the flow as a whole."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import LockLost, NothingDone, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..state.leases import Lock
    from .active import ActiveRun
    from .leases import LockKey


@contextmanager
def flow_locked(run: ActiveRun) -> Iterator[None]:
    """Hold the lock of the flow while the block lasts, where the flow asks for one; its loss stops the run.

    A block that comes to its end tells itself what became of the run: the loss of the lock is no error then.

    Raises:
        OwnedByAnother: another run of the flow holds it.
        Stopped: a signal came while it was waited for.
        LockLost: it was lost before the block raised something.
    """
    if run.flow_index.flow.locks.scope != "flow":
        yield
        return
    from .leases import flow_lock

    has_begun = has_ended = False
    try:
        with _held(run, flow_lock(run.key.flow_id), "", run.stop.lose_lock):
            has_begun = True
            yield
            has_ended = True
    except LockLost:
        if not has_ended:
            raise
        if not run.stop.has_lost_lock:
            # Nobody noticed before it was given back.
            tell_loss(run)
    except NothingDone as error:
        if has_begun or run.stop.signal_number is None:
            raise
        raise Stopped(
            "stopped by a signal while it waited for the lock of the flow", signal_number=run.stop.signal_number
        ) from error


def tell_loss(run: ActiveRun) -> None:
    """Say that the lock of the flow was lost."""
    run.say(
        "ERROR",
        "the lock of the flow was lost while the run worked; another run may have gone on meanwhile",
        {
            "code": LockLost.code,
            "help": "see what was done meanwhile, then go on with this run;"
            " a higher flow.locks.ttl_seconds bears longer standstills",
        },
    )


@contextmanager
def job_locked(run: ActiveRun, job_id: str, on_lost: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a job while the block lasts, where the flow asks for one.

    Raises:
        OwnedByAnother: another run has the same job under way.
        NothingDone: the run was stopped while it was waited for.
        LockLost: it was lost before the block ended.
    """
    if run.flow_index.flow.locks.scope != "job":
        yield
        return
    from .leases import job_lock

    with _held(run, job_lock(run.key.flow_id, job_id), job_id, on_lost):
        yield


@contextmanager
def _held(run: ActiveRun, key: LockKey, job_id: str, on_lost: Callable[[], None]) -> Iterator[None]:
    from ..state.leases import Holder

    locks = run.flow_index.flow.locks
    holder = Holder(flow_id=run.key.flow_id, run_id=run.key.run_id, job_id=job_id)
    with run.keeper.get().hold(
        key,
        holder,
        ttl_seconds=locks.ttl_seconds,
        wait_seconds=locks.wait_seconds,
        cancelled=run.stop.cancelled,
        on_lost=on_lost,
        on_wait=lambda lock: _tell_wait(run, key, job_id, lock),
    ):
        yield


def _tell_wait(run: ActiveRun, key: LockKey, job_id: str, lock: Lock) -> None:
    """Say once what is waited for, and whom: nothing else is told until the lock is there."""
    from .leases import told_owner

    wait_seconds = run.flow_index.flow.locks.wait_seconds
    holder = f"{lock.holder} ({told_owner(lock)})"
    run.say("INFO", f"waits up to {wait_seconds:g} s for the lock {key.name!r}, held by {holder}", {}, job_id=job_id)
