"""A checked flow as data, for those outside the kernel."""

from __future__ import annotations

import dataclasses

import pytest

from aetherflow.kernel.api import InvalidInput, RefusedByPolicy, Rerun, outline_flow
from aetherflow.kernel.contracts.outlines import StepOutline

STEPS = """
from aetherflow.kernel.api import Rerun, StepContext, StepOutputs, register_step

class Out(StepOutputs):
    value: object = None

@register_step("work", rerun=Rerun.KEYED)
def work(context: StepContext, value: object = None) -> Out:
    return Out()
"""
FLOW = """
version: 1
flow: {id: f, description: "{{env.MY_TOKEN:none}} of all"}
jobs:
  - {id: a, description: The first., steps: [{id: s, type: work, outputs: {x: "{{result.value}}"}}]}
  - {id: b, steps: [{id: s, type: work, rerun: SAFE, foreach: {items: [1, 2, 3]}}]}
  - id: c
    depends_on: [b]
    when: jobs.b.status == 'SUCCESS' and jobs.a.outputs.x > 1
    steps:
      - {id: s, type: work, when: job.id == 'c', inputs: {value: "{{jobs.a.outputs.x}}"}}
      - {id: t, type: work, foreach: {items: "{{steps.s.value}}"}}
      - {id: u, type: work, foreach: {matrix: {p: [1, 2], q: "{{steps.s.value}}"}}}
on_failure: [{id: tell, steps: [{id: s, type: work}]}]
finally: [{id: tidy, steps: [{id: s, type: work, inputs: {value: "{{jobs.a.status}}"}}]}]
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "steps.py").write_text(STEPS)
    (tmp_path / "flow.yaml").write_text(FLOW)
    return tmp_path


ENVIRONMENT = {"AETHERFLOW_PLUGIN_PATHS": "steps"}


def test_flow_is_told_in_the_order_of_its_file_with_what_waits_for_what(project):
    flow = outline_flow(project / "flow.yaml", environment=ENVIRONMENT)
    assert (flow.id, flow.description) == ("f", "none of all")
    told = [(job.id, job.section, job.depends_on, job.refers_to) for job in flow.jobs]
    assert told == [
        ("a", "jobs", (), ()),
        ("b", "jobs", (), ()),
        ("c", "jobs", ("b",), ("a",)),
        ("tell", "on_failure", (), ()),
        ("tidy", "finally", (), ("a",)),
    ]
    first, second, third = flow.jobs[:3]
    assert (first.description, first.when) == ("The first.", None)
    assert first.steps == (StepOutline(id="s", type="work", rerun=Rerun.KEYED),)
    assert second.steps == (StepOutline(id="s", type="work", rerun=Rerun.SAFE, foreach="3 items"),)
    assert third.when == "jobs.b.status == 'SUCCESS' and jobs.a.outputs.x > 1"
    assert [(step.when, step.foreach) for step in third.steps] == [
        ("job.id == 'c'", None),
        (None, "{{steps.s.value}}"),
        (None, "2 by {{steps.s.value}} items"),
    ]


def test_outline_is_frozen_and_holds_no_secret(project):
    flow = outline_flow(project / "flow.yaml", environment={**ENVIRONMENT, "MY_TOKEN": "correct-horse"})
    assert flow.description == "*** of all"
    with pytest.raises(dataclasses.FrozenInstanceError):
        flow.id = "g"


def test_what_is_wrong_with_the_flow_is_told_all_at_once(project):
    (project / "flow.yaml").write_text(FLOW.replace("depends_on: [b]", "depends_on: [nope]").replace("job.id", "jb.id"))
    with pytest.raises(InvalidInput) as caught:
        outline_flow(project / "flow.yaml", environment=ENVIRONMENT)
    assert [problem.code for problem in caught.value.problems] == ["AF-UNKNOWN-JOB", "AF-WHEN-NAME"]
    assert all(problem.where for problem in caught.value.problems)


def test_what_the_profile_refuses_is_refused(project):
    (project / "aetherflow.yaml").write_text("profiles: {p: {extends: internal_fast, plugins: {deny: ['step:work']}}}")
    assert outline_flow(project / "flow.yaml", environment=ENVIRONMENT).id == "f"
    with pytest.raises(RefusedByPolicy):
        outline_flow(project / "flow.yaml", "p", environment=ENVIRONMENT)
