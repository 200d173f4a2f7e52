"""Runs a flow from its file to its result: prepare, claim, plan, run, clean up."""

from __future__ import annotations

import secrets
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from ..check.preparation import Prepared, prepare_flow, require_job
from ..contracts.events import RunEnded, RunStarted, Status
from ..contracts.records import History, RunKey, RunRecord
from ..errors import ExitCode, InvalidInput, LedgerFailed
from ..events.bus import CallbackSink, EventBus, warn_of_sink
from ..events.run_log import RunLog
from ..plan.planning import dependencies_of, plan_run
from ..quick_dataclasses import dataclass, field, replace
from ..spec.identifiers import problem_with_id
from ..state.companions import open_log
from ..state.ledger import open_ledger
from ..state.ownership import own_run
from .assembly import Wiring, assemble, places_of
from .job import milliseconds
from .journal import Journal
from .parameters import (
    facts_of,
    refuse_other_parameters,
    refuse_secret_parameters,
    settle_parameters,
)
from .runner import run_jobs, status_of, whole_status
from .stopping import Stop, stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ..check.definitions import FlowIndex
    from ..contracts.events import Event
    from ..contracts.records import JobRecord, Json
    from ..plan.decisions import Plan
    from ..spec.models import Flow
    from ..state.ledger import Ledger
    from .active import ActiveRun, JobResult
    from .assembly import Places


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a run ended."""

    flow_id: str
    run_id: str
    status: Status
    jobs: tuple[JobResult, ...]
    duration_ms: int
    signal_number: int | None = None
    #: A step was still busy when the grace was over: the process should leave without waiting for it.
    has_left_behind: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """What a process that ran the flow answers."""
        if self.signal_number is not None:
            return ExitCode.of_signal(self.signal_number)
        return ExitCode.DONE if self.status.is_done else ExitCode.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a caller asks of a run; a null `run_id` starts a new one."""

    run_id: str | None = None
    only_job: str | None = None
    #: Texts of `--param`, or values of the parameters' types.
    parameters: Mapping[str, Json] = field(default_factory=dict)
    #: Seconds since 1970 in UTC.
    clock: Callable[[], float] = time.time


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
    """
    prepared = prepare_flow(flow_file, profile=profile, environ=environ)
    sinks = [CallbackSink(on_event)] if on_event else []
    with prepared.surroundings.index:
        return run_prepared(prepared, request or RunRequest(), tell=EventBus(sinks, on_failure=warn_of_sink).tell)


def run_prepared(prepared: Prepared, request: RunRequest, *, tell: Callable[[Event], None]) -> RunResult:
    """Run a flow that was read and checked; see `run_flow`."""
    flow_index = prepared.checked()
    if request.only_job is not None:
        require_job(flow_index.flow, request.only_job)
    key = RunKey(flow_index.flow.id, _settle_run_id(request.run_id))
    places = places_of(prepared.surroundings, flow_index.flow)
    with ExitStack() as stack:
        ledger = open_ledger(places.ledger)
        stack.callback(ledger.close)
        stack.enter_context(own_run(places.owners, key))
        history = _settled(ledger, key)
        record = _record(prepared, flow_index.flow, request, key, history)
        plan = _plan(prepared, flow_index, request, ledger=ledger, history=history)
        log = _run_log(prepared, places, key, record, tell)
        stack.callback(log.close)
        stop, tell = Stop(), log.tell
        stack.enter_context(stop_on_signals(stop))
        wiring = Wiring(journal=Journal(ledger, tell, (key, record.starts)), stop=stop, tell=tell, clock=request.clock)
        active = assemble(prepared.surroundings, flow_index, key=key, record=record, places=places, wiring=wiring)
        _claim(prepared, ledger, key, record, workspace=places.workspace)
        return _run(active, plan, record, ledger=ledger, flow_file=prepared.document.file)


def _run(active: ActiveRun, plan: Plan, record: RunRecord, *, ledger: Ledger, flow_file: str) -> RunResult:
    flow_id, run_id = active.key
    started_at = active.clock()
    active.tell(
        RunStarted(at=started_at, flow_id=flow_id, run_id=run_id, flow_file=flow_file, resumed=record.starts > 1)
    )
    try:
        results = run_jobs(active, plan)
        active.journal.commit()
        status = status_of((job.status for job in results), is_stopped=active.stop.is_asked)
        ended_at = active.clock()
        whole = whole_status(plan, results, status)
        with ledger.transaction():
            ledger.end_run(active.key, record.starts, of_start=status, of_run=whole, ended_at=ended_at)
    finally:
        # One more try for what an earlier one could not write; the first failure is the one that is told.
        with suppress(LedgerFailed):
            active.journal.commit()
        active.worker.close()
        active.close_connectors()
    active.workspace.clean_up(tuple(job.job.id for job in plan.jobs), whole)
    result = RunResult(
        flow_id=flow_id,
        run_id=run_id,
        status=status,
        jobs=results,
        duration_ms=milliseconds(started_at, ended_at),
        signal_number=active.stop.signal_number,
        has_left_behind=active.worker.has_left_behind,
    )
    active.tell(summary_of(result, ended_at))
    return result


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


def _settle_run_id(run_id: str | None) -> str:
    if run_id is None:
        return secrets.token_hex(6)
    if problem := problem_with_id(run_id, dotted=True):
        raise InvalidInput(
            f"the run id {run_id!r} {problem}", code="AF-RUN-ID", help="choose another one, or leave it out"
        )
    return run_id


def _plan(prepared: Prepared, flow_index: FlowIndex, request: RunRequest, *, ledger: Ledger, history: History) -> Plan:
    index = prepared.surroundings.index
    return plan_run(
        flow_index.flow,
        history=history,
        borrowed=_borrowed(flow_index, request, ledger, history),
        only_job=request.only_job,
        rerun_of=lambda step_type: index.step(step_type).rerun.value,
    )


def _borrowed(flow_index: FlowIndex, request: RunRequest, ledger: Ledger, history: History) -> Mapping[str, JobRecord]:
    """Results for the jobs that a single job stands on: of this run, else of the newest run that has them all."""
    if request.only_job is None:
        return {}
    flow = flow_index.flow
    needed = tuple(
        dict.fromkeys((*dependencies_of(flow, request.only_job), *flow_index.jobs_named_by(request.only_job)))
    )
    missing = tuple(job_id for job_id in needed if not _ended_well(history, job_id))
    jobs = history.jobs
    if missing:
        earlier_run = ledger.newest_run_with(flow.id, needed) if request.run_id is None else None
        if earlier_run is None:
            raise _needs_earlier(request, missing)
        jobs = ledger.history(RunKey(flow.id, earlier_run)).jobs
    if masked := tuple(job_id for job_id in needed if jobs[job_id].is_masked):
        raise InvalidInput(
            f"job {request.only_job!r} stands on {', '.join(map(repr, masked))}, whose outputs hold a secret"
            " and were not kept",
            code="AF-JOB-NEEDS-EARLIER",
            help="run the whole flow",
        )
    return jobs if missing else {}


def _needs_earlier(request: RunRequest, missing: tuple[str, ...]) -> InvalidInput:
    why = "and no earlier run has their results" if request.run_id is None else f"not done in run {request.run_id!r}"
    return InvalidInput(
        f"job {request.only_job!r} stands on {', '.join(map(repr, missing))}, {why}",
        code="AF-JOB-NEEDS-EARLIER",
        help="run the whole flow first, or name a run that has them: --run-id ID",
    )


def _ended_well(history: History, job_id: str) -> bool:
    job = history.jobs.get(job_id)
    return job is not None and job.status is Status.SUCCESS


def _record(prepared: Prepared, flow: Flow, request: RunRequest, key: RunKey, history: History) -> RunRecord:
    """The run as this start finds it; parameters and facts are settled once."""
    environment, redactor = prepared.surroundings.environment.values, prepared.surroundings.redactor
    if history.run is not None:
        fixed = history.run.parameters
        refuse_other_parameters(flow, request.parameters, fixed)
        added = settle_parameters(
            flow, request.parameters, environment=environment, facts=history.run.facts, settled=frozenset(fixed)
        )
        refuse_secret_parameters(flow, added, redactor)
        starts, parameters = history.run.starts + 1, {**fixed, **added}
        return replace(history.run, status=Status.RUNNING, starts=starts, ended_at=None, parameters=parameters)
    now = request.clock()
    facts = facts_of(flow, key, now)
    parameters = settle_parameters(flow, request.parameters, environment=environment, facts=facts)
    refuse_secret_parameters(flow, parameters, redactor)
    return RunRecord(
        status=Status.RUNNING,
        starts=1,
        started_at=now,
        ended_at=None,
        parameters=parameters,
        facts=facts,
        marker=secrets.token_hex(16),
    )


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


def _claim(prepared: Prepared, ledger: Ledger, key: RunKey, record: RunRecord, *, workspace: Path) -> None:
    """Note that this process runs the run."""
    document, profile = prepared.document, prepared.surroundings.profile.name
    claimed = replace(
        record, flow_file=document.file, flow_digest=document.digest, profile=profile, workspace=str(workspace)
    )
    with ledger.transaction():
        ledger.put_run(key, claimed)


def _settled(ledger: Ledger, key: RunKey) -> History:
    """What is remembered of a run that this process owns now: what is still RUNNING there was cut off."""
    history = ledger.history(key)
    cut_off = {
        step_key: replace(step, status=Status.INTERRUPTED, reason="its process died")
        for step_key, step in history.steps.items()
        if step.status is Status.RUNNING
    }
    if not cut_off:
        return history
    with ledger.transaction():
        for step_key, step in cut_off.items():
            ledger.put_step(key, step_key, step)
    return replace(history, steps={**history.steps, **cut_off})
