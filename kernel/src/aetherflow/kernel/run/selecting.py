"""From what a caller asks of a run to its plan: what is remembered, what is borrowed, what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ..contracts.events import Status
from ..contracts.records import RunKey
from ..contracts.spelling import did_you_mean
from ..errors import InvalidInput
from ..plan.decisions import Selection
from ..plan.planning import Past, dependencies_of, plan_run
from ..spec.values import without_raw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..check.definitions import FlowIndex
    from ..check.preparation import Prepared
    from ..contracts.records import History, JobRecord, StepRecord
    from ..contracts.stores import StateStore
    from ..plan.decisions import Plan
    from ..spec.models import Flow, Step
    from .request import RunRequest


def make_plan(
    prepared: Prepared,
    flow_index: FlowIndex,
    request: RunRequest,
    *,
    ledger: StateStore | None,
    history: History,
    start: int,
) -> Plan:
    """What this start of a run will do; without a ledger nothing is remembered of any run.

    Raises:
        InvalidInput: what was asked for does not exist, or what is done was edited since.
        DecisionNeeded: only a person can say how to go on.
    """
    index = prepared.surroundings.index

    def rerun_of(step: Step) -> str:
        return index.rerun_of(step.type, without_raw(step.inputs)).value

    past = Past(
        run_id=request.run_id or "",
        history=history,
        borrowed=_borrowed(flow_index, request, ledger, history),
        rerun_of=rerun_of,
        named_jobs=flow_index.named_jobs(),
        needed_outputs=flow_index.needed_outputs(),
        written=_Written(ledger, flow_index.flow.id, request.run_id).step,
    )
    selection = Selection(
        only_job=request.only_job,
        from_step=None if request.from_step is None else _find_step(flow_index.flow, request.from_step),
        only_failed=request.only_failed,
        accept_changes=request.accept_changes,
    )
    return plan_run(flow_index.flow, past, selection, start=start)


class _Written:
    """Steps as they were written when the run did them, looked up when one was edited since."""

    def __init__(self, ledger: StateStore | None, flow_id: str, run_id: str | None) -> None:
        self._ledger = ledger
        self._key = None if run_id is None else RunKey(flow_id, run_id)
        self._found: dict[int, Mapping[tuple[str, str], object]] = {}

    def step(self, job_id: str, step_id: str, record: StepRecord) -> object:
        if self._key is None or self._ledger is None:
            return None
        if record.ran_in not in self._found:
            digests = {start.number: start.flow_digest for start in self._ledger.starts(self._key)}
            # As `claim_run` wrote it.
            written = cast("list[dict[str, Any]]", self._ledger.definitions(digests.get(record.ran_in, "")) or [])
            self._found[record.ran_in] = {(each["job"], each["step"]): each["definition"] for each in written}
        return self._found[record.ran_in].get((job_id, step_id))


def _find_step(flow: Flow, wanted: str) -> tuple[str, str]:
    """The job and the step that `job.step` or `step` stand for.

    Raises:
        InvalidInput: there is none, or more than one.
    """
    steps = [(job.id, step.id) for job in flow.jobs for step in job.steps]
    found = [each for each in steps if wanted in {each[1], ".".join(each)}]
    if not found:
        known = [name for each in steps for name in (each[1], ".".join(each))]
        raise InvalidInput(f"the flow has no step {wanted!r}", code="AF-STEP-UNKNOWN", help=did_you_mean(wanted, known))
    if len(found) > 1:
        raise InvalidInput(
            f"{len(found)} jobs have a step {wanted!r}",
            code="AF-STEP-UNKNOWN",
            help=f"say which: {', '.join('.'.join(each) for each in found)}",
        )
    return found[0]


def _borrowed(
    flow_index: FlowIndex, request: RunRequest, ledger: StateStore | None, history: History
) -> Mapping[str, JobRecord]:
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
        earlier_run = ledger.newest_run_with(flow.id, needed) if ledger and request.run_id is None else None
        if ledger is None or earlier_run is None:
            raise _needs_earlier(request, missing)
        jobs = ledger.history(RunKey(flow.id, earlier_run)).jobs
    wanted = flow_index.needed_outputs().get(request.only_job, frozenset())
    if masked := tuple(job_id for job_id in needed if job_id in wanted and jobs[job_id].is_masked):
        raise InvalidInput(
            f"job {request.only_job!r} refers to {', '.join(map(repr, masked))}, whose outputs hold a secret"
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
