"""One index of a flow: what it defines and what refers to what, with every template compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar

from ..errors import InvalidInput, Problem, YamlPath
from ..quick_dataclasses import dataclass, replace
from ..resolve.references import RESOURCE_ROOTS, Reference
from ..resolve.templates import Template, compile_value
from ..resolve.when import When, compile_when
from ..spec.models import Flow, Job, Resource, Step

PARAMETER_ROOTS = frozenset({"env", "run"})
INPUT_ROOTS = frozenset({"env", "params", "run", "steps", "job", "jobs", "flow_id", "run_id"})
OUTPUT_ROOTS = INPUT_ROOTS | {"result"}

FieldName = Literal["parameter", "resource", "when", "inputs", "outputs"]
StepKey = tuple[str, str]
_Key = TypeVar("_Key")
_Compiled = TypeVar("_Compiled")


@dataclass(frozen=True, slots=True)
class JobIndex:
    """A job among the others."""

    job: Job
    number: int
    #: The number of each step.
    steps: Mapping[str, int]
    #: For each output of the job, the number of the first step that gives it.
    outputs: Mapping[str, int]


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

    def jobs_named_by(self, job_id: str) -> tuple[str, ...]:
        """The other jobs whose results a job's condition, inputs or outputs refer to, in the order of the file."""
        own = [use.reference.parts for use in self.uses if use.job is not None and use.job.job.id == job_id]
        named = {parts[1] for parts in own if parts[0] == "jobs" and len(parts) > 1}
        return tuple(other for other in self.jobs if other in named and other != job_id)

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

    def index(self) -> FlowIndex:
        for parameter in self._flow.parameters.values():
            self._compile(parameter.default, (*parameter.path, "default"), PARAMETER_ROOTS, "parameter")
        for resource in self._flow.resources.values():
            self._resource(resource)
        jobs = {job.id: _index_job(job, number) for number, job in enumerate(self._flow.jobs)}
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
        )

    def _resource(self, resource: Resource) -> None:
        self._compile(resource.config, (*resource.path, "config"), RESOURCE_ROOTS, "resource")
        self._compile(resource.options, (*resource.path, "options"), RESOURCE_ROOTS, "resource")

    def _job(self, job: JobIndex) -> None:
        try:
            when = compile_when(job.job.when or "", path=(*job.job.path, "when"))
        except InvalidInput as error:
            self._problems.extend(error.problems)
        else:
            self._conditions[job.job.id] = when
            self._uses.extend(Use(reference, "when", job) for reference in when.references)
        for number, step in enumerate(job.job.steps):
            self._step(job, number, step)

    def _step(self, job: JobIndex, number: int, step: Step) -> None:
        inputs = self._compile(step.inputs, (*step.path, "inputs"), INPUT_ROOTS, "inputs", job, number)
        if inputs is not None:
            self._inputs[job.job.id, step.id] = inputs
        outputs = self._compile(step.outputs, (*step.path, "outputs"), OUTPUT_ROOTS, "outputs", job, number)
        if outputs is not None:
            self._outputs[job.job.id, step.id] = outputs

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


def _index_job(job: Job, number: int) -> JobIndex:
    steps = {step.id: position for position, step in enumerate(job.steps)}
    outputs: dict[str, int] = {}
    for position, step in enumerate(job.steps):
        for name in step.outputs:
            outputs.setdefault(name, position)
    return JobIndex(job, number, steps, outputs)
