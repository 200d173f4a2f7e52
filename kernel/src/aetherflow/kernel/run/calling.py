"""A step called: made from its type, given inputs from their JSON text, held to what it may return."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..contracts.steps import NoOutputs, Skip, StepOutputs
from ..errors import AetherFlowError, NothingDone, PluginError

if TYPE_CHECKING:
    from ..contracts.steps import AnyStep, PathAccess
    from ..plugins.host import PluginHost
    from ..resolve.redaction import Redactor

#: Inputs as JSON text: the same inputs give the same text.
INPUTS_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def inputs_digest(redactor: Redactor, inputs: str) -> str:
    """A digest of a step's inputs, of their JSON text; a secret among them is not in it."""
    return hashlib.sha256(redactor.redact(inputs).encode()).hexdigest()


def build_step(host: PluginHost, step_type: str, inputs: str, paths: PathAccess) -> tuple[AnyStep, Any]:
    """A step and its inputs, from their JSON text.

    Raises:
        RefusedByPolicy: the runtime profile denies the type.
        InvalidInput: there is no such type.
        PluginError: its plugin can't be used.
        NothingDone: the inputs do not fit.
    """
    step = host.step_class(step_type)
    try:
        given = step.inputs_type.model_validate_json(inputs, context={"paths": paths})
    except ValidationError as error:
        from .problems import problems_of_model

        wrong = "; ".join(problems_of_model(error))
        raise NothingDone(f"the inputs do not fit: {wrong}", code="AF-STEP-INPUTS") from None
    except AetherFlowError as error:
        raise NothingDone(error.problem.message, code=error.problem.code, help=error.problem.help) from error
    return step(), given


def outputs_of(step: AnyStep, returned: object) -> StepOutputs | Skip[StepOutputs]:
    """What a step returned, as what it may return.

    Raises:
        PluginError: it returned something else than it declares.
    """
    if returned is None and step.outputs_type is NoOutputs:
        return NoOutputs()
    outputs = returned.outputs if isinstance(returned, Skip) else returned
    if not (isinstance(returned, Skip) and outputs is None) and not _is_declared(step, outputs):
        raise PluginError(
            f"step type {step.name!r} returned {type(outputs).__name__}, and declares {step.outputs_type.__name__}",
            code="AF-STEP-RESULT",
            help="this is a fault of the plugin: tell its author",
        )
    return returned  # type: ignore[return-value] # just looked at


def _is_declared(step: AnyStep, outputs: object) -> bool:
    # The outputs of a step that stands inside are its own declaration's, and were looked at there.
    is_from_inside = step.outputs_from is not None and "step" in step.outputs_from.as_manifest()
    return isinstance(outputs, StepOutputs) and (is_from_inside or isinstance(outputs, step.outputs_type))
