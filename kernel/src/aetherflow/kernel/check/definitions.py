"""One index of a flow: what it defines and what refers to what, with every template compiled once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeVar

from ..errors import InvalidInput, Problem, YamlPath
from ..quick_dataclasses import dataclass, replace
from ..resolve.references import RESOURCE_ROOTS, Reference
from ..resolve.templates import Template, compile_value
from ..resolve.when import WHEN_ROOTS, When, compile_when
from ..spec.models import Flow, Foreach, Job, Resource, Step

PARAMETER_ROOTS = frozenset({"env", "run"})
INPUT_ROOTS = frozenset({"env", "params", "run", "steps", "job", "jobs", "flow_id", "run_id"})
OUTPUT_ROOTS = INPUT_ROOTS | {"result"}
STEP_WHEN_ROOTS = INPUT_ROOTS - {"flow_id", "run_id"}
#: What a step that is repeated may name besides.
ITEM_ROOTS = frozenset({"item", "item_index"})
#: What jobs that run at the end may name besides.
FAILURE_ROOTS = frozenset({"failure"})

FieldName = Literal["parameter", "resource", "when", "step_when", "foreach", "inputs", "outputs", "job_outputs"]
Section = Literal["jobs", "on_failure", "finally"]
StepKey = tuple[str, str]
_Key = TypeVar("_Key")
_Compiled = TypeVar("_Compiled")


@dataclass(frozen=True, slots=True)
class JobIndex:
    """A job among the others."""

    job: Job
    number: int
    #: The part of the flow that it stands in.
    section: Section
    #: The number of each step.
    steps: Mapping[str, int]
    #: For each output that a step promotes, the number of the first step that gives it.
    outputs: Mapping[str, int]

    @property
    def output_names(self) -> frozenset[str]:
        """All outputs of the job: those that its steps promote, and its own."""
        return frozenset({*self.outputs, *self.job.outputs})

    def step(self, step_id: str) -> Step:
        """The step of this name."""
        return self.job.steps[self.steps[step_id]]


@dataclass(frozen=True, slots=True)
class Use:
    """A reference where it stands: in which field, and of which job and step."""

    reference: Reference
    field: FieldName
    job: JobIndex | None = None
    #: The step's number in its job.
    step: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowIndex:
    """What a flow defines, and the compiled templates of its steps, for checking and for running."""

    flow: Flow
    jobs: Mapping[str, JobIndex]
    uses: tuple[Use, ...]
    #: Templates and conditions that can't be read.
    problems: tuple[Problem, ...]
    compiled_inputs: Mapping[StepKey, Template]
    compiled_outputs: Mapping[StepKey, Template]
    compiled_conditions: Mapping[str, When]
    compiled_step_conditions: Mapping[StepKey, When]
    #: The items, or the lists of the matrix.
    compiled_foreach: Mapping[StepKey, Template]
    compiled_job_outputs: Mapping[str, Template]

    def inputs(self, job_id: str, step_id: str) -> Template:
        """The inputs of a step, ready to be rendered.

        Raises:
            InvalidInput: they could not be compiled.
        """
        return self._compiled(self.compiled_inputs, (job_id, step_id))

    def outputs(self, job_id: str, step_id: str) -> Template:
        """The outputs of a step, ready to be rendered.

        Raises:
            InvalidInput: they could not be compiled.
        """
        return self._compiled(self.compiled_outputs, (job_id, step_id))

    def when(self, job_id: str) -> When:
        """The condition of a job; one that always holds where the job has none.

        Raises:
            InvalidInput: it could not be compiled.
        """
        return self._compiled(self.compiled_conditions, job_id)

    def step_when(self, job_id: str, step_id: str) -> When | None:
        """The condition of a step; null where it has none.

        Raises:
            InvalidInput: it could not be compiled.
        """
        if (job_id, step_id) not in self.compiled_step_conditions and self.jobs[job_id].step(step_id).when is None:
            return None
        return self._compiled(self.compiled_step_conditions, (job_id, step_id))

    def foreach(self, job_id: str, step_id: str) -> Template:
        """The items that a step is repeated for, or the lists of its matrix, ready to be rendered.

        Raises:
            InvalidInput: they could not be compiled.
        """
        return self._compiled(self.compiled_foreach, (job_id, step_id))

    def job_outputs(self, job_id: str) -> Template:
        """The outputs that a job gives at its end, ready to be rendered.

        Raises:
            InvalidInput: they could not be compiled.
        """
        return self._compiled(self.compiled_job_outputs, job_id)

    def named_jobs(self) -> Mapping[str, frozenset[str]]:
        """For each job the other ones whose results its conditions, inputs or outputs refer to."""
        named: dict[str, set[str]] = {}
        for use in self.uses:
            parts = use.reference.parts
            if use.job is not None and parts[0] == "jobs" and len(parts) > 1 and parts[1] in self.jobs:
                named.setdefault(use.job.job.id, set()).add(parts[1])
        return {job_id: frozenset(others - {job_id}) for job_id, others in named.items()}

    def jobs_named_by(self, job_id: str) -> tuple[str, ...]:
        """The other jobs whose results a job's condition, inputs or outputs refer to, in the order of the file."""
        named = self.named_jobs().get(job_id, frozenset())
        return tuple(other for other in self.jobs if other in named)

    def locate(self, problem: Problem, *, at_key: bool = False) -> Problem:
        """The problem with the place of its path, where it has none yet."""
        document = self.flow.document
        find = document.where_key if at_key else document.where
        return problem if problem.where else replace(problem, where=find(problem.path))

    def _compiled(self, compiled: Mapping[_Key, _Compiled], key: _Key) -> _Compiled:
        if key not in compiled:
            raise InvalidInput.of(self.problems)
        return compiled[key]


def index_flow(flow: Flow) -> FlowIndex:
    """Read what a flow defines, and compile all its templates and conditions."""
    return _Indexer(flow).index()


class _Indexer:
    """Goes through a flow once, in the order of its file."""

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
            self._compile(parameter.default, (*parameter.path, "default"), PARAMETER_ROOTS, "parameter")
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
        self._compile(resource.config, (*resource.path, "config"), RESOURCE_ROOTS, "resource")
        self._compile(resource.options, (*resource.path, "options"), RESOURCE_ROOTS, "resource")

    def _job(self, job: JobIndex) -> None:
        more = FAILURE_ROOTS if job.section != "jobs" else frozenset()
        when = self._condition(job.job.when or "", (*job.job.path, "when"), WHEN_ROOTS | more, "when", job)
        if when is not None:
            self._conditions[job.job.id] = when
        for number, step in enumerate(job.job.steps):
            self._step(job, number, step, more)
        outputs = self._compile(job.job.outputs, (*job.job.path, "outputs"), INPUT_ROOTS | more, "job_outputs", job)
        if outputs is not None:
            self._job_outputs[job.job.id] = outputs

    def _step(self, job: JobIndex, number: int, step: Step, more: frozenset[str]) -> None:
        key = (job.job.id, step.id)
        if step.foreach is not None:
            self._items(job, number, step.foreach, INPUT_ROOTS | more)
            more |= ITEM_ROOTS
        if step.when is not None:
            path = (*step.path, "when")
            when = self._condition(step.when, path, STEP_WHEN_ROOTS | more, "step_when", job, number)
            if when is not None:
                self._step_conditions[key] = when
        inputs = self._compile(step.inputs, (*step.path, "inputs"), INPUT_ROOTS | more, "inputs", job, number)
        if inputs is not None:
            self._inputs[key] = inputs
        outputs = self._compile(
            step.outputs, (*step.path, "outputs"), OUTPUT_ROOTS | (more - ITEM_ROOTS), "outputs", job, number
        )
        if outputs is not None:
            self._outputs[key] = outputs

    def _items(self, job: JobIndex, number: int, foreach: Foreach, roots: frozenset[str]) -> None:
        name, value = ("items", foreach.items) if foreach.matrix is None else ("matrix", foreach.matrix)
        template = self._compile(value, (*foreach.path, name), roots, "foreach", job, number)
        if template is not None:
            self._foreach[job.job.id, job.job.steps[number].id] = template

    def _condition(
        self,
        text: str,
        path: YamlPath,
        roots: frozenset[str],
        field: FieldName,
        job: JobIndex,
        step: int | None = None,
    ) -> When | None:
        try:
            when = compile_when(text, roots=roots, path=path)
        except InvalidInput as error:
            self._problems.extend(error.problems)
            return None
        self._uses.extend(Use(reference, field, job, step) for reference in when.references)
        return when

    def _compile(
        self,
        value: object,
        path: YamlPath,
        roots: frozenset[str],
        field: FieldName,
        job: JobIndex | None = None,
        step: int | None = None,
    ) -> Template | None:
        try:
            template = compile_value(value, roots=roots, path=path)
        except InvalidInput as error:
            self._problems.extend(error.problems)
            return None
        if template.references:
            self._uses.extend(Use(reference, field, job, step) for reference in template.references)
        return template


def _index_jobs(flow: Flow) -> Iterator[JobIndex]:
    sections: tuple[tuple[Section, tuple[Job, ...]], ...] = (
        ("jobs", flow.jobs),
        ("on_failure", flow.on_failure),
        ("finally", flow.finally_),
    )
    number = 0
    for section, jobs in sections:
        for job in jobs:
            yield _index_job(job, number, section)
            number += 1


def _index_job(job: Job, number: int, section: Section) -> JobIndex:
    steps = {step.id: position for position, step in enumerate(job.steps)}
    outputs: dict[str, int] = {}
    for position, step in enumerate(job.steps):
        for name in step.outputs:
            outputs.setdefault(name, position)
    return JobIndex(job, number, section, steps, outputs)
