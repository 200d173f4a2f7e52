"""A real metrics module, called by runs of the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

pytestmark = pytest.mark.acceptance

#: The sink as the ancestor's users wrote it: keyword-only callbacks, no more names than they were promised.
MODULE = """
import json

def note(name, **told):
    with open("calls", "a") as lines:
        lines.write(json.dumps([name, told]) + "\\n")

class Metrics:
    def on_run_start(self, *, flow_id, run_id):
        note("on_run_start", flow_id=flow_id, run_id=run_id)

    def on_run_end(self, *, flow_id, run_id, summary):
        note("on_run_end", flow_id=flow_id, run_id=run_id, summary=summary)

    def on_job_start(self, *, flow_id, run_id, job_id):
        note("on_job_start", flow_id=flow_id, run_id=run_id, job_id=job_id)

    def on_job_end(self, *, flow_id, run_id, job_id, status, duration_ms):
        note("on_job_end", flow_id=flow_id, run_id=run_id, job_id=job_id, status=status, duration_ms=duration_ms)

    def on_step_start(self, *, flow_id, run_id, job_id, step_id, step_type):
        note("on_step_start", flow_id=flow_id, run_id=run_id, job_id=job_id, step_id=step_id, step_type=step_type)

    def on_step_end(self, *, flow_id, run_id, job_id, step_id, step_type, status, duration_ms):
        note("on_step_end", flow_id=flow_id, run_id=run_id, job_id=job_id, step_id=step_id, step_type=step_type,
             status=status, duration_ms=duration_ms)

METRICS = Metrics()
"""

STEPS = """
from aetherflow.kernel.api import Rerun, Skip, StepContext, StepError, StepOutputs, register_step

class Out(StepOutputs):
    value: int = 0

@register_step("work", rerun=Rerun.SAFE)
def work(context: StepContext, unless: str = "", skip: bool = False) -> Out | Skip[Out]:
    if unless and not (context.project / unless).exists():
        raise StepError("it went wrong")
    return Skip("nothing to do", Out()) if skip else Out()
"""

FLOW = """
version: 1
flow: {id: f}
jobs:
  - {id: fine, steps: [{id: a, type: work}, {id: b, type: work, inputs: {skip: true}}]}
  - {id: not_wanted, when: 1 > 2, steps: [{id: a, type: work}]}
  - {id: bad, steps: [{id: a, type: work}, {id: b, type: work, inputs: {unless: mended}}]}
  - {id: blocked, depends_on: [bad], steps: [{id: a, type: work}]}
"""


@dataclass
class Project:
    """A folder with a flow, its steps and a metrics module."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text))

    def environ(self, **environment):
        kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        path = os.pathsep.join(filter(None, [str(self.folder), os.environ.get("PYTHONPATH")]))
        return {**kept, "PYTHONPATH": path, "AETHERFLOW_PLUGIN_PATHS": "steps", **self.environment, **environment}

    def start(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "aetherflow.kernel", *arguments],
            env=self.environ(),
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def aetherflow(self, *arguments, **environment):
        return subprocess.run(
            [sys.executable, "-m", "aetherflow.kernel", *arguments],
            env=self.environ(**environment),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def calls(self):
        """What METRICS was called with, since the last time it was asked."""
        file = self.folder / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path, {"AETHERFLOW_METRICS_MODULE": "my_metrics"})
    made.write("steps/steps.py", STEPS)
    made.write("my_metrics.py", MODULE)
    made.write("flow.yaml", FLOW)
    return made


def short(calls):
    keys = ("job_id", "step_id", "status")
    return [" ".join([name.removeprefix("on_"), *(told[key] for key in keys if key in told)]) for name, told in calls]


def test_run_jobs_and_steps_are_called_once_each_whatever_becomes_of_them(project):
    answer = project.aetherflow("run", "flow.yaml", "--run-id", "one")
    calls = project.calls()
    assert (answer.returncode, "METRICS" in answer.stderr) == (1, False)
    assert short(calls) == [
        "run_start",
        "job_start fine",
        "step_start fine a",
        "step_end fine a SUCCESS",
        "step_start fine b",
        "step_end fine b SKIPPED",
        "job_end fine SUCCESS",
        "job_end not_wanted SKIPPED",
        "job_start bad",
        "step_start bad a",
        "step_end bad a SUCCESS",
        "step_start bad b",
        "step_end bad b FAILED",
        "job_end bad FAILED",
        "job_end blocked BLOCKED",
        "run_end",
    ]
    told = dict(calls)
    assert {(each["flow_id"], each["run_id"]) for _, each in calls} == {("f", "one")}
    assert told["on_step_start"]["step_type"] == "work"
    assert type(told["on_step_end"]["duration_ms"]) is int
    summary = told["on_run_end"]["summary"]
    assert (summary["flow_id"], summary["run_id"], summary["status"]) == ("f", "one", "FAILED")
    assert summary["status_counts"] == {"SUCCESS": 1, "SKIPPED": 1, "FAILED": 1, "BLOCKED": 1}
    assert [job["job_id"] for job in summary["jobs"]] == ["fine", "not_wanted", "bad", "blocked"]
    assert [step["status"] for step in summary["jobs"][2]["steps"]] == ["SUCCESS", "FAILED"]


def test_run_that_goes_on_tells_only_what_it_does(project):
    project.aetherflow("run", "flow.yaml", "--run-id", "one")
    project.calls()
    project.write("mended", "")
    assert project.aetherflow("run", "flow.yaml", "--run-id", "one").returncode == 0
    assert short(project.calls()) == [
        "run_start",
        "job_start bad",
        "step_start bad b",
        "step_end bad b SUCCESS",
        "job_end bad SUCCESS",
        "job_start blocked",
        "step_start blocked a",
        "step_end blocked a SUCCESS",
        "job_end blocked SUCCESS",
        "run_end",
    ]


RETRIED = """
version: 1
flow: {id: f, concurrency: {max_parallel_jobs: 4}}
jobs:
  - {id: retried, steps: [{id: a, type: work, inputs: {unless: mended}, retry: {max_attempts: 3, backoff_seconds: 0}}]}
  - {id: items, steps: [{id: a, type: work, inputs: {skip: "{{item}}"}, foreach: {items: [true, false, true], max_parallel: 2}}]}
  - {id: unwanted, steps: [{id: a, type: work, when: 1 > 2}, {id: b, type: work}]}
  - {id: tolerant, steps: [{id: a, type: work, inputs: {unless: mended}, continue_on_error: true}, {id: b, type: work}]}
on_failure: [{id: tell, steps: [{id: a, type: work}]}]
finally: [{id: tidy, steps: [{id: a, type: work}]}]
"""


def test_step_that_is_tried_again_or_repeated_starts_once_and_ends_once_whatever_runs_beside_it(project):
    project.write("flow.yaml", RETRIED)
    assert project.aetherflow("run", "flow.yaml").returncode == 1
    calls = short(project.calls())
    assert (calls[0], calls[-1]) == ("run_start", "run_end")
    assert sorted(calls[1:-1]) == sorted(
        [
            "job_start retried", "step_start retried a", "step_end retried a FAILED", "job_end retried FAILED",
            "job_start items", "step_start items a", "step_end items a SUCCESS", "job_end items SUCCESS",
            "job_start unwanted", "step_end unwanted a SKIPPED", "step_start unwanted b", "step_end unwanted b SUCCESS",
            "job_end unwanted SUCCESS", "job_start tolerant", "step_start tolerant a", "step_end tolerant a FAILED",
            "step_start tolerant b", "step_end tolerant b SUCCESS", "job_end tolerant SUCCESS",
            "job_start tell", "step_start tell a", "step_end tell a SUCCESS", "job_end tell SUCCESS",
            "job_start tidy", "step_start tidy a", "step_end tidy a SUCCESS", "job_end tidy SUCCESS",
        ]
    )  # fmt: skip
    for call in calls:
        if call.startswith(("step_start", "job_start")):
            assert calls.index(call) < next(
                i for i, end in enumerate(calls) if end.startswith(call.replace("start", "end"))
            )


def test_run_that_a_signal_stopped_has_its_end_told(project):
    project.write(
        "steps/waiting.py",
        "from aetherflow.kernel.api import Rerun, StepContext, register_step\n"
        "@register_step('wait', rerun=Rerun.SAFE)\n"
        "def wait(context: StepContext) -> None:\n"
        "    (context.project / 'ready').touch()\n    context.cancelled.wait()\n    raise ValueError('stopped')\n",
    )
    project.write(
        "flow.yaml",
        "version: 1\nflow: {id: f}\njobs: [{id: a, steps: [{id: s, type: wait}]}, {id: b, steps: [{id: s, type: work}]}]\n",
    )
    with project.start("run", "flow.yaml") as running:
        while not (project.folder / "ready").exists():
            assert running.poll() is None
            time.sleep(0.02)
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)
    assert running.returncode == 143
    assert short(project.calls()) == [
        "run_start",
        "job_start a",
        "step_start a s",
        "step_end a s INTERRUPTED",
        "job_end a INTERRUPTED",
        "job_end b PENDING",
        "run_end",
    ]


def test_setting_of_the_project_names_the_module_as_well(project):
    project.write("aetherflow.yaml", "settings: {metrics_module: my_metrics}\n")
    project.aetherflow("run", "flow.yaml", AETHERFLOW_METRICS_MODULE="")
    assert short(project.calls())[0] == "run_start"


def test_callbacks_that_are_not_there_are_left_out_and_each_gets_what_it_asks_for(project):
    project.write(
        "my_metrics.py",
        """
        import json
        class METRICS:
            @staticmethod
            def on_step_end(*, step_id, status, unheard_of=1):
                open("calls", "a").write(json.dumps(["on_step_end", {"step_id": step_id, "status": status}]) + "\\n")
            @staticmethod
            def on_job_end(**told):
                open("calls", "a").write(json.dumps(["on_job_end", told]) + "\\n")
        """,
    )
    answer = project.aetherflow("run", "flow.yaml")
    calls = project.calls()
    assert "METRICS" not in answer.stderr
    assert [name for name, _ in calls].count("on_step_end") == 4
    assert set(dict(calls)["on_job_end"]) == {"flow_id", "run_id", "job_id", "status", "duration_ms"}


def test_callbacks_that_fail_are_told_once_each_and_silence_nothing(project):
    project.write(
        "my_metrics.py",
        MODULE
        + "\ndef fail(**told):\n    raise ValueError('no server')\n"
        + "METRICS.on_run_start = METRICS.on_job_start = METRICS.on_step_start = METRICS.on_step_end = fail\n"
        + "METRICS.on_job_end = 7\n",
    )
    project.write("mended", "")
    answer = project.aetherflow("run", "flow.yaml")
    assert answer.returncode == 0
    assert short(project.calls()) == ["run_end"]
    told = [line for line in answer.stderr.splitlines() if "logger=aetherflow_metrics" in line]
    assert len(told) == 5
    assert "on_run_start of METRICS in my_metrics failed: ValueError: no server (it is told once)" in told[0]
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (None, "can't be imported: ModuleNotFoundError: No module named 'my_metrics'"),
        ("import nothing_of_this_name", "can't be imported: ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("raise SystemExit(0)", "can't be imported: SystemExit: 0"),
        ("1 +", "can't be imported: SyntaxError"),
        ("x = 1", "has no METRICS"),
        ("METRICS = None", "has no METRICS"),
    ],
)  # fmt: skip
def test_module_that_can_not_be_used_stops_the_run_before_anything_has_run(project, code, told):
    if code is None:
        (project.folder / "my_metrics.py").unlink()
    else:
        project.write("my_metrics.py", code)
    answer = project.aetherflow("run", "flow.yaml")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert f"error AF-METRICS-MODULE: the metrics module 'my_metrics' {told}" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (project.folder / ".aetherflow").exists()


def test_secret_in_the_import_error_is_masked(project):
    project.write("my_metrics.py", "import os\nraise ValueError(os.environ['MY_TOKEN'])")
    answer = project.aetherflow("run", "flow.yaml", MY_TOKEN="hunter2hunter2")
    assert "can't be imported: ValueError: ***" in answer.stderr
    assert "hunter2" not in answer.stderr


@pytest.mark.parametrize("command", ["run", "validate"])
@pytest.mark.parametrize(
    "policy",
    [
        "profile: enterprise\nprofiles: {enterprise: {plugins: {allow: [metrics], hooks: {metrics: [aetherflow_event]}}}}",
        "profile: enterprise\nprofiles: {enterprise: {plugins: {allow: [metrics]}}}",
        "profile: lab\nprofiles: {lab: {extends: internal_fast, plugins: {mode: listed, allow: [metrics]}}}",
    ],
)
def test_module_is_refused_and_not_imported_where_the_profile_is_not_open(project, command, policy):
    project.write("aetherflow.yaml", policy)
    project.write("flow.yaml", "version: 1\nflow: {id: f}\njobs: []\n")
    project.write("my_metrics.py", "open('imported', 'w')")
    answer = project.aetherflow(command, "flow.yaml", AETHERFLOW_PLUGIN_PATHS="")
    assert answer.returncode == 3
    assert "AF-METRICS-DENIED" in answer.stderr
    assert not (project.folder / "imported").exists()


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("profiles: {internal_fast: {plugins: {deny: [metrics]}}}", 'plugin metrics is denied: deny "metrics"'),
        ("profiles: {internal_fast: {plugins: {hooks: {}}}}", "aetherflow_event is not granted to plugin metrics"),
    ],
)
def test_setting_that_nobody_acts_upon_is_a_warning_and_nothing_is_imported(project, policy, told):
    project.write("aetherflow.yaml", policy)
    project.write("my_metrics.py", "open('imported', 'w')")
    project.write("mended", "")
    answer = project.aetherflow("run", "flow.yaml")
    assert answer.returncode == 0
    assert "warning AF-METRICS-IDLE: the setting metrics_module has no effect: " in answer.stderr
    assert told in answer.stderr
    assert not (project.folder / "imported").exists()


def test_run_without_the_setting_is_left_alone(project):
    project.write("mended", "")
    answer = project.aetherflow("run", "flow.yaml", AETHERFLOW_METRICS_MODULE="")
    assert (answer.returncode, project.calls()) == (0, [])
    assert "METRICS" not in answer.stderr


def test_validate_does_not_import_the_module(project):
    project.write("my_metrics.py", "open('imported', 'w')")
    assert project.aetherflow("validate", "flow.yaml").returncode == 0
    assert not (project.folder / "imported").exists()
