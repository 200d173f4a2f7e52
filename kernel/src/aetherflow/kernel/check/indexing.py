"""Makes the index of a flow: one pass over its jobs and steps, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import InvalidInput, Problem, YamlPath
from ..quick_dataclasses import dataclass
from ..resolve.references import RESOURCE_ROOTS
from ..resolve.templates import Template, compile_value
from ..resolve.when import When, compile_when
from ..spec.models import Flow, Foreach, Job, Resource, SectionName, Step
from .definitions import FieldName, FlowIndex, JobIndex, StepKey, Use
from .roots import PARAMETER_ROOTS, Roots, roots_of


def index_flow(flow: Flow) -> FlowIndex:
    """Read what a flow defines, and compile all its templates and conditions."""
    return _Indexer(flow).index()


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose templates are compiled: a job, and the number of the step where it is one's."""

    job: JobIndex | None = None
    step: int | None = None


_NOBODY = _Owner()
#: What most steps and jobs give under `outputs`.
_NO_OUTPUTS = compile_value({}, roots=frozenset())


class _Indexer:
    """Collects what it comes by."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._uses: list[Use] = []
        self._problems: list[Problem] = []
        self._inputs: dict[StepKey, Template] = {}
        self._outputs: dict[StepKey, Template] = {}
        self._conditions: dict[str, When] = {}
        self._step_conditions: dict[StepKey, When] = {}
        self._foreach: dict[StepKey, Template] = {}
        self._job_outputs: dict[str, Template] = {}

    def index(self) -> FlowIndex:
        for parameter in self._flow.parameters.values():
            path = (*parameter.path, "default")
            self._template(parameter.default, path, PARAMETER_ROOTS, "parameter", _NOBODY)
        for resource in self._flow.resources.values():
            self._resource(resource)
        jobs = {job.job.id: job for job in _index_jobs(self._flow)}
        for job in jobs.values():
            self._job(job)
        return FlowIndex(
            flow=self._flow,
            jobs=jobs,
            uses=tuple(self._uses),
            problems=tuple(self._problems),
            compiled_inputs=self._inputs,
            compiled_outputs=self._outputs,
            compiled_conditions=self._conditions,
            compiled_step_conditions=self._step_conditions,
            compiled_foreach=self._foreach,
            compiled_job_outputs=self._job_outputs,
        )

    def _resource(self, resource: Resource) -> None:
        self._template(resource.config, (*resource.path, "config"), RESOURCE_ROOTS, "resource", _NOBODY)
        self._template(resource.options, (*resource.path, "options"), RESOURCE_ROOTS, "resource", _NOBODY)

    def _job(self, index: JobIndex) -> None:
        job, owner, is_at_end = index.job, _Owner(index), index.section != "jobs"
        roots = roots_of(is_at_end=is_at_end, is_repeated=False)
        repeated = roots_of(is_at_end=is_at_end, is_repeated=True)
        when = self._condition(job.when or "", (*job.path, "when"), roots.when, "when", owner)
        if when is not None:
            self._conditions[job.id] = when
        for number, step in enumerate(job.steps):
            self._step(step, (job.id, step.id), repeated if step.foreach else roots, _Owner(index, number))
        self._job_outputs_of(job, roots, owner)

    def _job_outputs_of(self, job: Job, roots: Roots, owner: _Owner) -> None:
        outputs: Template | None = _NO_OUTPUTS
        if job.outputs:
            outputs = self._template(job.outputs, (*job.path, "outputs"), roots.job_outputs, "job_outputs", owner)
        if outputs is not None:
            self._job_outputs[job.id] = outputs

    def _step(self, step: Step, key: StepKey, roots: Roots, owner: _Owner) -> None:
        if step.foreach is not None:
            self._items(step.foreach, key, roots, owner)
        if step.when is not None:
            when = self._condition(step.when, (*step.path, "when"), roots.step_when, "step_when", owner)
            if when is not None:
                self._step_conditions[key] = when
        inputs = self._template(step.inputs, (*step.path, "inputs"), roots.inputs, "inputs", owner)
        if inputs is not None:
            self._inputs[key] = inputs
        outputs: Template | None = _NO_OUTPUTS
        if step.outputs:
            outputs = self._template(step.outputs, (*step.path, "outputs"), roots.outputs, "outputs", owner)
        if outputs is not None:
            self._outputs[key] = outputs

    def _items(self, foreach: Foreach, key: StepKey, roots: Roots, owner: _Owner) -> None:
        items = self._template(foreach.source, foreach.source_path, roots.foreach, "foreach", owner)
        if items is not None:
            self._foreach[key] = items

    def _condition(
        self, text: str, path: YamlPath, roots: frozenset[str], field: FieldName, owner: _Owner
    ) -> When | None:
        try:
            when = compile_when(text, roots=roots, path=path)
        except InvalidInput as error:
            self._problems.extend(error.problems)
            return None
        self._uses.extend(Use(reference, field, owner.job, owner.step) for reference in when.references)
        return when

    def _template(
        self, value: object, path: YamlPath, roots: frozenset[str], field: FieldName, owner: _Owner
    ) -> Template | None:
        try:
            template = compile_value(value, roots=roots, path=path)
        except InvalidInput as error:
            self._problems.extend(error.problems)
            return None
        if template.references:
            self._uses.extend(Use(reference, field, owner.job, owner.step) for reference in template.references)
        return template


def _index_jobs(flow: Flow) -> Iterator[JobIndex]:
    number = 0
    for section, jobs in flow.sections.items():
        for job in jobs:
            yield _index_job(job, number, section)
            number += 1


def _index_job(job: Job, number: int, section: SectionName) -> JobIndex:
    steps = {step.id: position for position, step in enumerate(job.steps)}
    outputs: dict[str, int] = {}
    for position, step in enumerate(job.steps):
        for name in step.outputs:
            outputs.setdefault(name, position)
    return JobIndex(job, number, section, steps, outputs)
