"""One index of a flow: what it defines and what refers to what, with every template compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar

from ..errors import InvalidInput, Problem
from ..quick_dataclasses import dataclass, replace
from ..resolve.references import Reference
from ..resolve.templates import Template
from ..resolve.when import When
from ..spec.models import Flow, Job, SectionName, Step

FieldName = Literal["parameter", "resource", "when", "step_when", "foreach", "inputs", "outputs", "job_outputs"]
StepKey = tuple[str, str]
_Key = TypeVar("_Key")
_Compiled = TypeVar("_Compiled")


@dataclass(frozen=True, slots=True)
class JobIndex:
    """A job among the others."""

    job: Job
    number: int
    #: The part of the flow that it stands in.
    section: SectionName
    #: The number of each step.
    steps: Mapping[str, int]
    #: For each output that a step promotes, the number of the first step that gives it.
    outputs: Mapping[str, int]

    @property
    def output_names(self) -> frozenset[str]:
        """All outputs of the job: those that its steps promote, and those that it gives at its end."""
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

    @property
    def own_step(self) -> Step | None:
        """The step that it stands in; null where it stands in none."""
        return None if self.job is None or self.step is None else self.job.job.steps[self.step]

    @property
    def is_in_condition(self) -> bool:
        """Whether it stands in a condition, where what is missing is null, and not in a template."""
        return self.field in ("when", "step_when")

    def as_written(self, dotted: str) -> str:
        """A reference as it is written there."""
        return dotted if self.is_in_condition else f"{{{{{dotted}}}}}"


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
        if self.jobs[job_id].step(step_id).when is None:
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
        """For each job the other ones whose results its conditions, inputs or outputs refer to.

        A job that refers to none is left out.
        """
        named: dict[str, set[str]] = {}
        for use in self.uses:
            parts = use.reference.parts
            if use.job is None or parts[0] != "jobs" or len(parts) == 1:
                continue
            if parts[1] in self.jobs and parts[1] != use.job.job.id:
                named.setdefault(use.job.job.id, set()).add(parts[1])
        return {job_id: frozenset(others) for job_id, others in named.items()}

    def named_steps(self) -> Mapping[str, frozenset[str]]:
        """For each job those of its steps whose outputs it refers to; a job that refers to none is left out."""
        named: dict[str, set[str]] = {}
        for use in self.uses:
            parts = use.reference.parts
            if use.job is not None and parts[0] == "steps":
                # `steps` as a whole holds the outputs of all.
                named.setdefault(use.job.job.id, set()).update(parts[1:2] or use.job.steps)
        return {job_id: frozenset(steps) for job_id, steps in named.items()}

    def needed_outputs(self) -> Mapping[str, frozenset[str]]:
        """For each job the other ones whose outputs it refers to; one that refers to none is left out."""
        needed: dict[str, set[str]] = {}
        for use in self.uses:
            parts = use.reference.parts
            # `jobs.ID` as a whole holds the outputs too.
            if use.job is None or parts[0] != "jobs" or len(parts) == 1 or parts[2:3] not in {(), ("outputs",)}:
                continue
            if parts[1] != use.job.job.id:
                needed.setdefault(use.job.job.id, set()).add(parts[1])
        return {job_id: frozenset(others) for job_id, others in needed.items()}

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
