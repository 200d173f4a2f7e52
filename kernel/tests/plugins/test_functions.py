"""Steps written as functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from aetherflow.kernel.contracts.steps import (
    ArtifactPath,
    Effect,
    NoOutputs,
    Rerun,
    Skip,
    StepContext,
    StepOutputs,
    register_step,
)
from aetherflow.kernel.errors import PluginError
from aetherflow.kernel.plugins.functions import step_from_function


class Rows(StepOutputs):
    rows: int


@register_step("acme.count", effects={Effect.READ_FILES}, rerun=Rerun.SAFE)
def count(
    path: ArtifactPath,
    context: StepContext,
    *,
    header: bool = True,
    limit: Annotated[int | None, Field(ge=1, description="At most.")] = None,
) -> Rows | Skip[Rows]:
    """Count the rows.

    More about it.
    """
    return Rows(rows=len(str(path)) + header + (limit or 0) + context)


def test_a_function_becomes_a_step_with_its_marks():
    step = step_from_function(count, plugin="acme")
    assert (step.name, step.effects, step.rerun) == ("acme.count", {Effect.READ_FILES}, Rerun.SAFE)
    assert step.outputs_type is Rows
    assert step.__doc__.startswith("Count the rows.")


def test_its_parameters_become_the_inputs_without_the_context():
    schema = step_from_function(count, plugin="acme").inputs_type.model_json_schema()
    assert set(schema["properties"]) == {"path", "header", "limit"}
    assert schema["required"] == ["path"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["path"]["x-aetherflow"] == {"path": "read"}


def test_running_the_step_calls_the_function_with_context_and_inputs():
    step = step_from_function(count, plugin="acme")
    inputs = step.inputs_type.model_validate({"path": "abc", "limit": 5})
    assert step().run(100, inputs) == Rows(rows=3 + 1 + 5 + 100)


def test_inputs_are_not_converted():
    step = step_from_function(count, plugin="acme")
    with pytest.raises(ValidationError):
        step.inputs_type.model_validate({"path": "abc", "header": "false"})


def test_a_function_that_returns_nothing_has_no_outputs():
    @register_step("acme.tell")
    def tell() -> None:
        """Tell."""

    step = step_from_function(tell, plugin="acme")
    assert step().run(None, step.inputs_type()) == NoOutputs()


def test_a_function_that_may_only_skip_has_no_outputs():
    @register_step("acme.skip")
    def skip() -> Skip[NoOutputs] | None:
        return Skip("nothing to do")

    assert step_from_function(skip, plugin="acme").outputs_type is NoOutputs


def _untyped(text) -> None: ...


def _silent(text: str): ...


def _open(*texts: str) -> None: ...


def _free(**texts: str) -> None: ...


def _positional(text: str, /) -> None: ...


def _mapping(text: str) -> dict[str, int]: ...


def _either(text: str) -> Rows | NoOutputs: ...


def _unknown(text: Missing) -> None: ...  # noqa: F821 - on purpose


async def _waiting(text: str) -> None: ...


def _generating(text: str) -> Iterator[Any]:
    yield text


@pytest.mark.parametrize(
    "function",
    [_untyped, _silent, _open, _free, _positional, _mapping, _either, _unknown, _waiting, _generating],
)
def test_a_signature_that_says_too_little_is_told_to_its_author(function):
    with pytest.raises(PluginError) as caught:
        step_from_function(register_step("acme.x")(function), plugin="acme")
    assert caught.value.problem.code == "AF-PLUGIN-CONTRACT"
    assert function.__name__ in caught.value.problem.message
    assert caught.value.problem.help
