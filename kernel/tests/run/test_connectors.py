"""Connectors are opened on first use, once for a run and resource, and closed on every path."""

from __future__ import annotations

import signal
import time

import pytest

from aetherflow.kernel.api import run_flow

pytestmark = pytest.mark.acceptance

PLUGIN = """
from pathlib import Path
from typing import Annotated

from aetherflow.kernel.api import (
    Connector, ConnectorModel, ConnectorError, Database, NoOptions, Rerun, ResourceUse, Secret, StepContext, StepError, StepOutputs,
    register_connector, register_step,
)


class Config(ConnectorModel):
    note: str
    password: Secret | None = None
    port: int = 1


@register_connector("db", "noting")
class Noting(Connector[Config, NoOptions]):
    protocol = Database

    def note(self, what):
        with (Path(self.config.note)).open("a") as lines:
            lines.write(what + "\\n")

    def open(self):
        self.note(f"open {self.context.resource} {type(self.config.port).__name__}")
        if self.config.port == 13:
            raise OSError("no route to hunter2-hunter2")

    def close(self):
        self.note(f"close {self.context.resource}")
        if self.config.port == 14:
            raise RuntimeError("can not close")

    def cancel(self):
        self.note(f"cancel {self.context.resource}")


class Used(StepOutputs):
    told: str


@register_step("use", rerun=Rerun.SAFE)
def use(context: StepContext, resource: Annotated[str, ResourceUse(Database)], how: str = "well") -> Used:
    connector = context.connectors.get(resource, Database)
    again = context.connectors.get(resource, Database)
    assert connector is again
    if how == "fail":
        raise StepError("it went wrong")
    if how == "hang":
        (context.project / "ready").write_text("")
        context.cancelled.wait()
        raise StepError("stopped")
    return Used(told=connector.config.note)
"""


@pytest.fixture
def noting(project):
    project.write("steps/noting.py", PLUGIN)
    return project


def flow_of(project, steps, *, config="port: 1", name="flow.yaml"):
    note = project.folder / "noted"
    return project.write(
        name,
        f"version: 1\nflow: {{id: noting}}\nresources:\n  used: {{kind: db, driver: noting, config: {{note: {note}, {config}}}}}\n"
        f"  unused: {{kind: db, driver: noting, config: {{note: {note}}}}}\njobs:\n  - id: main\n    steps:\n"
        + "".join(f"      - {step}\n" for step in steps),
    )


def test_one_connector_serves_all_steps_and_an_unused_resource_is_never_opened(noting):
    flow = flow_of(noting, [f"{{id: s{number}, type: use, inputs: {{resource: used}}}}" for number in range(3)])
    assert noting.aetherflow("run", flow).code == 0
    assert noting.lines("noted") == ["open used int", "close used"]


def test_connector_is_closed_when_a_step_fails(noting):
    flow = flow_of(noting, ["{id: s, type: use, inputs: {resource: used, how: fail}}"])
    assert noting.aetherflow("run", flow).code == 1
    assert noting.lines("noted") == ["open used int", "close used"]


def test_connector_is_cancelled_and_closed_when_the_run_is_stopped(noting):
    flow = flow_of(noting, ["{id: s, type: use, inputs: {resource: used, how: hang}}"])
    running = noting.start("run", flow)
    deadline = time.monotonic() + 120
    while not (noting.folder / "ready").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    assert noting.lines("noted") == ["open used int", "cancel used", "close used"]


def test_text_from_the_environment_has_the_type_that_the_driver_declares(noting):
    flow = flow_of(noting, ["{id: s, type: use, inputs: {resource: used}}"], config='port: "{{env.PORT}}"')
    assert noting.aetherflow("run", flow, PORT="5432").code == 0
    assert noting.lines("noted")[0] == "open used int"
    wrong = noting.aetherflow("run", flow, "--json", PORT="many")
    assert wrong.code == 2
    assert wrong.json["errors"][0]["line"] == 4


def test_connector_that_cannot_be_opened_fails_the_step_in_one_sentence_without_secrets(noting):
    flow = flow_of(
        noting, ["{id: s, type: use, inputs: {resource: used}}"], config='port: 13, password: "{{env.MY_PASSWORD}}"'
    )
    answer = noting.aetherflow("run", flow, "--json", MY_PASSWORD="hunter2-hunter2")
    step = answer.json["jobs"][0]["steps"][0]
    assert step["error_code"] == "AF-CONNECTOR-OPEN"
    assert step["reason"] == "resource 'used' can't be opened: OSError: no route to ***"


def test_connector_that_cannot_be_closed_is_told_and_ends_nothing(noting):
    flow = flow_of(noting, ["{id: s, type: use, inputs: {resource: used}}"], config="port: 14")
    answer = noting.aetherflow("run", flow)
    assert answer.code == 0
    assert "can not close" in answer.err


def test_flows_in_one_process_never_share_a_connector_because_of_a_name(noting):
    """D12: two flows both naming a resource `s` got one flow's connection."""
    told = []
    for name in ("one", "two"):
        note = noting.folder / f"noted_{name}"
        flow = noting.write(
            f"{name}.yaml",
            f"""
            version: 1
            flow: {{id: {name}}}
            resources: {{s: {{kind: db, driver: noting, config: {{note: {note}}}}}}}
            jobs: [{{id: main, steps: [{{id: u, type: use, inputs: {{resource: s}}, outputs: {{told: "{{{{result.told}}}}"}}}}]}}]
            """,
        )
        environ = {"AETHERFLOW_PLUGIN_PATHS": str(noting.folder / "steps")}
        told.append(run_flow(flow, environ=environ).jobs[0].outputs["told"])
    assert told == [str(noting.folder / "noted_one"), str(noting.folder / "noted_two")]
