"""Makes the description of a plan: each job in its turn, with what is known of it before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..contracts.events import Status
from .decisions import Decision
from .description import Foreseen, JobDescription, Predecessor
from .outlook import FALSE, Outlook, by_condition
from .outputs import declared_outputs, kept_outputs
from .readiness import Readiness
from .step_describing import StepDescriber

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..check.definitions import FlowIndex
    from ..plugins.index import PluginIndex
    from ..spec.models import SectionName
    from .decisions import JobPlan, Plan
    from .description import Condition
    from .knowledge import Knowledge

_IDLE = "the run is done, and nothing is left to do"
_AFTER_A_FAILURE = "where the run fails"


def describe_jobs(
    flow_index: FlowIndex, plan: Plan, index: PluginIndex, knowledge: Knowledge, *, is_idle: bool
) -> tuple[JobDescription, ...]:
    """All jobs of a plan, in the order in which they start where one runs at a time.

    Args:
        flow_index: the flow.
        plan: what is decided about each job and step.
        index: what the plugins say of the steps.
        knowledge: the values that are known by now.
        is_idle: the run is done and has no work left, so that its end is not repeated either.
    """
    return tuple(_Describer(flow_index, index, knowledge).describe(plan, is_idle=is_idle))


def in_order(plans: Sequence[JobPlan], named_jobs: Mapping[str, frozenset[str]]) -> Iterator[JobPlan]:
    """Jobs in the order in which they start where one runs at a time."""
    readiness = Readiness(plans, named_jobs)
    while (number := readiness.take()) is not None:
        yield plans[number]
        readiness.release(number)


class _Describer:
    """Goes through the jobs in their order, and learns from each what is known of those behind it."""

    def __init__(self, flow_index: FlowIndex, index: PluginIndex, knowledge: Knowledge) -> None:
        self._flow_index = flow_index
        self._index = index
        self._knowledge = knowledge
        self._named = flow_index.named_jobs()
        #: How each job stands at the end, as far as that is known.
        self._statuses: dict[str, Status] = {}
        #: The jobs of which it is decided on the way whether they run.
        self._open: set[str] = set()
        #: What `jobs` resolves to, as far as that is known.
        self._jobs: dict[str, object] = {}

    def describe(self, plan: Plan, *, is_idle: bool) -> Iterator[JobDescription]:
        """Each job, in order."""
        for job in in_order(plan.jobs, self._named):
            yield self._described(job, "jobs")
        for job in in_order(plan.on_failure, self._named):
            yield self._described(job, "on_failure", is_idle=is_idle)
        # One after the other, in the order of the file.
        for job in plan.finally_:
            yield self._described(job, "finally", is_idle=is_idle)

    def _described(self, plan: JobPlan, section: SectionName, *, is_idle: bool = False) -> JobDescription:
        job_id = plan.job.id
        knowledge = self._knowledge.having(jobs=self._jobs, job={"id": job_id})
        when = knowledge.ask(self._flow_index.when(job_id), plan.job.when, self._flow_index.jobs[job_id])
        outlook = Outlook(Foreseen.LEAVE, _IDLE) if is_idle else self._outlook(plan, when)
        if section == "on_failure" and outlook.foreseen is Foreseen.RUN:
            outlook = Outlook(Foreseen.OPEN, _AFTER_A_FAILURE)
        self._learn(plan, outlook.foreseen)
        return JobDescription(
            job_id=job_id,
            section=section,
            decision=plan.decision.value,
            reason=plan.reason,
            foreseen=outlook.foreseen,
            why=outlook.why or plan.reason,
            waits_for=tuple(self._predecessors(plan)),
            when=when,
            timeout_seconds=plan.job.timeout_seconds,
            steps=StepDescriber(self._flow_index, self._index, knowledge, plan, outlook).describe(),
        )

    def _predecessors(self, plan: JobPlan) -> Iterator[Predecessor]:
        for other in plan.job.depends_on:
            yield Predecessor(job_id=other, because="depends_on")
        named = self._named.get(plan.job.id, frozenset()).difference(plan.job.depends_on)
        for other in sorted(named, key=lambda job_id: self._flow_index.jobs[job_id].number):
            yield Predecessor(job_id=other, because="reference")

    def _outlook(self, plan: JobPlan, when: Condition | None) -> Outlook:
        if plan.decision is Decision.RESTORE:
            return Outlook(Foreseen.RESTORE, plan.reason)
        if plan.decision is Decision.LEAVE:
            return Outlook(Foreseen.LEAVE, plan.reason)
        for other in plan.job.depends_on:
            status = self._statuses.get(other, Status.SUCCESS)
            if status is not Status.SUCCESS:
                return Outlook(Foreseen.BLOCK, f"job {other!r}, which it depends on, is {status}")
        outlook = by_condition(when)
        if outlook.foreseen is Foreseen.RUN and (opens := [each for each in plan.job.depends_on if each in self._open]):
            return Outlook(Foreseen.OPEN, f"decided after job {opens[0]}, which may be skipped")
        return outlook

    def _learn(self, plan: JobPlan, foreseen: Foreseen) -> None:
        """What later jobs can know of this one already."""
        earlier = plan.earlier
        match foreseen:
            case Foreseen.OPEN:
                self._open.add(plan.job.id)
            case Foreseen.SKIP:
                self._see_unless_blocked(plan, Status.SKIPPED, FALSE)
            case Foreseen.FAIL:
                self._see_unless_blocked(plan, Status.FAILED)
            case Foreseen.BLOCK:
                self._see(plan, Status.BLOCKED, declared_outputs(plan))
            case Foreseen.RESTORE if earlier is not None:
                self._see(plan, earlier.status, kept_outputs(plan), earlier.reason)
            case Foreseen.LEAVE if earlier is not None:
                self._see(plan, earlier.status, {} if earlier.is_masked else kept_outputs(plan))
            case Foreseen.LEAVE:
                self._statuses[plan.job.id] = Status.PENDING

    def _see_unless_blocked(self, plan: JobPlan, status: Status, reason: str = "") -> None:
        """A job whose condition is not even asked where what it depends on ends badly, or the flow fails fast."""
        is_asked = all(self._statuses.get(each) is Status.SUCCESS for each in plan.job.depends_on)
        if is_asked and not self._flow_index.flow.concurrency.fail_fast:
            self._see(plan, status, declared_outputs(plan), reason)
        else:
            # Whatever it is, it is no success.
            self._statuses[plan.job.id] = status

    def _see(self, plan: JobPlan, status: Status, outputs: Mapping[str, object], reason: str = "") -> None:
        self._statuses[plan.job.id] = status
        skipped = reason if status is Status.SKIPPED else None
        self._jobs[plan.job.id] = {"status": status.value, "outputs": outputs, "skip_reason": skipped}
