"""`aetherflow-scheduler tick`: what is due now is run to its end, and that is all."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aetherflow.kernel.api import CommandContext

from .event_log import leave, opened_log
from .options import seconds_of


def tick(context: CommandContext, file: str, timeout: str | None, drain: str | None, profile: str | None) -> int:
    """Run what is due now to its end; answers 1 where a run ended for good without success.

    Raises:
        InvalidInput: the schedule file can't be used.
        RefusedByPolicy: the runtime profile may not be chosen.
        StoreFailed: the ledger can't be read or written.
    """
    from ..operation.stopping import DRAIN_SECONDS
    from ..operation.ticking import tick as run_what_is_due

    drain_seconds = seconds_of(drain, option="--drain", otherwise=DRAIN_SECONDS)
    limit = None if timeout is None else seconds_of(timeout, option="--timeout", otherwise=0)
    with opened_log(context, file, profile) as log, _stopped_after(limit):
        code = run_what_is_due(
            Path(file),
            environment=context.environment,
            log=log,
            profile=profile,
            drain_seconds=drain_seconds,
        )
    if context.as_json:
        context.say_json({"ok": code == 0, "exit_code": code})
    leave(log, code)
    return code


@contextmanager
def _stopped_after(seconds: float | None) -> Iterator[None]:
    """Have the scheduler stop after so long, as if somebody had sent it SIGTERM."""
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGTERM))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
