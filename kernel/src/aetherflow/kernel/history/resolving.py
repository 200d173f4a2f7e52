"""What a person says of a step whose outcome nobody else knows: that it was done, or that it may run again."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from ..contracts.events import Status
from ..contracts.records import StepKey
from ..contracts.spelling import did_you_mean
from ..errors import InvalidInput, OwnedByAnother
from ..quick_dataclasses import dataclass, replace
from ..state.companions import owners_folder
from ..state.liveness import DIED, status_now
from ..state.ownership import own_run
from .decided import decision, this_person
from .remembered import find_run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ..contracts.records import History, Json, RunSummary, StepRecord
    from ..contracts.stores import StateStore

_NAME = re.compile(r"(?:(?P<job>[^.\[\]]+)\.)?(?P<step>[^.\[\]]+)(?:\[(?P<item>.+)\])?")
_ENDED = frozenset(Status) - {Status.PENDING, Status.RUNNING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What is to be noted: that it was done, or that it may run again."""

    is_done: bool
    #: Of a step that was done; null where none were given.
    outputs: Mapping[str, Json] | None = None
    #: The flow says that the step is repeated.
    is_repeated: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A step of which a person has decided."""

    summary: RunSummary
    key: StepKey
    before: StepRecord
    now: StepRecord


def resolve_step(
    store: StateStore,
    run_name: str,
    step_name: str,
    *,
    ledger: Path,
    resolution: Callable[[RunSummary, StepKey, StepRecord, int], Resolution],
) -> Resolved:
    """Note what a person decided of a step, and have the next start of its run go on from there.

    Args:
        store: the ledger, open to write.
        run_name: of the run.
        step_name: `step`, `job.step` or `job.step[ITEM]`.
        ledger: the ledger's file.
        resolution: says what was decided, of the step that was found and the number of items it has at least.

    Raises:
        InvalidInput: there is no such run or step, or there is nothing to decide of it.
        OwnedByAnother: a living process owns the run.
        LedgerFailed: the ledger can't be read or written.
    """
    summary, owners = find_run(store, run_name), owners_folder(ledger)
    with own_run(owners, summary.key):
        summary = find_run(store, summary.key.name)
        _refuse_owned_elsewhere(summary, owners)
        history = store.history(summary.key)
        key = _find_step(history, step_name, summary)
        items = _items_of(history, key)
        decided = resolution(summary, key, history.steps[key], _least_count(items))
        if decided.is_done and decided.outputs is None and (items or decided.is_repeated):
            raise _undecided_items(history, key, items)
        with store.transaction():
            store.cut_off(summary.key, DIED)
            history = store.history(summary.key)
            before = history.steps[key]
            changed = _changed(history, key, items, decided)
            for step_key, now in changed.items():
                store.keep_attempt(summary.key, step_key)
                store.put_step(summary.key, step_key, now)
            what = "done" if decided.is_done else "again"
            store.put_resolution(summary.key, decision(what, key, decided.reason, before))
            _open_up(store, summary, history, key)
    return Resolved(summary=summary, key=key, before=before, now=changed[key])


def _refuse_owned_elsewhere(summary: RunSummary, owners: Path) -> None:
    # This process holds the lock of this host, so a living owner is on another one.
    if status_now(summary, owners) is Status.RUNNING and summary.newest_start is not None:
        raise OwnedByAnother(
            f"run {summary.key.run_id!r} of flow {summary.key.flow_id!r} is RUNNING, and its process can't be seen"
            " from here",
            code="AF-RUN-OUT-OF-REACH",
            help="decide on the host that it runs on",
        )


def _find_step(history: History, name: str, summary: RunSummary) -> StepKey:
    parts = _NAME.fullmatch(name)
    if parts is None:
        raise InvalidInput(f"{name!r} names no step", code="AF-USAGE", help="write STEP, JOB.STEP or JOB.STEP[ITEM]")
    job, step, item = parts["job"], parts["step"], parts["item"]
    keys = [key for key in history.steps if key.step_id == step and job in {None, key.job_id} and key.start == 0]
    jobs = sorted({key.job_id for key in keys})
    if len(jobs) > 1:
        raise InvalidInput(
            f"jobs {', '.join(map(repr, jobs))} have a step {step!r} each",
            code="AF-STEP-AMBIGUOUS",
            help=f"name the job too: {jobs[0]}.{step}",
        )
    found = next((key for key in keys if key.item == (item or "")), None)
    if found is not None:
        return found
    if keys and item is None:
        items = ", ".join(repr(key.item) for key in keys[:12])
        raise InvalidInput(
            f"step {step!r} ran for several items: {items}",
            code="AF-STEP-AMBIGUOUS",
            help=f"name one: {keys[0].name}",
        )
    known = sorted({key.name for key in history.steps if key.start == 0})
    raise InvalidInput(
        f"run {summary.key.run_id!r} remembers no step {name!r}", code="AF-STEP-UNKNOWN", help=did_you_mean(name, known)
    )


def _items_of(history: History, key: StepKey) -> tuple[StepKey, ...]:
    """The items of a step as a whole that are remembered, by their numbers."""
    if key.item:
        return ()
    found = (each for each in history.steps if each.item and each._replace(item="") == key)
    return tuple(sorted(found, key=lambda each: (len(each.item), each.item)))


def _least_count(items: tuple[StepKey, ...]) -> int:
    """How many items there are at least: those that never began are not remembered."""
    return max((int(key.item) + 1 for key in items if key.item.isdecimal()), default=0)


def _undecided_items(history: History, key: StepKey, items: tuple[StepKey, ...]) -> InvalidInput:
    open_ones = [each.name for each in items if not history.steps[each].status.is_done]
    which = f"decide of one item: {open_ones[0]}; or " if open_ones else ""
    return InvalidInput(
        f"step {key.name} runs for several items, and what they gave is not known",
        code="AF-STEP-AMBIGUOUS",
        help=f"{which}give all of its outputs, each as a list in the order of the items: --done --outputs FILE",
    )


def _changed(
    history: History, key: StepKey, items: tuple[StepKey, ...], decided: Resolution
) -> dict[StepKey, StepRecord]:
    """The records as the decision has them: that of the step, and where all of its items run again, theirs."""
    before = history.steps[key]
    if decided.is_done:
        return {key: _done(before, decided)}
    records = {item: history.steps[item] for item in items}
    changed = {item: _again(each, decided) for item, each in records.items() if each.status is not Status.PENDING}
    if not changed:
        return {key: _again(before, decided)}
    now = _again(before, decided) if before.status.is_done else replace(before, status=Status.PENDING, ended_at=None)
    return {**changed, key: now}


def _done(before: StepRecord, decided: Resolution) -> StepRecord:
    if before.status.is_done and not before.is_masked:
        raise InvalidInput(
            f"the step is done: it is {before.status}", code="AF-STEP-DONE", help="--again has it done anew"
        )
    return replace(
        before,
        status=Status.SUCCESS,
        outputs=dict(decided.outputs or {}),
        is_masked=False,
        reason=_told(f"{this_person()} said that it was done", decided.reason),
        error_code="",
        error="",
        next_attempt_at=None,
        is_without_effect=False,
        ended_at=time.time() if before.ended_at is None else before.ended_at,
    )


def _again(before: StepRecord, decided: Resolution) -> StepRecord:
    if before.status is Status.PENDING:
        raise InvalidInput(
            "there is nothing to decide of the step: it is to be run anyway",
            code="AF-STEP-PENDING",
            help="start the run again",
        )
    if not before.status.is_done:
        reason = _told(f"{this_person()} said that it may run again", decided.reason)
        return replace(before, is_without_effect=True, reason=reason, next_attempt_at=None)
    return replace(
        before,
        status=Status.PENDING,
        generation=before.generation + 1,
        # Another series: what made it done has used up none of it.
        attempts_before=before.attempt,
        next_attempt_at=None,
        outputs=None,
        is_masked=False,
        reason=_told(f"{this_person()} wants it done anew", decided.reason),
        ended_at=None,
        started_at=None,
    )


def _told(what: str, reason: str) -> str:
    return f"{what}: {reason}" if reason else what


def _open_up(store: StateStore, summary: RunSummary, history: History, key: StepKey) -> None:
    """Have a start go on with what stands above the step: its item's step, its job, its run."""
    whole = key._replace(item="")
    if key.item and (above := history.steps.get(whole)) is not None and above.status in _ENDED:
        store.put_step(summary.key, whole, replace(above, status=Status.PENDING, ended_at=None))
    job = history.jobs.get(key.job_id)
    if job is not None:
        # What its steps promote is promoted again from their outputs, those that a person gave too.
        store.put_job(
            summary.key, key.job_id, replace(job, status=Status.PENDING, reason="", ended_at=None, is_masked=True)
        )
    # What somebody ended for good stays so, until it is taken up by name.
    if summary.run.status not in {Status.PENDING, Status.CANCELLED}:
        store.put_run(summary.key, replace(summary.run, status=Status.PENDING, ended_at=None))
