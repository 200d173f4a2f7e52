"""`aetherflow-scheduler run`: the daemon; what it says goes to its log, and nothing to standard output."""

from __future__ import annotations

from pathlib import Path

from aetherflow.kernel.api import CommandContext

from .event_log import leave, opened_log
from .options import seconds_of


def run(context: CommandContext, file: str, drain: str | None, profile: str | None) -> int:
    """Run what is due, until a signal says to stop; answers the exit code.

    Raises:
        InvalidInput: the schedule file can't be used.
        RefusedByPolicy: the runtime profile may not be chosen.
        StoreFailed: the ledger can't be read or written.
    """
    from ..operation.daemon import run_scheduler
    from ..operation.stopping import DRAIN_SECONDS

    seconds = seconds_of(drain, option="--drain", otherwise=DRAIN_SECONDS)

    with opened_log(context, file, profile) as log:
        code = run_scheduler(
            Path(file), environment=context.environment, log=log, profile=profile, drain_seconds=seconds
        )
    leave(log, code)
    return code
