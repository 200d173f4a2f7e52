"""Ends a run for good, from outside: asks its process, and notes what became of it."""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Literal, Self

from ..contracts.events import Status
from ..errors import InvalidInput, OwnedByAnother
from ..quick_dataclasses import dataclass, replace
from ..state.companions import owners_folder
from ..state.identity import is_dead, this_host
from ..state.liveness import DIED, holder_of, owner_of, status_now
from ..state.ownership import own_run
from .decided import decision
from .remembered import find_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..contracts.records import RunKey, RunSummary
    from ..contracts.stores import StateStore
    from ..state.identity import Identity

_SECONDS_BETWEEN_LOOKS = 0.05

#: What was done: its process was asked and ended it, it was only noted, or it had been cancelled before.
How = Literal["asked", "noted", "already"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """A run that is CANCELLED now."""

    summary: RunSummary
    how: How


def cancel_run(store: StateStore, name: str, *, ledger: Path, wait: float) -> Cancelled:
    """Have a run end as CANCELLED.

    Args:
        store: the ledger, open to write.
        name: of the run.
        ledger: the ledger's file.
        wait: how long its process may take to end it, in seconds.

    Raises:
        InvalidInput: there is no such run, or it is done.
        OwnedByAnother: its process has not ended it yet, or can't be asked from here.
        LedgerFailed: the ledger can't be read or written.
    """
    summary = find_run(store, name)
    owners = owners_folder(ledger)
    deadline = time.monotonic() + wait
    is_running = status_now(summary, owners) is Status.RUNNING
    if is_running:
        with store.transaction():
            store.ask_to_cancel(summary.key, time.time())
        _ask_its_process(store, summary, owners, deadline)
        summary = find_run(store, summary.key.name)
    _refuse_done(summary)
    if summary.run.status is Status.CANCELLED:
        return Cancelled(summary=summary, how="asked" if is_running else "already")
    with _owned(owners, summary.key, deadline), store.transaction():
        # Owned now: nobody changes it any more, so this look is the last word.
        summary = find_run(store, summary.key.name)
        _refuse_done(summary)
        store.cut_off(summary.key, DIED)
        store.put_resolution(summary.key, decision("cancel", None, f"it was {summary.run.status}"))
        ended = replace(summary.run, status=Status.CANCELLED, ended_at=summary.run.ended_at or time.time())
        store.put_run(summary.key, ended)
    return Cancelled(summary=replace(summary, run=ended), how="asked" if is_running else "noted")


def _refuse_done(summary: RunSummary) -> None:
    status = summary.run.status
    if status.is_done:
        raise InvalidInput(
            f"run {summary.key.run_id!r} of flow {summary.key.flow_id!r} is done: it is {status}",
            code="AF-RUN-DONE",
            help="there is nothing to cancel",
        )


@contextmanager
def _owned(owners: Path, key: RunKey, deadline: float) -> Iterator[None]:
    """Own a run; its process may still be about to leave."""
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(own_run(owners, key))
                break
            except OwnedByAnother:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_SECONDS_BETWEEN_LOOKS)
        yield


def _ask_its_process(store: StateStore, summary: RunSummary, owners: Path, deadline: float) -> None:
    """Send the owner SIGTERM, and come back when it has ended the run, or itself."""
    owner = owner_of(summary.newest_start) or holder_of(owners, summary.key)
    named = f"run {summary.key.run_id!r} of flow {summary.key.flow_id!r}"
    if owner is None or owner.host != this_host().id:
        where = "it is not known which one" if owner is None else "it is on another host, or in another container"
        raise OwnedByAnother(
            f"{named} was asked to end, but its process can't be told: {where}",
            code="AF-RUN-OUT-OF-REACH",
            help="stop that process (SIGTERM); the run is CANCELLED when it ends",
        )
    with _Process(owner) as process:
        process.terminate()
        while time.monotonic() < deadline:
            found = find_run(store, summary.key.name)
            if status_now(found, owners) is not Status.RUNNING:
                return
            process.wait_a_little()
    raise OwnedByAnother(
        f"{named} was asked to end, and has not yet (pid {owner.pid})",
        code="AF-RUN-STILL-RUNNING",
        help="it ends with its grace; ask again, with a longer --wait",
    )


class _Process:
    """The process of an identity, held so that no other one is meant by its number."""

    def __init__(self, owner: Identity) -> None:
        self._owner = owner
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        if hasattr(os, "pidfd_open"):
            with suppress(OSError):
                self._descriptor = os.pidfd_open(self._owner.pid)
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def terminate(self) -> None:
        """Send SIGTERM, where it is the process that was meant."""
        # Looked at after the descriptor was opened: the number may have been given again before, and not since.
        if is_dead(self._owner):
            return
        try:
            if self._descriptor is not None:
                signal.pidfd_send_signal(self._descriptor, signal.SIGTERM)
            else:
                os.kill(self._owner.pid, signal.SIGTERM)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise OwnedByAnother(
                f"the process of the run (pid {self._owner.pid}) belongs to another user",
                code="AF-RUN-OUT-OF-REACH",
                help="cancel the run as that user",
            ) from error

    def wait_a_little(self) -> None:
        """Until it ends, and no longer than a moment."""
        if self._descriptor is None:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        else:
            # A process that has ended stays readable: its run is looked at once more, and then it is dead.
            select.select([self._descriptor], [], [], _SECONDS_BETWEEN_LOOKS)
