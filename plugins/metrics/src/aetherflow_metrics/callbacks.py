"""Which callback belongs to which event, and what it is told: plain texts, numbers, lists and mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aetherflow.kernel.api import Event, JobEnded, JobStarted, RunEnded, RunStarted, StepEnded, StepStarted

Call = tuple[str, Mapping[str, Any]]


def callback_of(event: Event) -> Call | None:
    """The callback's name and arguments; null for what the metrics module does not hear of.

    What an earlier start of the run has done was told then: it is not told again.
    """
    if isinstance(event, StepEnded | JobEnded) and event.restored:
        return None
    found = _CALLBACKS.get(type(event))
    if found is None:
        return None
    name, keys = found
    return name, {key: _plain(getattr(event, key)) for key in ("flow_id", "run_id", *keys)} | _summary(event)


_CALLBACKS: dict[type[Event], tuple[str, tuple[str, ...]]] = {
    RunStarted: ("on_run_start", ()),
    RunEnded: ("on_run_end", ()),
    JobStarted: ("on_job_start", ("job_id",)),
    JobEnded: ("on_job_end", ("job_id", "status", "duration_ms")),
    StepStarted: ("on_step_start", ("job_id", "step_id", "step_type")),
    StepEnded: ("on_step_end", ("job_id", "step_id", "step_type", "status", "duration_ms")),
}


def _summary(event: Event) -> dict[str, Any]:
    if not isinstance(event, RunEnded):
        return {}
    summary = {
        "flow_id": event.flow_id,
        "run_id": event.run_id,
        "status": event.status.value,
        "duration_ms": event.duration_ms,
        "status_counts": dict(event.status_counts),
        "jobs": [dict(job) for job in event.jobs],
    }
    return {"summary": summary}


def _plain(value: object) -> object:
    return str(value) if isinstance(value, str) else value
