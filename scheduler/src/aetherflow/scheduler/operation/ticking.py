"""`aetherflow-scheduler tick`: what is due now is run to its end, and that is all."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..occurrences.moments import utc_now
from ..runs.command_line import KERNEL
from .opening import Operation, operating
from .stopping import DRAIN_SECONDS, exit_code, stop
from .telling import EventLog

_FAILED, _INVALID_INPUT = 1, 2


def tick(
    file: Path,
    *,
    environment: Mapping[str, str],
    log: EventLog,
    profile: str | None = None,
    drain_seconds: float = DRAIN_SECONDS,
    timeout_seconds: float | None = None,
    program: tuple[str, ...] = KERNEL,
) -> int:
    """Run what is due now to its end; answers the exit code: 1 where a run ended for good without success.

    Flows with errors keep no other flow from running: there is no schedule of before to go on with, and nobody may look
    until the next tick. They are told, and the exit code is 2 where nothing else went wrong.

    What becomes due meanwhile, what is to be tried again later, and what finds no room because other schedulers run,
    is left to them and to the next tick. Signals are as for the daemon, and SIGHUP stops too; for the main thread.

    Args:
        file: the schedule file.
        environment: that of the process, which runs are started with.
        log: takes what happens.
        profile: the runtime profile of items that name none.
        drain_seconds: how long runs may go on after a signal.
        timeout_seconds: after so long it stops as after a signal; null where it waits.
        program: what is started for each run, before its arguments.

    Raises:
        InvalidInput: the schedule file itself can't be used; holds all problems.
        StoreFailed: the ledger can't be read or written.
    """
    with operating(
        file, environment=environment, log=log, profile=profile, program=program, takes_broken_flows=True
    ) as operation:
        operation.wishes.may_reload = False
        errors = [each for each in operation.scheduler.schedule.problems if each.severity == "error"]
        for problem in errors:
            operation.teller.problem(problem)
        with _stopped_after(operation, timeout_seconds):
            _work(operation)
            if not operation.scheduler.is_idle:
                stop(operation, drain_seconds)
            while operation.forgetting.go_on(operation.scheduler.schedule.retention, utc_now()):
                if operation.wishes.stop is not None:
                    break
        is_failed = operation.scheduler.failures or operation.scheduler.patience.is_failing
        return exit_code(operation) or (_FAILED if is_failed else _INVALID_INPUT if errors else 0)


def _work(operation: Operation) -> None:
    horizon = utc_now()
    scheduler = operation.scheduler
    while operation.wishes.stop is None and not scheduler.patience.is_over:
        started = operation.look(horizon)
        is_done = scheduler.is_idle and not started and not scheduler.has_due(horizon)
        if is_done and not scheduler.patience.is_failing:
            return
        if not scheduler.has_due(horizon) or scheduler.patience.is_failing:
            operation.wake_up.sleep(1.0)


@contextmanager
def _stopped_after(operation: Operation, seconds: float | None) -> Iterator[None]:
    """Have it stop after so long; no signal is sent for that, which nobody may handle any more when it comes."""
    if seconds is None:
        yield
        return

    def stop_it() -> None:
        if operation.wishes.stop is None:
            operation.wishes.ask(signal.SIGTERM)
            operation.wake_up.ring()

    timer = threading.Timer(seconds, stop_it)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
