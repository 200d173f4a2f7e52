"""A step inside a step: it works in the attempt of the outer one, and the outer one answers for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..contracts.spelling import did_you_mean
from ..errors import NothingDone
from ..quick_dataclasses import dataclass, replace
from ..resolve.text import fit
from ..spec.identifiers import problem_with_id
from .calling import INPUTS_ENCODER, build_step, inputs_digest, outputs_of
from .context import AttemptLog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..contracts.steps import Skip, StepOutputs
    from ..plugins.host import PluginHost
    from ..plugins.index import PluginIndex
    from ..resolve.redaction import Redactor
    from .context import AttemptContext

_KEYS = ("type", "id", "inputs")


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerSteps:
    """Runs steps inside the steps of a job."""

    host: PluginHost
    redactor: Redactor

    def run(self, outer: AttemptContext, step: Mapping[str, Any]) -> StepOutputs | Skip[StepOutputs]:
        """Run a step in the attempt of another one; see `StepContext.run_step`."""
        step_type, step_id, inputs = _read(step, outer.step_id)
        text = _encoded(inputs)
        # As of a step of its own: the same inputs give the same key.
        digest = inputs_digest(self.redactor, text)
        log = AttemptLog(
            tell=outer.tell, flow_id=outer.flow_id, run_id=outer.run_id, job_id=outer.job_id, step_id=step_id
        )
        context = replace(outer, step_id=step_id, inputs_digest=digest, log=log)
        inner, given = build_step(self.host, step_type, text, outer.paths)
        return outputs_of(inner, inner.run(context, given))


def fit_inputs(index: PluginIndex, step_type: str, inputs: object) -> object:
    """Rendered inputs, with texts from outside in the types that the step declares, and the step inside it.

    Raises:
        InvalidInput: a text is no value of the type, or there is no such step.
    """
    entry = index.step(step_type)
    if entry.inner_step is not None and isinstance(inputs, dict):
        step = inputs.get(entry.inner_step)
        if isinstance(step, dict) and isinstance(step.get("type"), str) and "inputs" in step:
            fitted = fit_inputs(index, str(step["type"]), step["inputs"])
            inputs = {**inputs, entry.inner_step: {**step, "inputs": fitted}}
    return fit(inputs, entry.inputs)


def _read(step: Mapping[str, Any], outer_id: str) -> tuple[str, str, Mapping[str, Any]]:
    unknown = next((key for key in step if key not in _KEYS), None)
    if unknown is not None:
        raise _no_step(f"it has no key {unknown!r}", did_you_mean(str(unknown), _KEYS))
    step_type, step_id = step.get("type"), step.get("id") or f"{outer_id}_inner"
    inputs = {} if step.get("inputs") is None else step["inputs"]
    if not isinstance(step_type, str) or not step_type:
        raise _no_step("its `type` is missing", "write the type of a step")
    if not isinstance(inputs, dict):
        raise _no_step("its `inputs` are no mapping", "write them as name: value")
    if not isinstance(step_id, str) or (step.get("id") and problem_with_id(step_id)):
        raise _no_step("its `id` is none", "leave it out, or write letters, digits, `_` and `-`")
    return step_type, step_id, inputs


def _encoded(inputs: Mapping[str, Any]) -> str:
    try:
        text = INPUTS_ENCODER.encode(inputs)
        text.encode()
    except (TypeError, ValueError, RecursionError):
        raise _no_step("its `inputs` have no JSON form", "give texts, numbers, lists and mappings") from None
    return text


def _no_step(why: str, mend: str) -> NothingDone:
    return NothingDone(f"this is no step to run inside another one: {why}", code="AF-STEP-INNER", help=mend)
