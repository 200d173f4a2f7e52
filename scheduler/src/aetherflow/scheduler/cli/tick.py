"""`aetherflow-scheduler tick`: what is due now is run to its end, and that is all."""

from __future__ import annotations

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
    with opened_log(context, file, profile) as log:
        code = run_what_is_due(
            Path(file),
            environment=context.environment,
            log=log,
            profile=profile,
            drain_seconds=drain_seconds,
            timeout_seconds=limit,
        )
    if context.as_json:
        context.say_json({"ok": code == 0, "exit_code": code})
    leave(log, code)
    return code
