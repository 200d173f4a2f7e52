"""What the references of a flow stand for, as far as manifests and the flow itself tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..contracts.events import Status
from ..spec.values import Raw, without_raw
from .contributions import OUTPUTS_OF_A_SKIP, Contributions
from .kinds import UNKNOWN, Kind, kind_of_schema, kind_of_texts, kind_of_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..errors import YamlPath
    from ..resolve.references import Reference
    from ..spec.models import Parameter, Step
    from .definitions import FlowIndex, JobIndex, Use

#: Outputs are made of outputs, so deep.
_DEEPEST = 16
_WHOLE_NUMBER = kind_of_schema({"type": "integer"})
_TEXT = kind_of_texts()
_TEXT_OR_NULL = kind_of_schema({"type": ["string", "null"]})
_PARAMETERS: Mapping[str, Kind] = {
    "string": _TEXT,
    "date": kind_of_schema({"type": "string", "format": "date"}),
    "datetime": kind_of_schema({"type": "string", "format": "date-time"}),
    "list": kind_of_schema({"type": "array"}),
    **{name: kind_of_schema({"type": name}) for name in ("integer", "number", "boolean", "object")},
}
_RUN: Mapping[str, Kind] = {
    "id": _TEXT,
    "date": _PARAMETERS["date"],
    "scheduled_time": _PARAMETERS["datetime"],
    "attempt": _WHOLE_NUMBER,
}
_ENDED = (Status.SUCCESS, Status.SKIPPED, Status.BLOCKED, Status.FAILED, Status.TIMED_OUT, Status.LOCK_LOST)
_FAILURE = kind_of_texts(*map(str, (Status.FAILED, Status.TIMED_OUT, Status.LOCK_LOST, Status.INTERRUPTED)))
_OF_SKIP: Mapping[str, Kind] = {"reason": _TEXT, "skipped": kind_of_schema({"type": "boolean"})}


def kind_of_parameter(parameter: Parameter) -> Kind:
    """What a parameter may be."""
    return _PARAMETERS[parameter.type]


class Referents:
    """Answers for each reference what it stands for; asked for those alone that a rule looks at."""

    def __init__(self, flow: FlowIndex, contributions: Contributions) -> None:
        self._flow = flow
        self._contributions = contributions
        self._outputs: dict[str, Kind] = {}
        self._depended_on: dict[str, frozenset[str]] = {}
        self._by_path: dict[YamlPath, list[Use]] = {}
        for use in flow.uses:
            self._by_path.setdefault(use.reference.path, []).append(use)
        self._roots: Mapping[str, Callable[[Use, int], Kind]] = {
            "env": lambda _use, _depth: _TEXT,
            "flow_id": lambda _use, _depth: _TEXT,
            "run_id": lambda _use, _depth: _TEXT,
            "item_index": lambda _use, _depth: _WHOLE_NUMBER,
            "params": self._parameter,
            "run": lambda use, _depth: _RUN.get(_part(use, 1) or "", UNKNOWN),
            "steps": self._step,
            "result": self._result,
            "job": self._own_job,
            "jobs": self._job,
            "item": self._item,
            "failure": self._failure,
        }

    def uses_at(self, path: YamlPath) -> Sequence[Use]:
        """The references that stand at a path."""
        return self._by_path.get(path, ())

    def of(self, use: Use, depth: int = 0) -> Kind:
        """What a reference stands for where it finds something; its default is left out."""
        find = self._roots.get(use.reference.root)
        return find(use, depth + 1) if find is not None and depth <= _DEEPEST else UNKNOWN

    def _failure(self, use: Use, _depth: int) -> Kind:
        part = _part(use, 1)
        if part == "status":
            is_sure = use.job is not None and use.job.section == "on_failure"
            return _FAILURE if is_sure else _FAILURE.or_else(kind_of_value(None))
        return UNKNOWN if part is None else _TEXT_OR_NULL

    def _parameter(self, use: Use, _depth: int) -> Kind:
        parameter = self._flow.flow.parameters.get(_part(use, 1) or "")
        if parameter is None:
            return UNKNOWN
        return _below(kind_of_parameter(parameter), use.reference, 2)

    def _step(self, use: Use, _depth: int) -> Kind:
        name = _part(use, 1)
        if name is None or use.job is None or name not in use.job.steps:
            return UNKNOWN
        return self._output(use.job.step(name), use.reference, 2)

    def _result(self, use: Use, _depth: int) -> Kind:
        step = use.own_step
        return UNKNOWN if step is None else self._output(step, use.reference, 1)

    def _output(self, step: Step, reference: Reference, depth: int) -> Kind:
        """An output of a step, a list of all its items' where it is repeated."""
        if len(reference.parts) <= depth:
            return kind_of_schema({"type": "object"})
        kind = self._output_of_type(step.type, step.inputs, reference.parts[depth])
        if step.foreach is not None:
            return kind.listed() if kind.parts else kind_of_schema({"type": "array"})
        return _below(kind, reference, depth + 1)

    def _output_of_type(self, step_type: str, inputs: object, name: str, depth: int = 0) -> Kind:
        known = self._contributions.step(step_type).found
        if known is None or depth > _DEEPEST:
            return UNKNOWN
        source = next(iter((known.outputs_from or {}).values()), "").removeprefix("inputs.")
        given = inputs.get(source) if isinstance(inputs, Mapping) else None
        if "step" in (known.outputs_from or ()):
            if not isinstance(given, Mapping) or not isinstance(given.get("type"), str):
                return UNKNOWN
            return self._output_of_type(given["type"], given.get("inputs", {}), name, depth + 1)
        declared = known.outputs.get("properties", {})
        if name in OUTPUTS_OF_A_SKIP and name not in declared:
            return _OF_SKIP[name]
        if isinstance(given, Mapping) and name in given and name not in declared:
            return kind_of_value(given[name])
        if step_type not in self._outputs:
            self._outputs[step_type] = kind_of_schema(known.outputs)
        return self._outputs[step_type].at(name)

    def outputs_of(self, step: Step) -> Mapping[str, Kind]:
        """The outputs of a step that is not repeated, by name; none where they are not known."""
        names = self._contributions.output_names(step.type, step.inputs) if step.foreach is None else None
        return {name: self._output_of_type(step.type, step.inputs, name) for name in sorted(names or ())}

    def _own_job(self, use: Use, depth: int) -> Kind:
        part, name = _part(use, 1), _part(use, 2)
        if part == "id":
            return _TEXT
        if part != "outputs" or name is None or use.job is None:
            return UNKNOWN
        until = len(use.job.job.steps) if use.step is None else use.step
        return _below(self._promoted(use.job, name, until, depth), use.reference, 3)

    def _job(self, use: Use, depth: int) -> Kind:
        other = self._flow.jobs.get(_part(use, 1) or "")
        part, name = _part(use, 2), _part(use, 3)
        if other is None or part is None:
            return UNKNOWN
        if part == "status":
            return kind_of_texts(*map(str, self._statuses(use, other)))
        if part == "skip_reason":
            return _TEXT_OR_NULL
        if part != "outputs" or name is None:
            return UNKNOWN
        if name in other.job.outputs:
            path = (*other.job.path, "outputs", name)
            return _below(self.of_written(other.job.outputs[name], path, depth), use.reference, 4)
        return _below(self._promoted(other, name, len(other.job.steps), depth), use.reference, 4)

    def _statuses(self, use: Use, other: JobIndex) -> Sequence[str]:
        """How a job may have ended, where another one looks at it; what depends on it runs only where it succeeded."""
        if use.job is not None and other.job.id in self.depended_on(use.job):
            return (Status.SUCCESS,)
        return _ENDED

    def depended_on(self, job: JobIndex) -> frozenset[str]:
        """The jobs that must have succeeded before a job runs."""
        if job.job.id in self._depended_on:
            return self._depended_on[job.job.id]
        found: set[str] = set()
        waiting = [*job.job.depends_on]
        while waiting:
            name = waiting.pop()
            if name not in found and name in self._flow.jobs:
                found.add(name)
                waiting += self._flow.jobs[name].job.depends_on
        self._depended_on[job.job.id] = frozenset(found)
        return self._depended_on[job.job.id]

    def _promoted(self, job: JobIndex, name: str, until: int, depth: int) -> Kind:
        """A job output as the steps before a number leave it."""
        givers = [step for step in job.job.steps[:until] if name in step.outputs]
        kinds = [self.of_written(step.outputs[name], (*step.path, "outputs", name), depth) for step in givers]
        found = kinds[0] if kinds else UNKNOWN
        for kind in kinds[1:]:
            found = found.or_else(kind)
        return found

    def of_written(self, value: object, path: YamlPath, depth: int = 0) -> Kind:
        """What becomes of a value as it is written: of a token alone what it stands for, of others around it text."""
        if isinstance(value, Raw) or not isinstance(value, str) or path not in self._by_path:
            return kind_of_value(without_raw(value))
        uses = self._by_path[path]
        if not uses[0].reference.is_whole:
            return _TEXT
        kind = self.of(uses[0], depth)
        return kind if uses[0].reference.default is None else kind.or_else(_TEXT)

    def _item(self, use: Use, depth: int) -> Kind:
        foreach = use.own_step.foreach if use.own_step is not None else None
        if foreach is None:
            return UNKNOWN
        if foreach.matrix is None:
            return _below(self._items(foreach.items, foreach.source_path, depth), use.reference, 1)
        name = _part(use, 1)
        if name is None:
            return kind_of_schema({"type": "object"})
        if name not in foreach.matrix:
            return UNKNOWN
        return _below(self._items(foreach.matrix[name], (*foreach.source_path, name), depth), use.reference, 2)

    def _items(self, written: object, path: YamlPath, depth: int) -> Kind:
        return self.of_written(written, path, depth).item()


def _part(use: Use, number: int) -> str | None:
    parts = use.reference.parts
    return parts[number] if number < len(parts) else None


def _below(kind: Kind, reference: Reference, depth: int) -> Kind:
    """What the rest of a path finds in a value."""
    for part in reference.parts[depth:]:
        kind = kind.at(part)
    return kind
