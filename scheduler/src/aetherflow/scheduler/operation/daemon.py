"""`aetherflow-scheduler run`: look, sleep until something is due, until a signal says to stop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..occurrences.moments import utc_now
from ..runs.command_line import KERNEL
from .opening import Operation, operating
from .patience import LEDGER_SECONDS
from .reloading import reload
from .stopping import DRAIN_SECONDS, exit_code, stop
from .telling import EventLog

_FAILED = 1


def run_scheduler(
    file: Path,
    *,
    environment: Mapping[str, str],
    log: EventLog,
    profile: str | None = None,
    drain_seconds: float = DRAIN_SECONDS,
    program: tuple[str, ...] = KERNEL,
    ledger_seconds: float = LEDGER_SECONDS,
) -> int:
    """Run what is due, until a signal says to stop; answers the exit code.

    SIGTERM and SIGINT: nothing more is started, and what runs has `drain_seconds` before it is ended; a second one does
    not wait. SIGHUP: the schedule file is read again. For the main thread.

    Args:
        file: the schedule file.
        environment: that of the process, which runs are started with.
        log: takes what happens.
        profile: the runtime profile of items that name none.
        drain_seconds: how long runs may go on after a signal.
        program: what is started for each run, before its arguments.
        ledger_seconds: how long a ledger is tried again that can't be used; then the exit code is 1.

    Raises:
        InvalidInput: the schedule file can't be used; holds all problems.
        StoreFailed: the ledger can't be read or written.
    """
    with operating(
        file, environment=environment, log=log, profile=profile, program=program, ledger_seconds=ledger_seconds
    ) as operation:
        operation.teller.schedule("schedule_start", operation.scheduler.schedule)
        operation.notifier.ready()
        _work(operation)
        operation.notifier.stopping()
        is_lost = operation.scheduler.patience.is_over
        stop(operation, 0 if is_lost else drain_seconds)
        if is_lost:
            operation.teller.tell("ERROR", "schedule_end", error="the ledger could not be used for too long")
            return _FAILED
        operation.teller.tell("INFO", "schedule_end", runs_left=len(operation.launcher.working))
        return exit_code(operation)


def _work(operation: Operation) -> None:
    while operation.wishes.stop is None and not operation.scheduler.patience.is_over:
        if operation.wishes.take_reload():
            reload(operation)
        operation.look()
        operation.forgetting.go_on(operation.scheduler.schedule.retention, utc_now())
        operation.sleep()
