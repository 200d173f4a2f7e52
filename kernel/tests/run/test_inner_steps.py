"""Steps inside steps: what can be run so, and as whom it runs."""

from __future__ import annotations

import json

import pytest

from aetherflow.kernel.api import Status, run_flow

STEPS = '''
from __future__ import annotations

from typing import Any

from pydantic import Field

from aetherflow.kernel.api import OutputsFromStep, Rerun, Step, StepContext, StepInputs, StepOutputs, register_step


class OuterInputs(StepInputs):
    step: Any = Field(json_schema_extra={"x-aetherflow": {"inner_step": True}})


class Outer(Step[OuterInputs, StepOutputs]):
    """Run a step inside, and nothing else."""

    name = "outer"
    outputs_from = OutputsFromStep("step")

    def run(self, context, inputs):
        return context.run_step(inputs.step)


class Told(StepOutputs):
    value: Any = None


class Other(StepOutputs):
    value: Any = None


@register_step("tell", rerun=Rerun.SAFE)
def tell(context: StepContext, value: int = 0) -> Told:
    """Say as whom it runs."""
    context.log.info("here")
    (context.artifacts / "made").write_text("")
    return Told(value=[context.step_id, context.job_id, context.attempt, value])


@register_step("quiet", rerun=Rerun.SAFE)
def quiet(value: int = 0) -> None:
    """Give nothing."""


class Liar(Step[StepInputs, Told]):
    """Give what was not declared."""

    name = "liar"
    rerun = Rerun.SAFE

    def run(self, context, inputs):
        return Other(value=1)
'''


@pytest.fixture
def outcome(tmp_path, monkeypatch):
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "steps.py").write_text(STEPS)
    (tmp_path / "aetherflow.yaml").write_text("settings: {plugin_paths: [steps]}\n")
    seen = []

    def run(inner, **more):
        step = {"id": "s", "type": "outer", "inputs": {"step": inner}, **more}
        flow = {"version": 1, "flow": {"id": "f"}, "jobs": [{"id": "j", "steps": [step]}]}
        (tmp_path / "flow.yaml").write_text(json.dumps(flow))
        result = run_flow(tmp_path / "flow.yaml", on_event=seen.append)
        return result.jobs[0], result.jobs[0].steps[0], [event for event in seen if event.name == "step_log"]

    return run


def test_it_runs_in_the_attempt_of_the_outer_step_under_a_name_of_its_own(outcome):
    job, step, logged = outcome({"type": "tell", "inputs": {"value": 3}}, outputs={"value": "{{result.value}}"})

    assert step.status is Status.SUCCESS, step.reason
    assert job.outputs == {"value": ["s_inner", "j", 1, 3]}
    assert [(event.job_id, event.step_id) for event in logged] == [("j", "s_inner")]


def test_it_may_have_a_name(outcome):
    job, *_ = outcome({"type": "tell", "id": "mine"}, outputs={"value": "{{result.value}}"})

    assert job.outputs["value"][0] == "mine"


def test_a_step_without_outputs_gives_none(outcome):
    _, step, _ = outcome({"type": "quiet"})

    assert step.status is Status.SUCCESS, step.reason


def test_what_it_may_not_return_is_its_plugin_s_fault(outcome):
    _, step, _ = outcome({"type": "liar"})

    assert (step.status, step.error_code) == (Status.FAILED, "AF-STEP-RESULT")
    assert "'liar' returned Other, and declares Told" in step.reason


# What validate can't know, because an environment variable gives it.
@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ({"type": "{{env.INNER}}", "typo": 1}, "no key 'typo'"),
        ({"inputs": {}}, "`type` is missing"),
        ({"type": "tell", "id": "a b"}, "`id` is none"),
    ],
)
def test_what_is_no_step_is_refused_before_it_does_anything(outcome, monkeypatch, inner, said):
    monkeypatch.setenv("INNER", "tell")

    _, step, _ = outcome(inner)

    assert (step.status, step.error_code) == (Status.FAILED, "AF-STEP-INNER")
    assert said in step.reason


def test_a_type_that_there_is_not_is_told_when_it_is_to_run(outcome, monkeypatch):
    monkeypatch.setenv("INNER", "tel")

    _, step, _ = outcome({"type": "{{env.INNER}}"})

    assert (step.status, step.error_code) == (Status.FAILED, "AF-UNKNOWN-STEP")


def test_inputs_that_do_not_fit_are_told(outcome, monkeypatch):
    monkeypatch.setenv("INNER", "tell")

    _, step, _ = outcome({"type": "{{env.INNER}}", "inputs": {"value": [1]}})

    assert (step.status, step.error_code) == (Status.FAILED, "AF-STEP-INPUTS")
