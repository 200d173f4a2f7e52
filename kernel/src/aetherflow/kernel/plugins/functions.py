"""Steps written as plain typed functions: their signature becomes inputs and outputs."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from .boundary import contract_error, shown, told

if TYPE_CHECKING:
    from ..contracts.steps import AnyStep, StepContext, StepInputs, StepMark, StepOutputs


def step_from_function(function: Callable[..., Any], *, plugin: str) -> type[AnyStep]:
    """The step class of a function marked with `register_step`.

    Raises:
        PluginError: the signature says too little, or something that no flow can give.
    """
    from ..contracts.steps import STEP_MARK, NoOutputs, Step

    mark: StepMark = getattr(function, STEP_MARK)
    hints = _hints(function, plugin)
    inputs, context_name = _inputs(function, hints, plugin)
    outputs = _outputs(function, hints, plugin)

    def run(self: AnyStep, context: StepContext, inputs: StepInputs) -> object:
        arguments = {name: getattr(inputs, name) for name in type(inputs).model_fields}
        if context_name is not None:
            arguments[context_name] = context
        result = function(**arguments)
        return NoOutputs() if result is None and outputs is NoOutputs else result

    attributes = {
        "__doc__": function.__doc__,
        "__module__": function.__module__,
        "__qualname__": function.__qualname__,
        "name": mark.name,
        "effects": mark.effects,
        "rerun": mark.rerun,
        "inputs_type": inputs,
        "outputs_type": outputs,
        "may_skip": "Skip" in str(function.__annotations__["return"]),
        "run": run,
    }
    return type(function.__name__, (Step,), attributes)


def _hints(function: Callable[..., Any], plugin: str) -> Mapping[str, Any]:
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise contract_error(plugin, f"gives {shown(function)}, which does not simply return", "write a plain function")
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError, AttributeError) as error:
        wrong = f"gives {shown(function)}, whose annotations can't be read: {told(error)}"
        raise contract_error(plugin, wrong, "import what they name in the module itself") from None


def _inputs(function: Callable[..., Any], hints: Mapping[str, Any], plugin: str) -> tuple[type[StepInputs], str | None]:
    """The inputs' model, and the name of the parameter that takes the context."""
    from pydantic import create_model

    from ..contracts.steps import StepContext, StepInputs

    context_name = None
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            wrong = f"gives {shown(function)}, whose parameter {name} has no name that a flow could use"
            raise contract_error(plugin, wrong, "name every parameter: no *, ** or /")
        if name not in hints:
            wrong = f"gives {shown(function)}, whose parameter {name} has no type"
            raise contract_error(plugin, wrong, f"annotate it: {name}: str")
        if hints[name] is StepContext:
            context_name = name
            continue
        fields[name] = (hints[name], ... if parameter.default is parameter.empty else parameter.default)
    model_name = f"{_camel_case(function.__name__)}Inputs"
    model: type[StepInputs] = create_model(model_name, __base__=StepInputs, __module__=function.__module__, **fields)
    return model, context_name


def _outputs(function: Callable[..., Any], hints: Mapping[str, Any], plugin: str) -> type[StepOutputs]:
    from ..contracts.steps import NoOutputs, Skip, StepOutputs

    if "return" not in hints:
        wrong = f"gives {shown(function)}, which does not say what it returns"
        raise contract_error(plugin, wrong, "annotate it: -> None, or -> a class derived from StepOutputs")
    returned = hints["return"]
    choices = get_args(returned) if get_origin(returned) in {Union, types.UnionType} else (returned,)
    kept = [choice for choice in choices if (get_origin(choice) or choice) is not Skip and choice is not type(None)]
    if not kept:
        return NoOutputs
    if len(kept) == 1 and isinstance(kept[0], type) and issubclass(kept[0], StepOutputs):
        return kept[0]
    wrong = f"gives {shown(function)}, which returns {returned!r}"
    raise contract_error(plugin, wrong, "return None or a class derived from StepOutputs, with or without | Skip")


def _camel_case(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
