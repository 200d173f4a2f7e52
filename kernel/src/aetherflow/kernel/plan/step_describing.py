"""The steps of a job, described before it runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..errors import InvalidInput
from ..resolve.schemas import DeclaredTypes, names_resource
from ..resolve.text import fit
from .decisions import Decision
from .description import Foreseen, Repetition, StepDescription
from .knowledge import is_never
from .outlook import Outlook, by_condition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..check.definitions import FlowIndex
    from ..plugins.index import PluginIndex
    from ..plugins.records import StepEntry
    from ..spec.models import Foreach, Retry
    from .decisions import JobPlan, StepPlan
    from .description import Condition, Waiting
    from .knowledge import Knowledge

_LISTS = {"type": "object", "additionalProperties": {"type": "array"}}
#: Where a job ends so, its steps do.
_WITHOUT_STEPS = frozenset({Foreseen.SKIP, Foreseen.BLOCK, Foreseen.LEAVE, Foreseen.FAIL})


class StepDescriber:
    """Describes the steps of one job; the outputs of those that are restored are known to those behind them."""

    def __init__(
        self, flow_index: FlowIndex, index: PluginIndex, knowledge: Knowledge, plan: JobPlan, outlook: Outlook
    ) -> None:
        self._flow_index = flow_index
        self._index = index
        self._plan = plan
        self._outlook_of_job = outlook
        self._job = flow_index.jobs[plan.job.id]
        steps = {
            step.step.id: step.earlier.outputs or {}
            for step in plan.steps
            if step.decision is Decision.RESTORE and step.earlier is not None and step.earlier.status.is_done
        }
        self._knowledge = knowledge.having(steps=steps, job={"id": plan.job.id, "outputs": _promoted(plan, steps)})

    def describe(self) -> tuple[StepDescription, ...]:
        """All of them, in order."""
        return tuple(map(self._described, self._plan.steps))

    def _described(self, plan: StepPlan) -> StepDescription:
        step, key = plan.step, (self._plan.job.id, plan.step.id)
        entry = self._index.step(step.type)
        rendered, waiting = self._knowledge.render(self._flow_index.inputs(*key), step.path, self._job)
        inputs, problem = _fitted(rendered, entry)
        when = self._knowledge.ask(self._flow_index.step_when(*key), step.when, self._job)
        foreach = None if step.foreach is None else self._repetition(step.foreach, key)
        problems = [problem, *_nevers(waiting), foreach.problem if foreach else ""]
        outlook = self._outlook(plan, when, next(filter(None, problems), ""))
        return StepDescription(
            step_id=step.id,
            step_type=step.type,
            plugin=entry.plugin.name,
            version=entry.plugin.version,
            rerun=plan.rerun,
            decision=plan.decision.value,
            reason=plan.reason,
            foreseen=outlook.foreseen,
            why=outlook.why or plan.reason,
            when=when,
            foreach=foreach,
            retry=None if step.retry is None else _retry(step.retry),
            timeout_seconds=step.timeout_seconds,
            continue_on_error=step.continue_on_error,
            on_no_data=step.on_no_data,
            resources=tuple(dict.fromkeys(self._resources(step.type, rendered))),
            inputs=inputs,
            waits_for=waiting,
        )

    def _outlook(self, plan: StepPlan, when: Condition | None, problem: str) -> Outlook:
        if self._outlook_of_job.foreseen in _WITHOUT_STEPS:
            return self._outlook_of_job
        if plan.decision is Decision.RESTORE:
            return Outlook(Foreseen.RESTORE, plan.reason)
        outlook = by_condition(when)
        if outlook.foreseen is Foreseen.RUN and problem:
            return Outlook(Foreseen.FAIL, problem)
        return outlook

    def _repetition(self, foreach: Foreach, key: tuple[str, str]) -> Repetition:
        rendered, waiting = self._knowledge.render(self._flow_index.foreach(*key), foreach.path, self._job)
        items, problem = None, next(_nevers(waiting), "")
        if not waiting:
            items, problem = _count(foreach, rendered)
        return Repetition(items=items, max_parallel=foreach.max_parallel, waits_for=waiting, problem=problem)

    def _resources(self, step_type: str, inputs: object) -> Iterator[str]:
        """The resources that a step's inputs name, and those of a step that stands inside it."""
        if not isinstance(inputs, dict):
            return
        entry = self._index.step(step_type)
        declared = DeclaredTypes(entry.inputs)
        known = self._flow_index.flow.resources
        for name, value in inputs.items():
            is_name = isinstance(value, str) and value in known
            if is_name and names_resource(declared.of_property(declared.top(), inputs, name)):
                yield str(value)
        inner = inner_step(entry, inputs)
        if inner is not None:
            yield from self._resources(*inner)


def _promoted(plan: JobPlan, restored: Mapping[str, object]) -> dict[str, object]:
    """The outputs of a job that its restored steps gave, and none that is to run gives again."""
    if plan.earlier is None or plan.earlier.is_masked:
        return {}
    again = {name for step in plan.steps if step.step.id not in restored for name in step.step.outputs}
    given = {name for step in plan.steps if step.step.id in restored for name in step.step.outputs}
    return {name: value for name, value in plan.earlier.outputs.items() if name in given - again}


def inner_step(entry: StepEntry, inputs: object) -> tuple[str, object] | None:
    """The type and the inputs of the step that stands inside another one, where it is written out."""
    step = inputs.get(entry.inner_step) if entry.inner_step and isinstance(inputs, dict) else None
    if not isinstance(step, dict) or not isinstance(step.get("type"), str) or "{{" in step["type"]:
        return None
    return step["type"], step.get("inputs")


def _fitted(inputs: object, entry: StepEntry) -> tuple[object, str]:
    """Inputs with texts from outside in the types that the step declares, or why they don't fit."""
    try:
        return fit(inputs, entry.inputs), ""
    except InvalidInput as error:
        return inputs, error.problem.message


def _count(foreach: Foreach, rendered: object) -> tuple[int | None, str]:
    """How many items there are, or why that can't be said."""
    try:
        lists = fit({"items": rendered} if foreach.matrix is None else rendered, _LISTS)
    except InvalidInput as error:
        return None, error.problem.message
    found = list(lists.values()) if isinstance(lists, dict) else []
    if not all(isinstance(each, list) for each in found):
        return None, "what it is repeated for is no list"
    return math.prod(len(each) for each in found), ""


def _nevers(waiting: tuple[Waiting, ...]) -> Iterator[str]:
    return (f"{each.reference or each.path}: {each.until}" for each in waiting if is_never(each))


def _retry(retry: Retry) -> dict[str, object]:
    return {
        "max_attempts": retry.max_attempts,
        "backoff_seconds": retry.backoff_seconds,
        "backoff_multiplier": retry.backoff_multiplier,
        "max_backoff_seconds": retry.max_backoff_seconds,
        "jitter": retry.jitter,
        "on_errors": list(retry.on_errors),
    }
