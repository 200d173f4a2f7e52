"""How a scheduler leaves: it waits for what runs, then has it end, then goes."""

from __future__ import annotations

import time

from ..runs.command_line import GRACE_SECONDS
from ..runs.endings import SIGNALLED
from .opening import Operation

#: How long is waited for runs to end by themselves where nobody says otherwise.
DRAIN_SECONDS = 30.0
#: How long is waited for runs that were asked to end: their grace, and what the supervisor may need after it.
_LEAVE_SECONDS = GRACE_SECONDS + 8.0


def stop(operation: Operation, drain_seconds: float) -> None:
    """Start nothing more and wait for what runs; end it where that takes too long, at once where asked twice.

    What is ended so is gone on with by the next scheduler, as is what could not be ended in time.
    """
    operation.scheduler.is_draining = operation.launcher.is_leaving = True
    working = len(operation.launcher.working)
    operation.teller.tell("INFO", "schedule_stop", runs=working)
    if _is_idle_within(operation, drain_seconds):
        return
    operation.launcher.cancel_all()
    _is_idle_within(operation, _LEAVE_SECONDS)


def exit_code(operation: Operation) -> int:
    """How a process answers whose scheduler was stopped: as one that did its work, unless it was made to leave."""
    wishes = operation.wishes
    return SIGNALLED + wishes.stop if wishes.is_at_once and wishes.stop is not None else 0


def _is_idle_within(operation: Operation, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        operation.look()
        remaining = deadline - time.monotonic()
        # Where the ledger can't be used any more, nobody waits for it.
        if operation.scheduler.is_idle or (operation.scheduler.patience.is_over and not operation.launcher.working):
            return True
        if remaining <= 0 or operation.wishes.is_at_once:
            return False
        operation.sleep(remaining)
