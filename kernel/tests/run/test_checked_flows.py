"""What `validate` takes without a reservation fails at run time of no missing reference, wrong type or unknown key.

`AETHERFLOW_EXAMPLES=2000` tries so many flows, instead of sixty.
"""

from __future__ import annotations

import json
import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from aetherflow.kernel.api import RunRequest, run_flow
from aetherflow.kernel.check.preparation import prepare_flow

EXAMPLES = int(os.environ.get("AETHERFLOW_EXAMPLES", "60"))
STEPS = """
from typing import Literal
from aetherflow.kernel.api import NoOutputs, Rerun, Skip, StepContext, StepOutputs, register_step

class Made(StepOutputs):
    whole: int
    number: float
    text: str
    flag: bool
    names: list[str]
    counts: dict[str, int]
    mode: Literal["on", "off"]
    maybe: int | None = None

class Place(StepOutputs):
    where: str
    rows: int

class Nested(StepOutputs):
    place: Place
    places: list[Place]

@register_step("make", rerun=Rerun.SAFE)
def make(context: StepContext) -> Made:
    return Made(whole=3, number=0.5, text="t", flag=True, names=["a", "b"], counts={"a": 1}, mode="on")

@register_step("nest", rerun=Rerun.SAFE)
def nest(context: StepContext) -> Nested:
    return Nested(place=Place(where="w", rows=1), places=[Place(where="v", rows=2)])

@register_step("none", rerun=Rerun.SAFE)
def none(context: StepContext) -> Made | Skip[Made]:
    return Skip("nothing there")

@register_step("take", rerun=Rerun.SAFE)
def take(context: StepContext, whole: int = 1, number: float = 1.5, text: str = "", flag: bool = False,
         names: list[str] = [], counts: dict[str, int] = {}, mode: Literal["on", "off"] = "on",
         maybe: int | None = None, either: int | str = 1) -> NoOutputs:
    return NoOutputs()
"""
#: For each input of `take` a value that fits.
FITTING = {
    "whole": 2,
    "number": 2.5,
    "text": "x",
    "flag": True,
    "names": ["n"],
    "counts": {"k": 2},
    "mode": "off",
    "maybe": 4,
    "either": "y",
}
PARAMETERS = {
    "whole": {"type": "integer", "default": 1},
    "number": {"type": "number", "default": 1.5},
    "text": {"type": "string", "default": "p"},
    "flag": {"type": "boolean", "default": False},
    "names": {"type": "list", "default": ["p"]},
    "counts": {"type": "object", "default": {"a": 1}},
    "day": {"type": "date", "default": "2026-01-31"},
}
OUTPUTS = {
    "make": ["whole", "number", "text", "flag", "names", "counts", "counts.a", "mode", "maybe", "reason"],
    "none": ["whole", "text", "names", "skipped"],
    "nest": ["place", "place.where", "place.rows", "place.here", "places"],
    "take": ["whole", "reason"],
}
DEFAULTS = st.sampled_from([*[None] * 14, "", "5", "0.5", "true", "on", "words", '["d"]', '{"d": 1}'])


@st.composite
def flows(draw):
    """A flow of some jobs, whose inputs, conditions and outputs refer to what there is, and at times to what is not."""
    jobs, known = [], [f"params.{name}" for name in PARAMETERS]
    known += ["run.id", "run.date", "run.attempt", "env.SET", "env.WHOLE", "params.none"]
    for number in range(draw(st.integers(1, 3))):
        job, given_by_job = draw(a_job(number, [job["id"] for job in jobs], known))
        jobs.append(job)
        known = known + given_by_job
    return {"version": 1, "flow": {"id": "f"}, "params": PARAMETERS, "jobs": jobs}


@st.composite
def a_job(draw, number, earlier, known):
    name = f"j{number}"
    job = {"id": name, "steps": []}
    if earlier and draw(st.booleans()):
        job["depends_on"] = draw(st.lists(st.sampled_from(earlier), min_size=1, unique=True))
    if draw(st.integers(0, 4)) == 0:
        job["when"] = draw(conditions(known))
    here, promoted = list(known), []
    for count in range(draw(st.integers(1, 4))):
        step = draw(a_step(f"s{count}", here))
        job["steps"].append(step)
        here += [f"steps.s{count}.{output}" for output in OUTPUTS[step["type"]]]
        here += [f"job.outputs.{output}" for output in step.get("outputs", {})]
        promoted += step.get("outputs", {})
    if draw(st.booleans()):
        own = [each for each in here if each.startswith("steps.")]
        job["outputs"] = {f"end{number}": token(draw(st.sampled_from(own or here)), draw(DEFAULTS))}
        promoted.append(f"end{number}")
    return job, [f"jobs.{name}.outputs.{output}" for output in promoted] + [f"jobs.{name}.status"]


@st.composite
def a_step(draw, name, here):
    step = {"id": name, "type": draw(st.sampled_from(["make", "make", "nest", "none", "take", "take", "take"]))}
    known = here
    if draw(st.integers(0, 5)) == 0:
        lists = [each for each in here if each.endswith((".names", ".places", ".counts"))]
        items = token(draw(st.sampled_from(lists)), None) if lists and draw(st.booleans()) else draw(ITEMS)
        step["foreach"] = {"items": items}
        known = [*here, "item", "item.a", "item_index"]
    if step["type"] == "take":
        inputs = draw(st.lists(st.sampled_from([*FITTING]), min_size=1, max_size=3, unique=True))
        step["inputs"] = {each: draw(values(each, known)) for each in inputs}
    if draw(st.integers(0, 5)) == 0:
        step["when"] = draw(conditions(known))
    if draw(st.integers(0, 2)) == 0:
        output = draw(st.sampled_from(OUTPUTS[step["type"]]))
        step["outputs"] = {f"o_{name}": token(f"result.{output}", draw(DEFAULTS))}
    return step


ITEMS = st.sampled_from([[1, 2], ["a"], [{"a": 1}, {"a": "x"}], [[1]], []])


@st.composite
def values(draw, name, known):
    """What is given to an input: a value that fits, a token, or text with tokens in it."""
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return FITTING[name]
    reference = draw(st.sampled_from(alike(name, known) if kind > 1 else known))
    written = token(reference, draw(DEFAULTS))
    if name == "names" and kind == 2:
        return ["a", written]
    return f"a {written}" if name == "text" and kind == 3 else written


def alike(name, known):
    """The references whose last part is called as the input: most of them fit."""
    return [each for each in known if each.rpartition(".")[2].startswith(name)] or known


@st.composite
def conditions(draw, known):
    left = draw(st.sampled_from(known))
    operator = draw(st.sampled_from(["==", "!=", "<", ">="]))
    right = draw(st.sampled_from(["1", "'on'", "true", "null", "'SUCCESS'", *known[:6]]))
    return f"{left} {operator} {right}"


def token(reference, default):
    return f"{{{{{reference}}}}}" if default is None else f"{{{{{reference}:{default}}}}}"


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES * 4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(flow=flows())
def test_a_flow_that_is_taken_without_reservation_has_no_surprise(project, tally, flow):
    project.write("steps/made.py", STEPS)
    # Every JSON text is YAML.
    file = project.write("flow.yaml", json.dumps(flow))
    environ = {"AETHERFLOW_PLUGIN_PATHS": str(project.folder / "steps"), "SET": "word", "WHOLE": "7"}
    prepared = prepare_flow(file, environ=environ)
    prepared.surroundings.index.close()
    reservations = [each for each in prepared.problems if each.code in {"AF-MAY-BE-MISSING", "AF-NOT-KNOWN"}]
    tally["with errors" if prepared.errors else "with reservations" if reservations else "taken"] += 1
    if prepared.errors or reservations:
        return
    result = run_flow(file, RunRequest(), environ=environ)
    failed = [(step.error_code, step.reason) for job in result.jobs for step in job.steps if step.error_code]
    assert (failed, [job.reason for job in result.jobs if job.status == "FAILED"]) == ([], [])


def test_what_lies_inside_of_an_output_that_was_not_produced_is_null(project):
    project.write("steps/made.py", STEPS)
    step = {"id": "s", "type": "nest", "when": "run.attempt > 1", "outputs": {"a": "{{result.place.where}}"}}
    job = {"id": "j", "steps": [step], "outputs": {"b": "{{steps.s.place.rows}}", "c": "{{steps.s.place.where}}"}}
    file = project.write("flow.yaml", json.dumps({"version": 1, "flow": {"id": "f"}, "jobs": [job]}))
    result = run_flow(file, RunRequest(), environ={"AETHERFLOW_PLUGIN_PATHS": str(project.folder / "steps")})
    assert (result.status, result.jobs[0].outputs) == ("SUCCESS", {"a": None, "b": None, "c": None})


@pytest.fixture(scope="module")
def tally():
    counted = Counter()
    yield counted
    print(dict(counted))  # noqa: T201 - the share is what the test is worth
    assert counted["taken"] >= min(EXAMPLES // 4, 10)
