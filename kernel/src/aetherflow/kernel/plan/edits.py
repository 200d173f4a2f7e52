"""What was edited since it was done: steps, jobs, and the order of steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..contracts.events import Status
from ..errors import Problem
from ..quick_dataclasses import dataclass, field
from .decisions import Decision
from .definitions import step_definition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..contracts.records import StepKey, StepRecord
    from ..spec.models import Flow
    from .decisions import JobPlan, StepPlan

    Written = Callable[[str, str, StepRecord], object]

_LONGEST = 80
_MOST_CHANGES = 8
_HELP = "undo the edit, have it done anew with what follows it (--accept-changes), or start a new run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One edit of something that is done: from which step of the job on, and how it is told.

    `job_id` is empty where it is not in the flow any more.
    """

    job_id: str
    position: int
    reason: str
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """All edits, in the order of the file."""

    all: tuple[Edit, ...]
    #: For each job with edits the first step that they concern, and why.
    first: Mapping[str, tuple[int, str]] = field(default_factory=dict)


def find_edits(flow: Flow, jobs: tuple[JobPlan, ...], written: Written, done: Mapping[StepKey, StepRecord]) -> Edits:
    """What was edited since it was done.

    Args:
        flow: as it is written now.
        jobs: the plan so far.
        done: the steps that are remembered.
        written: a step as it was written when it was done; null where that is not remembered.
    """
    found = tuple(edit for job in jobs for edit in _edits_of(flow, job, written))
    found = (*found, *_vanished(flow, jobs, done))
    first: dict[str, tuple[int, str]] = {}
    for edit in found:
        if not edit.job_id:
            # What is gone has nothing to be done anew.
            continue
        if edit.job_id not in first or edit.position < first[edit.job_id][0]:
            first[edit.job_id] = (edit.position, edit.reason)
    return Edits(all=found, first=first)


def _edits_of(flow: Flow, job: JobPlan, written: Written) -> Iterator[Edit]:
    earlier = job.earlier
    # The first version of the ledger kept no digest of jobs.
    if earlier and job.decision is Decision.RESTORE and earlier.definition not in {"", job.definition}:
        yield _job_edit(flow, job)
    latest = -1
    for step in job.steps:
        if step.decision is not Decision.RESTORE or step.earlier is None:
            continue
        if step.earlier.definition != step.definition:
            yield _step_edit(flow, job, step, written(job.job.id, step.step.id, step.earlier))
        elif step.earlier.position < latest:
            yield _moved(flow, job, step)
        latest = max(latest, step.earlier.position)


def _vanished(flow: Flow, jobs: tuple[JobPlan, ...], done: Mapping[StepKey, StepRecord]) -> Iterator[Edit]:
    """Done steps that are not in the flow any more: one that has another name now would be done again."""
    places = {job.job.id: job for job in jobs}
    steps = {(job.job.id, step.step.id) for job in jobs for step in job.steps}
    for key, record in done.items():
        is_of_run = not key.item and not key.start and record.status is Status.SUCCESS
        if not is_of_run or (key.job_id, key.step_id) in steps:
            continue
        path = places[key.job_id].job.path if key.job_id in places else ("jobs",)
        problem = Problem(
            code="AF-STEP-EDITED",
            message=f"step {key.step_id!r} of job {key.job_id!r} is done in this run, and is not in the flow any more:"
            " under another name it would be done again",
            help="bring its name back; where it was meant to go, say so with --accept-changes",
            where=flow.document.where(path),
            path=path,
        )
        yield Edit(job_id="", position=0, reason="", problem=problem)


def _job_edit(flow: Flow, job: JobPlan) -> Edit:
    reason = "its conditions or outputs were edited since it was done"
    problem = Problem(
        code="AF-JOB-EDITED",
        message=f"job {job.job.id!r} is done in this run, and its `depends_on`, `when` or `outputs` were edited since",
        help=_HELP,
        where=flow.document.where(job.job.path),
        path=job.job.path,
    )
    return Edit(job_id=job.job.id, position=0, reason=reason, problem=problem)


def _step_edit(flow: Flow, job: JobPlan, step: StepPlan, before: object) -> Edit:
    changes = list(_changes(before, step_definition(step.step), ())) if isinstance(before, dict) else []
    shown = "".join(f"\n  {change}" for change in changes[:_MOST_CHANGES])
    if len(changes) > _MOST_CHANGES:
        shown += f"\n  and {len(changes) - _MOST_CHANGES} more"
    return _edit(flow, job, step, "edited", shown)


def _moved(flow: Flow, job: JobPlan, step: StepPlan) -> Edit:
    return _edit(flow, job, step, "moved", ": it ran before the ones above it")


def _edit(flow: Flow, job: JobPlan, step: StepPlan, what: str, more: str) -> Edit:
    problem = Problem(
        code="AF-STEP-EDITED",
        message=f"step {step.step.id!r} of job {job.job.id!r} is done in this run, and was {what} since{more}",
        help=_HELP,
        where=flow.document.where(step.step.path),
        path=step.step.path,
    )
    return Edit(job_id=job.job.id, position=step.position, reason=f"it was {what} since it was done", problem=problem)


def _changes(before: Any, now: Any, path: tuple[str, ...]) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """The places that differ, each with what stood there and what stands there now."""
    if isinstance(before, dict) and isinstance(now, Mapping):
        for key in dict.fromkeys((*before, *now)):
            yield from _changes(before.get(key), now.get(key), (*path, str(key)))
    elif before != now and repr(before) != repr(now):
        yield f"{'.'.join(path)}: {_shown(before)} → {_shown(now)}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
