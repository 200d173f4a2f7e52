"""Plugins that observe runs: what they hear, that they hurt nobody, and that nothing runs that was not granted."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from aetherflow.kernel.run.flow import run_flow
from aetherflow.kernel.run.request import RunRequest

pytestmark = pytest.mark.contract

#: Writes what it hears, one event a line, into the file <its name>.seen of the project.
WATCH = """
import dataclasses, json, pathlib
from aetherflow.kernel.api import hookimpl

pathlib.Path("imported").open("a").write(__name__ + "\\n")

@hookimpl
def aetherflow_event(event, context):
    told = {name: getattr(event, name) for name in ("job_id", "step_id", "status", "restored", "reason", "message", "fields") if hasattr(event, name)}
    with (context.project / (__name__ + ".seen")).open("a") as lines:
        lines.write(json.dumps({"event": event.name, **told}) + "\\n")
"""

#: Raises `raised` at every event.
RAISE = """
from aetherflow.kernel.api import hookimpl

@hookimpl
def aetherflow_event(event, context):
    with (context.project / "attempts").open("a") as lines:
        lines.write(event.name + "\\n")
    {raised}
"""

OPENING = """
from aetherflow.kernel.api import InvalidInput, RefusedByPolicy, hookimpl

@hookimpl
def aetherflow_observe(context):
    {body}

@hookimpl
def aetherflow_event(event, context):
    with (context.project / "heard").open("a") as lines:
        lines.write(event.name + "\\n")
"""

FLOW = """
version: 1
flow: {id: f}
jobs:
  - id: fine
    steps:
      - {id: a, type: say, inputs: {value: 1}}
      - {id: b, type: nothing_to_do, inputs: {unless: data}, on_no_data: skip_job}
      - {id: c, type: say}
  - {id: not_wanted, when: run.attempt > 9, steps: [{id: a, type: say}]}
  - {id: bad, steps: [{id: a, type: say}, {id: b, type: fail, inputs: {unless: mended}}, {id: c, type: say}]}
  - {id: blocked, depends_on: [bad], steps: [{id: a, type: say}]}
"""


@pytest.fixture
def one_step(project):
    return project.write("flow.yaml", "version: 1\nflow: {id: f}\njobs: [{id: a, steps: [{id: s, type: say}]}]\n")


def heard(project, name="watch"):
    return [json.loads(line) for line in project.lines(f"{name}.seen")]


def short(events):
    keys = ("event", "job_id", "step_id", "status")
    return [" ".join(str(event[key]) for key in keys if key in event) for event in events]


#: All that one start of FLOW tells.
FIRST_START = [
    "run_start",
    "job_start fine",
    "step_start fine a",
    "step_end fine a SUCCESS",
    "step_start fine b",
    "step_end fine b SKIPPED",
    "step_end fine c SKIPPED",
    "job_end fine SKIPPED",
    "job_end not_wanted SKIPPED",
    "job_start bad",
    "step_start bad a",
    "step_end bad a SUCCESS",
    "step_start bad b",
    "step_end bad b FAILED",
    "job_end bad FAILED",
    "job_end blocked BLOCKED",
    "run_summary FAILED",
]


def test_every_event_is_heard_once_and_in_the_order_of_the_log(project, plant):
    plant("watch", WATCH)
    answer = project.aetherflow("run", project.write("flow.yaml", FLOW), AETHERFLOW_LOG_FORMAT="json")
    assert answer.code == 1
    assert short(heard(project)) == FIRST_START
    logged = [json.loads(line) for line in answer.err.splitlines()]
    assert short(logged) == FIRST_START


def test_what_an_earlier_start_did_is_heard_as_restored_when_the_run_goes_on(project, plant):
    plant("watch", WATCH)
    flow = project.write("flow.yaml", FLOW)
    project.aetherflow("run", flow, "--run-id", "one")
    project.write("mended", "")
    answer = project.aetherflow("run", flow, "--run-id", "one")
    assert answer.code == 0, answer.err
    again = heard(project)[len(FIRST_START) :]
    restored, fresh = ([event for event in again if event.get("restored", False) is wanted] for wanted in (True, False))
    assert short(restored) == ["job_end fine SKIPPED", "job_end not_wanted SKIPPED", "step_end bad a SUCCESS"]
    assert short(fresh) == [
        "run_start",
        "job_start bad",
        "step_start bad b",
        "step_end bad b SUCCESS",
        "step_start bad c",
        "step_end bad c SUCCESS",
        "job_end bad SUCCESS",
        "job_start blocked",
        "step_start blocked a",
        "step_end blocked a SUCCESS",
        "job_end blocked SUCCESS",
        "run_summary SUCCESS",
    ]


@pytest.mark.parametrize(
    "raised",
    ["raise ValueError('a\\nb')", "raise SystemExit(0)", "raise KeyboardInterrupt", "raise BaseException('x')"],
)
def test_observer_that_raises_is_told_of_once_then_muted_and_hurts_neither_the_run_nor_the_others(
    project, plant, one_step, raised
):
    plant("angry", RAISE.format(raised=raised))
    plant("watch", WATCH)
    answer = project.aetherflow("run", one_step, AETHERFLOW_LOG_FORMAT="json")
    assert answer.code == 0
    assert project.lines("attempts") == ["run_start", "job_start", "step_start"]
    told = [line for line in map(json.loads, answer.err.splitlines()) if line["event"] == "log"]
    assert [line["logger"] for line in told] == ["aetherflow.observers"]
    assert "observer angry failed at run_start: " in told[0]["message"]
    assert len(heard(project)) == 6


def test_observer_that_fails_now_and_then_hears_everything(project, plant, one_step):
    plant("moody", RAISE.format(raised="if 'step' not in event.name: raise ValueError('not today')"))
    answer = project.aetherflow("run", one_step)
    assert project.lines("attempts") == ["run_start", "job_start", "step_start", "step_end", "job_end", "run_summary"]
    assert answer.err.count("not today") == 1


def test_observers_hear_no_secret_and_none_is_told_of_them(project, plant):
    plant("watch", WATCH)
    plant("angry", RAISE.format(raised="raise ValueError(context.environment['MY_TOKEN'])"))
    project.write(
        "steps/leaky.py",
        "from aetherflow.kernel.api import Skip, StepContext, StepOutputs, register_step\n"
        "class Out(StepOutputs):\n    x: int = 0\n"
        "@register_step('leak')\n"
        "def leak(context: StepContext, text: str) -> Out | Skip[Out]:\n"
        "    context.log.info('said ' + text, deep={'list': [text]})\n    return Skip('because of ' + text, Out())\n",
    )
    flow = project.write(
        "flow.yaml",
        'version: 1\nflow: {id: f}\njobs: [{id: a, steps: [{id: s, type: leak, inputs: {text: "{{env.MY_TOKEN}}"}}]}]\n',
    )
    answer = project.aetherflow("run", flow, MY_TOKEN="hunter2hunter2")
    assert answer.code == 0
    assert "because of ***" in [event.get("reason") for event in heard(project)]
    (said,) = [event for event in heard(project) if event["event"] == "step_log"]
    assert (said["message"], said["fields"]) == ("said ***", {"deep": {"list": ["***"]}})
    assert "observer angry failed at run_start: ValueError: ***" in answer.err
    seen = (project.folder / "watch.seen").read_text() + answer.err + answer.out
    assert "hunter2" not in seen


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ("raise InvalidInput('no such place', code='AF-WATCH-PLACE', help='make it')", 2, "AF-WATCH-PLACE: no such place"),
        ("raise RefusedByPolicy('not here', code='AF-WATCH-HERE')", 3, "AF-WATCH-HERE: not here"),
        ("raise InvalidInput('bad ' + context.environment['MY_TOKEN'])", 2, "bad ***"),
    ],
)  # fmt: skip
def test_observer_may_refuse_a_run_before_anything_has_happened(project, plant, one_step, body, code, told):
    plant("watch", OPENING.format(body=body), hooks=("aetherflow_event", "aetherflow_observe"))
    answer = project.aetherflow("run", one_step, MY_TOKEN="hunter2hunter2")
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err
    assert "Traceback" not in answer.err
    assert not (project.folder / ".aetherflow").exists()
    assert project.lines("heard") == []


@pytest.mark.parametrize(
    ("body", "events", "told"),
    [
        ("return False", 0, ""),
        ("return None", 6, ""),
        ("return True", 6, ""),
        ("raise ValueError('odd')", 0, "observer watch broke at the start: ValueError: odd; it observes nothing"),
        ("raise SystemExit(9)", 0, "observer watch broke at the start: SystemExit: 9; it observes nothing"),
    ],
)
def test_observer_that_stays_away_or_breaks_at_the_start_hears_nothing_and_ends_nothing(
    project, plant, one_step, body, events, told
):
    plant("watch", OPENING.format(body=body), hooks=("aetherflow_event", "aetherflow_observe"))
    answer = project.aetherflow("run", one_step)
    assert answer.code == 0
    assert len(project.lines("heard")) == events
    assert told in answer.err
    assert answer.err.count("logger=aetherflow.observers") == (1 if told else 0)


@pytest.mark.slow
def test_observer_that_never_returns_keeps_no_process_from_leaving(project, plant, one_step):
    plant("stuck", RAISE.format(raised="import threading; threading.Event().wait()"))
    plant("watch", WATCH)
    answer = project.aetherflow("run", one_step, "--json")
    assert (answer.code, answer.json["status"]) == (0, "SUCCESS")
    assert "observer stuck is still busy: it is left behind, and 5 more events with it" in answer.err
    assert len(heard(project)) == 6


def test_observer_that_can_not_be_imported_is_told_of_and_the_run_goes_on(project, plant, one_step):
    plant("broken", "raise SystemExit(7)")
    plant("watch", WATCH)
    answer = project.aetherflow("run", one_step)
    assert answer.code == 0
    assert "plugin broken broke while it was imported: SystemExit: 7: it observes nothing" in answer.err
    assert len(heard(project)) == 6


def test_code_that_observes_and_does_not_say_so_in_its_manifest_is_stale(project, plant, one_step):
    plant(
        "sly", WATCH.replace("aetherflow_event(event, context)", "aetherflow_event(event)"), hooks=("aetherflow_steps",)
    )
    answer = project.aetherflow("plugins", "list", "--import", "--json")
    (sly,) = [each for each in answer.json if each["name"] == "sly"]
    assert sly["state"] == "broken"
    assert "hook aetherflow_event" in sly["why"]


@pytest.mark.parametrize(
    "policy",
    [
        "profiles: {internal_fast: {plugins: {hooks: {}}}}",
        "profiles: {internal_fast: {plugins: {deny: [watch]}}}",
        "profile: lab\nprofiles: {lab: {extends: internal_fast, plugins: {mode: listed, allow: ['step:*']}}}",
        "profile: enterprise\nprofiles: {enterprise: {plugins: {allow: [watch]}}}",
    ],
)
def test_observer_that_is_not_granted_is_not_even_imported(project, plant, policy):
    plant("watch", WATCH)
    flow = project.write("flow.yaml", "version: 1\nflow: {id: f}\njobs: []\n")
    project.write("aetherflow.yaml", policy)
    answer = project.aetherflow("run", flow, AETHERFLOW_PLUGIN_PATHS="")
    assert answer.code == 0, answer.err
    assert project.lines("imported") == []
    assert heard(project) == []


def test_locked_profile_that_grants_it_runs_the_observer(project, plant):
    plant("watch", WATCH)
    flow = project.write("flow.yaml", "version: 1\nflow: {id: f}\njobs: []\n")
    project.write(
        "aetherflow.yaml",
        "profile: enterprise\nprofiles: {enterprise: {plugins: {allow: [watch], hooks: {watch: [aetherflow_event]}}}}",
    )
    answer = project.aetherflow("run", flow, AETHERFLOW_PLUGIN_PATHS="")
    assert answer.code == 0, answer.err
    assert [event["event"] for event in heard(project)] == ["run_start", "run_summary"]


def test_nothing_but_a_run_imports_an_observer(project, plant, one_step):
    plant("watch", WATCH)
    for arguments in (("validate", one_step), ("plugins", "list"), ("plugins", "show", "watch"), ("--help",)):
        assert project.aetherflow(*arguments).code == 0
    assert project.lines("imported") == []


@pytest.mark.parametrize(
    ("hooks", "order"),
    [("", ["a_watch", "b_watch"]), ("hooks: {b-watch: [aetherflow_event], a_watch: [aetherflow_event]}", ["b_watch", "a_watch"])],
)  # fmt: skip
def test_observers_come_in_the_order_of_the_profile_else_by_name(project, plant, one_step, hooks, order):
    plant("b_watch", WATCH)
    plant("a_watch", WATCH)
    project.write("aetherflow.yaml", f"profiles: {{internal_fast: {{plugins: {{{hooks}}}}}}}")
    assert project.aetherflow("run", one_step).code == 0
    assert project.lines("imported") == order
    assert heard(project, "a_watch") == heard(project, "b_watch")


def test_program_that_runs_a_flow_itself_hears_of_it_beside_the_observers(project, plant, one_step):
    site = plant("watch", WATCH)
    program = (
        "import sys; from pathlib import Path; from aetherflow.kernel.api import run_flow; seen = []\n"
        "print(run_flow(Path(sys.argv[1]), on_event=lambda event: seen.append(event.name)).status, len(seen))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(one_step)],
        env=project.environ(),
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert site.is_dir()
    assert done.stdout.split() == ["SUCCESS", "6"]
    assert len(heard(project)) == 6


def test_run_without_observers_starts_no_thread_and_imports_nothing_for_them(project, one_step):
    project.write("aetherflow.yaml", "profiles: {internal_fast: {plugins: {hooks: {}}}}")
    program = (
        "import sys; from pathlib import Path; from aetherflow.kernel.api import run_flow; run_flow(Path(sys.argv[1]))\n"
        "print([name for name in sys.modules if 'observe' in name or 'aetherflow_metrics' in name or name.endswith('.opening')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(one_step)],
        env=project.environ(),
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_run_flow_of_this_process_takes_what_is_installed_here(project, one_step):
    environ = {"AETHERFLOW_PLUGIN_PATHS": str(project.folder / "steps")}
    names = []
    result = run_flow(one_step, RunRequest(), environ=environ, on_event=lambda event: names.append(event.name))
    assert (result.status, len(names)) == ("SUCCESS", 6)
