"""What the plugins know of the step types and connectors that a flow names, asked once for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from ..contracts.effects import Rerun
from ..errors import AetherFlowError, Problem, YamlPath
from ..quick_dataclasses import dataclass, replace
from ..resolve.schemas import DeclaredTypes, known_properties

#: What the outputs of a step that was skipped hold besides its own.
OUTPUTS_OF_A_SKIP = frozenset({"reason", "skipped"})


class KnownStep(Protocol):
    """What checking reads of a step type."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The JSON Schema of its inputs."""

    @property
    def outputs(self) -> Mapping[str, Any]:
        """The JSON Schema of its outputs."""

    @property
    def outputs_from(self) -> Mapping[str, str] | None:
        """The input that its outputs depend on."""

    @property
    def may_skip(self) -> bool:
        """Whether it may skip itself, and then give none of its outputs."""


class KnownConnector(Protocol):
    """What checking reads of a connector."""

    @property
    def protocol(self) -> str:
        """The name of the protocol that it implements."""

    @property
    def config(self) -> Mapping[str, Any]:
        """The JSON Schema of its configuration."""

    @property
    def options(self) -> Mapping[str, Any]:
        """The JSON Schema of its options."""


class Index(Protocol):
    """Who contributes what; `PluginIndex` is one."""

    def step(self, name: str, /) -> KnownStep:
        """The step type of this name, or an AetherFlowError that says why there is none."""

    def rerun_of(self, name: str, inputs: object, /) -> Rerun:
        """The rerun class of a step with these inputs, or the same error."""

    def connector(self, kind: str, driver: str, /) -> KnownConnector:
        """The connector of this kind and driver, or an AetherFlowError that says why there is none."""


_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Answer(Generic[_Found]):
    """What was found, or why nothing was."""

    found: _Found | None = None
    problems: tuple[Problem, ...] = ()

    def problems_at(self, path: YamlPath) -> list[Problem]:
        """The problems at a place that names it."""
        return [replace(problem, path=path, where=None) for problem in self.problems]


class Contributions:
    """An index of plugins that remembers its answers: a flow names few types, many times."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._steps: dict[str, Answer[KnownStep]] = {}
        self._connectors: dict[tuple[str, str], Answer[KnownConnector]] = {}
        self._own_outputs: dict[str, frozenset[str] | None] = {}
        self._declares_inputs: dict[str, bool] = {}

    def step(self, name: str) -> Answer[KnownStep]:
        """The step type of this name."""
        if name not in self._steps:
            self._steps[name] = _ask(lambda: self._index.step(name))
        return self._steps[name]

    def declares_inputs(self, name: str) -> bool:
        """Whether a step type says which inputs it takes."""
        if name not in self._declares_inputs:
            known = self.step(name).found
            self._declares_inputs[name] = known is not None and _names(known.inputs) is not None
        return self._declares_inputs[name]

    def rerun_of(self, step_type: str, inputs: object) -> Rerun | None:
        """The rerun class of a step with these inputs, which is that of a step inside it; null where none is known."""
        return _ask(lambda: self._index.rerun_of(step_type, inputs)).found

    def connector(self, kind: str, driver: str) -> Answer[KnownConnector]:
        """The connector of this kind and driver."""
        key = (kind, driver)
        if key not in self._connectors:
            self._connectors[key] = _ask(lambda: self._index.connector(kind, driver))
        return self._connectors[key]

    def output_names(self, step_type: str, inputs: Mapping[str, object]) -> frozenset[str] | None:
        """What a step's outputs may be called; null where that is not known before it runs."""
        known = self.step(step_type).found
        if known is None:
            return None
        if known.outputs_from is None:
            if step_type not in self._own_outputs:
                self._own_outputs[step_type] = _names_with_skip(known.outputs)
            return self._own_outputs[step_type]
        kind, source = next(iter(known.outputs_from.items()))
        value = inputs.get(source.removeprefix("inputs."))
        if kind == "step":
            return self._names_of_inner(value)
        # Beside those that are declared, there are those that the input names.
        if value is not None and not isinstance(value, dict):
            return None
        return OUTPUTS_OF_A_SKIP | frozenset(known.outputs.get("properties", {})) | frozenset(map(str, value or ()))

    def _names_of_inner(self, step: object) -> frozenset[str] | None:
        if not isinstance(step, dict) or not isinstance(step.get("type"), str):
            return None
        inputs = step.get("inputs", {})
        return self.output_names(step["type"], inputs if isinstance(inputs, dict) else {})


def _ask(ask: Callable[[], _Found]) -> Answer[_Found]:
    try:
        return Answer(ask())
    except AetherFlowError as error:
        return Answer(problems=error.problems)


def _names_with_skip(outputs: Mapping[str, Any]) -> frozenset[str] | None:
    names = _names(outputs)
    return None if names is None else names | OUTPUTS_OF_A_SKIP


def _names(schema: Mapping[str, Any]) -> frozenset[str] | None:
    return known_properties(DeclaredTypes(schema).top())
