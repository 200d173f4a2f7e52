"""Runs a flow from its file to its result: prepare, claim, plan, run, clean up."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from ..check.preparation import Prepared, prepare_flow, require_job
from ..contracts.events import RunEnded, RunStarted, Status
from ..contracts.records import RunKey, RunRecord
from ..errors import LedgerFailed
from ..events.bus import CallbackSink, EventBus, Telling, warn_of_sink
from ..events.run_log import RunLog
from ..quick_dataclasses import replace
from ..state.companions import open_log
from ..state.ledger import open_ledger
from ..state.ownership import own_run
from .assembly import Wiring, assemble
from .claiming import claim_run, make_record, refuse_to_go_on, settle_history, settle_run_id
from .crew import Crew, LeftBehind, note_left_behind
from .ending import run_to_the_end
from .journal import Journal
from .locking import flow_locked, tell_loss
from .notes import milliseconds
from .places import places_of
from .request import RunRequest, RunResult
from .selecting import make_plan
from .stopping import Stop, stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ..contracts.events import Event
    from ..contracts.stores import StateStore
    from ..plan.decisions import Plan
    from .active import ActiveRun, JobResult
    from .ending import Ending
    from .places import Places


def run_flow(
    flow_file: Path,
    request: RunRequest | None = None,
    *,
    profile: str | None = None,
    environ: Mapping[str, str] | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> RunResult:
    """Check a flow and run it in this process.

    Args:
        flow_file: the YAML file.
        request: the run's id, parameters and clock.
        profile: the runtime profile asked for; it may only narrow the one in force.
        environ: the environment to take the snapshot from; the process's own by default, which is never changed.
        on_event: called with each event, one at a time; what it raises is logged and ends nothing.

    Raises:
        InvalidInput: the flow, its parameters or its settings are wrong; nothing has run.
        RefusedByPolicy: the runtime profile does not allow the flow.
        DecisionNeeded: only a person can say how to go on.
        OwnedByAnother: another process runs this run.
        RunFailed: the ledger or the workspace can't be used.
        Stopped: a signal came before the run began.
    """
    request = request or RunRequest()
    prepared = prepare_flow(flow_file, profile=profile, environ=environ, is_scheduled=request.is_scheduled)
    sinks = [CallbackSink(on_event)] if on_event else []
    with prepared.surroundings.index:
        return run_prepared(prepared, request, EventBus(sinks, on_failure=warn_of_sink))


def run_prepared(prepared: Prepared, request: RunRequest, bus: EventBus) -> RunResult:
    """Run a flow that was read and checked, observed by the plugins that its profile grants it; see `run_flow`."""
    prepared.checked()
    if not prepared.surroundings.index.granted("aetherflow_event"):
        return _run_prepared(prepared, request, bus.tell, bus.together)
    from .observed import run_observed

    return run_observed(prepared.surroundings, partial(_run_prepared, prepared, request), bus)


def _run_prepared(
    prepared: Prepared,
    request: RunRequest,
    tell: Callable[[Event], None],
    together: Callable[[], AbstractContextManager[None]],
) -> RunResult:
    flow_index = prepared.checked()
    flow = flow_index.flow
    if request.only_job is not None:
        require_job(flow, request.only_job)
    key = RunKey(flow.id, settle_run_id(request.run_id))
    places = places_of(prepared.surroundings, flow)
    crew = Crew()
    with ExitStack() as stack:
        stack.enter_context(_noting_left_behind(crew))
        stack.callback(crew.close)
        ledger = open_ledger(places.ledger)
        stack.callback(ledger.close)
        ownership = stack.enter_context(own_run(places.owners, key))
        history = settle_history(ledger, key)
        refuse_to_go_on(prepared, request, store=ledger, key=key, history=history)
        record = make_record(prepared, flow, request, key=key, history=history)
        record = replace(record, workspace=str(places.workspace))
        plan = make_plan(prepared, flow_index, request, ledger=ledger, history=history, start=record.starts)
        if request.approve is not None:
            request.approve(history, record, plan)
        log = _run_log(prepared, places, key, record, tell)
        stack.callback(log.close)
        stop = Stop()
        telling = Telling(log.tell, is_over=lambda: stop.is_over, together=together, start=crew.start)
        stack.enter_context(stop_on_signals(stop))
        wiring = Wiring(
            ownership=ownership,
            journal=Journal(ledger, telling, (key, record.starts), crew),
            stop=stop,
            crew=crew,
            tell=telling.tell,
            clock=request.clock,
        )
        active = assemble(prepared.surroundings, flow_index, key=key, record=record, places=places, wiring=wiring)
        # After the lock of the flow is given back: what a step that was left behind holds ends with its time.
        stack.callback(active.keeper.close)
        stack.enter_context(flow_locked(active))
        stop.refuse_to_begin()
        claim_run(prepared, ledger, key, record, plan, asked=request.asked, now=request.clock())
        was_done = history.run is not None and history.run.status.is_done
        active.tell(
            RunStarted(
                at=active.clock(),
                flow_id=key.flow_id,
                run_id=key.run_id,
                flow_file=prepared.document.file,
                resumed=record.starts > 1,
            )
        )
        result = _run(active, plan, ledger=ledger, was_done=was_done)
        telling.finish()
        # A thread that hangs where it tells is left behind too.
        return replace(result, has_left_behind=True) if telling.has_given_up else result


@contextmanager
def _noting_left_behind(crew: Crew) -> Iterator[None]:
    """Note with whatever ends the block too early that threads are still busy."""
    try:
        yield
    except BaseException as error:
        if crew.has_left_behind or not crew.comes_to_rest():
            note_left_behind(error)
        raise


def _run_log(
    prepared: Prepared, places: Places, key: RunKey, record: RunRecord, tell: Callable[[Event], None]
) -> RunLog:
    """The run's own log, with what was to be warned of."""
    surroundings = prepared.surroundings
    log = RunLog(
        lambda: open_log(places.logs, key),
        tell,
        start=record.starts,
        redactor=surroundings.redactor,
        level=surroundings.settings.log_level,
    )
    for found in prepared.warnings:
        if found.severity == "warning":
            values = {"code": found.code, "message": found.message, "help": found.help}
            log.keep("WARNING", "problem", time.time(), {name: text for name, text in values.items() if text})
    return log


def _run(active: ActiveRun, plan: Plan, *, ledger: StateStore, was_done: bool) -> RunResult:
    flow_id, run_id = active.key
    started_at = active.clock()
    try:
        ending = run_to_the_end(active, plan, was_done=was_done)
        ended_at = active.clock()
        status, whole = _settled_status(active, ending, ledger)
        _note_end(active, status, whole, ended_at)
        active.journal.commit()
    except LedgerFailed:
        raise
    except BaseException:
        # A fault of ours, or an interrupt: what happened until then is written, and nobody takes the run for running.
        _note_end(active, Status.INTERRUPTED, Status.INTERRUPTED, active.clock())
        with suppress(LedgerFailed):
            active.journal.commit()
        raise
    finally:
        active.journal.finish()
        since = time.monotonic()
        _put_away(active, active.close_connectors, since)
    _put_away(active, lambda: active.workspace.clean_up(tuple(job.job.id for job in plan.all_jobs), whole), since)
    if active.stop.has_lost_lock:
        tell_loss(active)
    result = RunResult(
        flow_id=flow_id,
        run_id=run_id,
        status=status,
        jobs=ending.jobs,
        duration_ms=milliseconds(started_at, ended_at),
        signal_number=None if status.is_done else active.stop.signal_number,
        has_left_behind=active.crew.has_left_behind,
        is_asked_to_stop=active.stop.is_asked,
    )
    active.tell(summary_of(result, ended_at))
    return result


def _settled_status(active: ActiveRun, ending: Ending, ledger: StateStore) -> tuple[Status, Status]:
    """How the start and the run ended: also by a lock that was lost, or because somebody cancelled the run."""
    if active.stop.has_lost_lock and not ending.status.is_done:
        return Status.LOCK_LOST, Status.LOCK_LOST
    if ending.status is Status.INTERRUPTED and ledger.cancel_requested(active.key):
        return Status.CANCELLED, Status.CANCELLED
    return ending.status, ending.of_run


def _note_end(active: ActiveRun, of_start: Status, of_run: Status, ended_at: float) -> None:
    active.journal.note(
        lambda ledger: ledger.end_run(active.key, active.start, of_start=of_start, of_run=of_run, ended_at=ended_at)
    )


def _put_away(active: ActiveRun, task: Callable[[], None], since: float) -> None:
    """Do what is left when the end is written; where a signal leaves no time for it, it is given up."""
    with suppress(LeftBehind):
        active.crew.wait_for(task, lambda: not active.stop.may_put_away(since))


def summary_of(result: RunResult, at: float) -> RunEnded:
    """The event that ends a run."""
    counts: dict[str, int] = {}
    for job in result.jobs:
        counts[job.status.value] = counts.get(job.status.value, 0) + 1
    return RunEnded(
        at=at,
        flow_id=result.flow_id,
        run_id=result.run_id,
        status=result.status,
        duration_ms=result.duration_ms,
        status_counts=counts,
        jobs=tuple(job_as_json(job) for job in result.jobs),
    )


def job_as_json(job: JobResult) -> dict[str, object]:
    """A job's result as machines read it."""
    return {
        "job_id": job.job_id,
        "status": job.status.value,
        "duration_ms": job.duration_ms,
        "skip_reason": job.reason if job.status is Status.SKIPPED else None,
        "reason": job.reason,
        "steps": [
            {
                "step_id": step.step_id,
                "step_type": step.step_type,
                "status": step.status.value,
                "duration_ms": step.duration_ms,
                "reason": step.reason,
                "error_code": step.error_code or None,
                "restored": step.restored,
            }
            for step in job.steps
        ],
    }
