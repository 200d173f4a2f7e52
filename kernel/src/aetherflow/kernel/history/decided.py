"""What people decide of runs, noted with time and name."""

from __future__ import annotations

import getpass
import os
import time
from typing import TYPE_CHECKING

from ..contracts.events import Status
from ..contracts.records import ResolutionRecord, RunKey
from ..quick_dataclasses import replace

if TYPE_CHECKING:
    from ..contracts.records import RunSummary, StepKey, StepRecord
    from ..contracts.stores import StateStore


def this_person() -> str:
    """Who decides, as the system names them."""
    for ask in (os.getlogin, getpass.getuser):
        try:
            return ask()
        except (OSError, KeyError):
            continue
    return f"uid {os.getuid()}"


def decision(what: str, step: StepKey | None, reason: str, before: StepRecord | None = None) -> ResolutionRecord:
    """What this person decides now; `before` is how the step stands until then."""
    stood = {}
    if before is not None:
        stood = {"status": before.status.value, "attempt": before.attempt}
        stood |= {"error_code": before.error_code, "error": before.error} if before.error else {}
    return ResolutionRecord(at=time.time(), by=this_person(), what=what, step=step, reason=reason, before=stood)


def settle_cut_off(store: StateStore, summary: RunSummary) -> None:
    """Note as INTERRUPTED what is RUNNING in a run that this process owns now; inside a transaction."""
    key, start = RunKey(*summary.key), summary.newest_start
    now = time.time()
    if start is not None and start.status is Status.RUNNING:
        store.put_start(key, replace(start, status=Status.INTERRUPTED, ended_at=now))
    history = store.history(key, start=summary.run.starts)
    for step_key, step in history.steps.items():
        if step.status is Status.RUNNING:
            store.put_step(
                key, step_key, replace(step, status=Status.INTERRUPTED, reason="its process died", ended_at=now)
            )
    for number in {0, summary.run.starts}:
        for job_id, job in store.history(key, start=number).jobs.items():
            if job.status is Status.RUNNING:
                store.put_job(key, job_id, replace(job, status=Status.INTERRUPTED, ended_at=now), start=number)
