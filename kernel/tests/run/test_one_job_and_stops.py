"""One job of a run, runs stopped half-way, and things that hang or fail beside the steps."""

from __future__ import annotations

import json
import signal
import time

import apsw
import pytest

from aetherflow.kernel.api import RunRequest, run_flow

pytestmark = pytest.mark.acceptance

SECRET = "correct-horse-battery"


def wait_for(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_outputs_of_a_half_done_job_outlive_a_start_that_never_came_to_it(project):
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: half}
        jobs:
          - {id: a, steps: [{id: s, type: fail, inputs: {unless: ready_a}}]}
          - {id: b, steps: [{id: one, type: say, inputs: {value: 7}, outputs: {x: "{{result.value}}"}}, {id: two, type: fail, inputs: {unless: ready_b}}]}
          - {id: c, depends_on: [b], steps: [{id: s, type: say, inputs: {value: "{{jobs.b.outputs.x}}"}, outputs: {got: "{{result.value}}"}}]}
        """,
    )
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 1
    flow.write_text(
        flow.read_text().replace(
            "{id: s, type: fail, inputs: {unless: ready_a}}", "{id: s, type: hang, inputs: {ready: ready}}"
        )
    )
    running = project.start("run", flow, "--run-id", "r1")
    wait_for((project.folder / "ready").exists)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    flow.write_text(flow.read_text().replace("{id: s, type: hang, inputs: {ready: ready}}", "{id: s, type: say}"))
    project.write("ready_b", "")

    resumed = project.aetherflow("run", flow, "--run-id", "r1", "--json")

    assert resumed.code == 0, resumed.err
    assert resumed.json["jobs"][2]["outputs"] == {"got": 7}


TWO_JOBS = """
version: 1
flow: {id: two, workspace: {root: work}}
jobs:
  - {id: a, steps: [{id: s, type: say, inputs: {value: "{{env.MY_TOKEN}}"}, outputs: {token: "{{result.value}}"}}]}
  - {id: b, steps: [{id: w, type: write, inputs: {path: a.txt, text: kept}}, {id: t, type: fail, inputs: {unless: mended}}, {id: v, type: write, inputs: {path: PATH, text: "{{jobs.a.outputs.token}}"}}]}
"""


def test_one_job_of_a_run_leaves_the_others_open_and_their_folders_alone(project):
    told = project.folder / "told.txt"
    flow = project.write("flow.yaml", TWO_JOBS.replace("PATH", str(told)))
    assert project.aetherflow("run", flow, "--run-id", "r1", "--flow-job", "a", MY_TOKEN=SECRET).code == 0
    assert project.aetherflow("run", flow, "--run-id", "r1", MY_TOKEN=SECRET).code == 1
    assert project.aetherflow("run", flow, "--run-id", "r1", "--flow-job", "a", MY_TOKEN=SECRET).code == 0
    assert [path.read_text() for path in (project.folder / "work").rglob("a.txt")] == ["kept"]
    project.write("mended", "")

    resumed = project.aetherflow("run", flow, "--run-id", "r1", "--json", MY_TOKEN=SECRET)

    assert resumed.code == 0, resumed.err
    assert told.read_text() == SECRET
    assert list((project.folder / "work").rglob("a.txt")) == []


def test_job_alone_gets_what_it_refers_to_without_depending_on_it(project):
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: refers}
        jobs:
          - {id: a, steps: [{id: s, type: say, inputs: {value: 3}, outputs: {rows: "{{result.value}}"}}]}
          - {id: b, when: jobs.a.outputs.rows > 0, steps: [{id: s, type: say}]}
        """,
    )
    assert project.aetherflow("run", flow, "--flow-job", "b").code == 2
    assert project.aetherflow("run", flow).code == 0
    alone = project.aetherflow("run", flow, "--flow-job", "b", "--json")
    assert [(job["job_id"], job["status"]) for job in alone.json["jobs"]] == [("b", "SUCCESS")]


def test_step_that_stands_on_a_masked_one_is_restored_after_it(project):
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: order}
        jobs:
          - id: a
            steps:
              - {id: s1, type: say, inputs: {value: "{{env.MY_TOKEN}}", witness: seen}}
              - {id: s2, type: say, inputs: {witness: seen}, outputs: {u: "u-{{steps.s1.value}}"}}
              - {id: s3, type: fail, inputs: {unless: mended}}
        """,
    )
    assert project.aetherflow("run", flow, "--run-id", "r1", MY_TOKEN=SECRET).code == 1
    project.write("mended", "")
    assert project.aetherflow("run", flow, "--run-id", "r1", MY_TOKEN=SECRET).code == 0
    assert project.lines("seen") == ["s1 1", "s2 1", "s1 2"]


HANGING = """
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

from aetherflow.kernel.api import (
    Connector, ConnectorModel, Database, NoOptions, NoOutputs, Rerun, ResourceUse, Secret, Skip, StepContext, StepOutputs,
    register_connector, register_step,
)


class Config(ConnectorModel):
    ready: str


@register_connector("db", "hanging")
class Hanging(Connector[Config, NoOptions]):
    protocol = Database

    def open(self):
        open(self.config.ready, "w").close()
        threading.Event().wait()

    def close(self):
        pass


@register_step("use_hanging", rerun=Rerun.SAFE)
def use_hanging(context: StepContext, resource: Annotated[str, ResourceUse(Database)]) -> NoOutputs:
    context.connectors.get(resource, Database)
    return NoOutputs()


@register_step("pool", rerun=Rerun.SAFE)
def pool(context: StepContext) -> NoOutputs:
    with ThreadPoolExecutor() as workers:
        workers.submit((context.project / "ready").write_text, "")
        workers.submit(threading.Event().wait).result()
    return NoOutputs()


class Leaking(StepOutputs):
    value: Secret


@register_step("leak", rerun=Rerun.SAFE)
def leak(value: Secret) -> Leaking:
    return Leaking(value=value)


@register_step("skip_because", rerun=Rerun.SAFE)
def skip_because(reason: str) -> NoOutputs | Skip:
    return Skip(f"nothing for {reason}")


@register_step("odd_log", rerun=Rerun.SAFE)
def odd_log(context: StepContext) -> NoOutputs:
    import logging

    logging.getLogger("library").warning("%d rows", "many")
    for _ in range(5):
        context.log.info("odd", counts={("a", "b"): 1}, thing=object())
    return NoOutputs()
"""


@pytest.mark.parametrize("step", ["{id: s, type: use_hanging, inputs: {resource: db}}", "{id: s, type: pool}"])
def test_whatever_hangs_the_process_leaves_and_says_so(project, step):
    project.write("steps/hanging.py", HANGING)
    flow = project.write(
        "flow.yaml",
        f"version: 1\nflow: {{id: hangs}}\nresources: {{db: {{kind: db, driver: hanging, config: {{ready: {project.folder}/ready}}}}}}\n"
        f"jobs: [{{id: a, steps: [{step}]}}]\n",
    )
    running = project.start("run", flow, "--run-id", "r1", "--json")
    wait_for((project.folder / "ready").exists)
    running.send_signal(signal.SIGTERM)
    running.send_signal(signal.SIGTERM)
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 143
    assert json.loads(out)["jobs"][0]["status"] == "INTERRUPTED"


def test_secret_is_neither_a_reason_nor_an_output_nor_a_parameter(project):
    project.write("steps/hanging.py", HANGING)
    flow = project.write(
        "flow.yaml",
        'version: 1\nflow: {id: leaks}\njobs:\n- {id: a, steps: [{id: s, type: skip_because, inputs: {reason: "{{env.MY_TOKEN}}"}, on_no_data: skip_job}]}\n'
        '- {id: b, steps: [{id: s, type: leak, inputs: {value: "{{env.MY_TOKEN}}"}}]}\n',
    )
    answer = project.aetherflow("run", flow, "--json", MY_TOKEN=SECRET)
    assert answer.json["jobs"][1]["steps"][0]["error_code"] == "AF-STEP-RESULT"
    kept = b"".join(path.read_bytes() for path in (project.folder / ".aetherflow").rglob("*") if path.is_file())
    assert b"nothing for ***" in kept
    assert SECRET.encode() not in kept
    flow = project.write(
        "other.yaml", 'version: 1\nflow: {id: p}\nparams: {pw: {type: string, default: "{{env.MY_TOKEN}}"}}\njobs: []\n'
    )
    refused = project.aetherflow("run", flow, "--json", MY_TOKEN=SECRET)
    assert (refused.code, refused.json["errors"][0]["code"]) == (2, "AF-PARAMETER-SECRET")


def test_odd_things_in_a_log_are_shown_somehow_and_silence_nothing(project):
    project.write("steps/hanging.py", HANGING)
    flow = project.write("flow.yaml", "version: 1\nflow: {id: odd}\njobs: [{id: a, steps: [{id: s, type: odd_log}]}]\n")
    answer = project.aetherflow("run", flow, AETHERFLOW_LOG_FORMAT="json")
    assert answer.code == 0
    events = [json.loads(line)["event"] for line in answer.err.splitlines()]
    assert events.count("step_log") == 5
    assert events[-1] == "run_summary"


def test_observer_that_raises_ends_nothing(project):
    flow = project.write("flow.yaml", "version: 1\nflow: {id: f}\njobs: [{id: a, steps: [{id: s, type: say}]}]\n")
    seen = []

    def observe(event):
        seen.append(event.name)
        raise RuntimeError("observer")

    result = run_flow(flow, environ={"AETHERFLOW_PLUGIN_PATHS": str(project.folder / "steps")}, on_event=observe)
    assert result.status == "SUCCESS"
    assert seen == ["run_start", "job_start", "step_start"]


def test_commit_that_fails_ends_the_run_and_loses_no_step_that_was_done(project, monkeypatch):
    """One full disk for the length of one commit: the fault is SQLite's own, raised where it raises."""
    from aetherflow.kernel.errors import LedgerFailed
    from aetherflow.kernel.state.ledger import Ledger

    flow = project.write(
        "flow.yaml",
        "version: 1\nflow: {id: full}\njobs: [{id: a, steps: [{id: s1, type: say, inputs: {witness: seen}}, {id: s2, type: say, rerun: KEYED, inputs: {witness: seen}}]}]\n",
    )
    put_step, told = Ledger.put_step, []

    def failing_once(self, key, step_key, step):
        if step_key.step_id == "s2" and not told:
            told.append("full")
            raise apsw.FullError("database or disk is full")
        put_step(self, key, step_key, step)

    monkeypatch.setattr(Ledger, "put_step", failing_once)
    environ = {"AETHERFLOW_PLUGIN_PATHS": str(project.folder / "steps")}
    events = []
    with pytest.raises(LedgerFailed, match="disk is full"):
        run_flow(
            flow,
            RunRequest(run_id="r1"),
            environ=environ,
            on_event=lambda event: events.append((event.name, getattr(event, "step_id", ""))),
        )
    assert ("step_start", "s2") not in events[: events.index(("step_end", "s1")) + 1]
    assert run_flow(flow, RunRequest(run_id="r1"), environ=environ).status == "SUCCESS"
    assert project.lines("seen") == ["s1 1", "s2 2"]


def test_parameter_that_was_added_to_the_flow_is_settled_when_the_run_goes_on(project):
    flow = project.write(
        "flow.yaml",
        "version: 1\nflow: {id: f}\nparams: {a: {type: integer, default: 1}}\njobs: [{id: a, steps: [{id: s, type: fail}]}]\n",
    )
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 1
    flow.write_text(
        "version: 1\nflow: {id: f}\nparams: {a: {type: integer, default: 9}, b: {type: integer}}\n"
        'jobs: [{id: a, steps: [{id: s, type: say, inputs: {value: ["{{params.a}}", "{{params.b}}"]}, outputs: {both: "{{result.value}}"}}]}]\n'
    )
    answer = project.aetherflow("run", flow, "--run-id", "r1", "--param", "b=2", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["jobs"][0]["outputs"] == {"both": [1, 2]}


def test_long_names_can_be_published(tmp_path):
    from aetherflow.kernel.api import publish

    with publish(tmp_path / ("漢" * 84)) as temporary:
        temporary.write_text("x")
    assert (tmp_path / ("漢" * 84)).read_text() == "x"
