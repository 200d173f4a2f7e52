"""`plan` and `run --plan`, as processes on real projects: what is shown, that nothing is written, what is refused."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

FLOW = """
version: 1
flow: {id: daily, concurrency: {max_parallel_jobs: 1}}
params:
  day: {type: date, default: "{{run.date}}"}
  count: {type: integer, default: 2}
  label: {type: string, default: "of {{run.id}}"}
jobs:
  - id: load
    steps:
      - {id: first, type: say, inputs: {value: "{{params.count}}"}, outputs: {rows: "{{result.value}}"}}
      - {id: second, type: fail, inputs: {unless: mended, kind: "{{env.KIND:nothing}}"}}
      - id: third
        type: write
        inputs: {path: "{{params.day}}.txt", text: "{{steps.second.value}} of {{env.MY_TOKEN}} by {{run_id}}, {{job.outputs.rows}}"}
        retry: {max_attempts: 3}
        timeout_seconds: 60
  - id: rarely
    when: params.count > 5
    steps: [{id: say, type: say}]
  - id: behind
    depends_on: [rarely]
    steps: [{id: say, type: say}]
  - id: send
    depends_on: [load]
    when: jobs.load.outputs.rows > 1 and params.count > 1
    steps:
      - {id: each, type: say, foreach: {items: [1, 2, 3], max_parallel: 2}, inputs: {value: "{{item}}"}}
      - {id: all, type: say, foreach: {items: "{{steps.each.value}}"}, inputs: {value: "{{params.label}}"}}
on_failure:
  - {id: tell, steps: [{id: say, type: say, inputs: {value: "{{failure.job_id}}"}}]}
finally:
  - {id: tidy, steps: [{id: say, type: say, inputs: {value: "{{flow_id}}"}}]}
"""
HANGING = """
version: 1
flow: {id: daily}
jobs:
  - {id: stay, steps: [{id: hang, type: hang, inputs: {ready: ready}}]}
"""
SECRET = "s3cret-and-long"


@pytest.fixture
def project(project):
    project.environment["MY_TOKEN"] = SECRET
    project.write("daily.yaml", FLOW)
    return project


@pytest.fixture
def planned(project):
    """A project with a plan that was kept."""
    answer = project.aetherflow("plan", "daily.yaml", "--param", "count=3", "--run-id", "one", "--out", "plan.json")
    assert answer.code == 0, answer.err
    return project


def plan_of(project, *options, **more):
    answer = project.aetherflow("plan", "daily.yaml", *options, "--json", **more)
    assert answer.code == 0, answer.out + answer.err
    return answer.json


def named(told):
    """Jobs and steps by their names."""
    jobs = {job["job_id"]: job for job in told["jobs"]}
    return jobs | {f"{name}.{step['step_id']}": step for name, job in jobs.items() for step in job["steps"]}


def seen(folder):
    """All folders, and all files with their times and what they hold."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes()) if path.is_file() else None
        for path in folder.rglob("*")
    }


def waits(told):
    return [(each["path"], each["reference"], each["until"]) for each in told["waits_for"]]


def start_hanging(project):
    """A run that is under way, as a process."""
    process = project.start("run", "daily.yaml", "--run-id", "h")
    end = time.monotonic() + 60
    while not (project.folder / "ready").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    return process


def edit(project, old, new, name="daily.yaml"):
    text = (project.folder / name).read_text()
    assert old in text
    (project.folder / name).write_text(text.replace(old, new))


def test_what_is_known_is_shown_and_the_rest_with_what_it_waits_for(project):
    before = time.strftime("%Y-%m-%d", time.gmtime())
    told = plan_of(project)
    today = told["parameters"]["day"]["value"]
    assert before <= today <= time.strftime("%Y-%m-%d", time.gmtime())
    found = named(told)
    assert told["plan_format"] == 1
    assert (told["run"]["run_id"], told["run"]["start"], told["run"]["asked"]) == (None, 1, "run")
    assert told["parameters"]["day"] == {"value": today, "is_known": True, "source": "default"}
    assert told["parameters"]["label"] == {"value": None, "is_known": False, "source": "default"}
    assert found["load.first"]["inputs"] == {"value": 2}
    assert found["load.second"]["inputs"] == {"unless": "mended", "kind": "nothing"}
    third = found["load.third"]
    assert third["inputs"] == {
        "path": f"{today}.txt",
        "text": "{{steps.second.value}} of *** by {{run_id}}, {{job.outputs.rows}}",
    }
    assert waits(third) == [
        ("inputs.text", "steps.second.value", "step second"),
        ("inputs.text", "run_id", "the start of the run"),
        ("inputs.text", "job.outputs.rows", "step first"),
    ]
    assert (third["retry"]["max_attempts"], third["timeout_seconds"], third["rerun"]) == (3, 60, "SAFE")
    assert found["send.each"]["foreach"]["items"] == 3
    assert waits(found["send.each"]) == [("inputs.value", "item", "each item")]
    assert found["send.all"]["foreach"]["items"] is None
    assert waits(found["send.all"]["foreach"]) == [("items", "steps.each.value", "step each")]
    assert waits(found["send.all"]) == [("inputs.value", "params.label", "the start of the run")]
    assert found["tidy.say"]["inputs"] == {"value": "daily"}
    assert found["send"]["waits_for"] == [{"job_id": "load", "because": "depends_on"}]
    assert ("local:steps", True) in [(each["name"], each["is_imported"]) for each in told["plugins"]]


def test_what_would_become_of_each_job_is_foreseen(project):
    found = named(plan_of(project))
    foreseen = {name: (each["foreseen"], each["why"]) for name, each in found.items() if "." not in name}
    assert foreseen == {
        "load": ("RUN", ""),
        "rarely": ("SKIP", "condition=false"),
        "behind": ("BLOCK", "job 'rarely', which it depends on, is SKIPPED"),
        "send": ("OPEN", "decided after job load"),
        "tell": ("OPEN", "where the run fails"),
        "tidy": ("RUN", ""),
    }
    few = named(plan_of(project, "--param", "count=1"))
    # One half of the condition is enough to know.
    assert (few["send"]["foreseen"], few["send"]["when"]["holds"]) == ("SKIP", False)
    alone = named(plan_of(project, "--flow-job", "load"))
    assert (alone["load"]["foreseen"], alone["send"]["foreseen"]) == ("RUN", "LEAVE")
    assert alone["send"]["why"] == "only job 'load' was asked for"


def test_what_can_not_work_is_said_with_its_reason(project):
    project.write(
        "daily.yaml",
        """
        version: 1
        flow: {id: daily}
        jobs:
          - id: a
            steps:
              - {id: gone, type: say, inputs: {value: "{{env.NOT_SET}}"}}
              - {id: listed, type: say, inputs: {value: "at {{env.NOT_SET}}"}, when: 'params.x > 1'}
        params: {x: {type: integer, default: 1}}
        """,
    )
    found = named(plan_of(project))
    assert found["a.gone"]["foreseen"] == "FAIL"
    assert found["a.gone"]["why"] == "env.NOT_SET: never: 'env.NOT_SET' does not exist"
    assert found["a.listed"]["foreseen"] == "SKIP"


def test_text_for_people_has_jobs_steps_and_what_they_wait_for(project):
    answer = project.aetherflow("plan", "daily.yaml", "--run-id", "one")
    lines = answer.out.splitlines()
    assert lines[0] == "plan of flow daily: run one, start 1 (run)"
    assert "  1. job load: RUN" in lines
    assert "     step third (write of local:steps, SAFE): RUN" in lines
    (text,) = (line for line in lines if line.startswith('       text       "{{steps.second.value}} of *** by one'))
    assert text.endswith(" (waits for step second: steps.second.value; step first: job.outputs.rows)")
    assert "  2. job rarely: SKIP [condition=false]" in lines
    assert "  5. job tell, on_failure: OPEN [where the run fails]" in lines
    assert SECRET not in answer.out + answer.err


def test_nothing_is_written_but_the_plan(project):
    before = seen(project.folder)
    plan_of(project)
    plan_of(project, "--run-id", "one")
    assert seen(project.folder) == before
    assert project.aetherflow("plan", "daily.yaml", "--out", "plan.json").code == 0
    after = seen(project.folder)
    assert sorted(after.keys() - before.keys()) == ["plan.json"]
    assert SECRET.encode() not in after["plan.json"][1]
    project.aetherflow("run", "daily.yaml", "--run-id", "one")
    before = seen(project.folder)
    plan_of(project, "--resume", "one")
    assert seen(project.folder) == before


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--param", "count=many"], 2, "AF-TEXT-TYPE"),
        (["--param", "conut=1"], 2, "AF-PARAMETER-UNKNOWN"),
        (["--param", f"label={SECRET}"], 2, "AF-PARAMETER-SECRET"),
        (["--resume", "nope"], 2, "AF-RUN-UNKNOWN"),
        (["--run-id", "a/b"], 2, "AF-RUN-ID"),
        (["--flow-job", "nope"], 2, "AF-JOB-UNKNOWN"),
        (["--flow-job", "send"], 2, "AF-JOB-NEEDS-EARLIER"),
        (["--from", "load.first"], 2, "AF-USAGE"),
        (["--profile", "nope"], 3, "AF-PROFILE-UNKNOWN"),
        (["--out", "nowhere/plan.json"], 2, "AF-FILE-MISSING"),
        (["--out", "daily.yaml"], 2, "AF-USAGE"),
        (["--out", "steps"], 2, "AF-FILE-KIND"),
        (["--out", "/proc/plan.json"], 2, "AF-OUTPUT-FILE"),
    ],
)
def test_mistakes_get_the_errors_of_run_and_leave_nothing(project, options, code, told):
    before = seen(project.folder)
    answer = project.aetherflow("plan", "daily.yaml", *options)
    assert answer.code == code
    assert f"error {told}: " in answer.err
    assert SECRET not in answer.err
    assert seen(project.folder) == before


def test_half_done_run_shows_what_is_restored_and_why(project):
    assert project.aetherflow("run", "daily.yaml", "--run-id", "one", KIND="step").code == 1
    found = named(plan_of(project, "--resume", "one", KIND="step"))
    assert (found["load"]["decision"], found["load"]["reason"]) == ("RUN", "not done yet")
    assert (found["load.first"]["foreseen"], found["load.first"]["why"]) == ("RESTORE", "done in an earlier start")
    assert (found["load.second"]["foreseen"], found["load.second"]["why"]) == ("RUN", "its last attempt ended FAILED")
    # What the restored step gave is known.
    assert found["load.third"]["inputs"]["text"] == "{{steps.second.value}} of *** by one, 2"
    project.write("mended", "")
    assert project.aetherflow("run", "daily.yaml", "--run-id", "one").code == 0
    told = plan_of(project, "--resume", "one")
    assert told["run"]["start"] == 3
    foreseen = {job["job_id"]: job["foreseen"] for job in told["jobs"]}
    # A job that is blocked is tried again; the condition behind it is known by now.
    assert (foreseen["load"], foreseen["send"], foreseen["tidy"]) == ("RESTORE", "RESTORE", "RUN")
    anew = named(plan_of(project, "--resume", "one", "--from", "send.each"))
    assert anew["send"]["when"]["holds"] is True
    assert anew["send"]["foreseen"] == "RUN"
    assert anew["send.each"]["reason"] == "everything from send.each on was asked for"


def test_run_that_is_under_way_is_not_disturbed_and_said_to_be(project):
    project.write("daily.yaml", HANGING)
    process = start_hanging(project)
    told = plan_of(project, "--run-id", "h")
    assert [each["code"] for each in told["warnings"]] == ["AF-RUN-OWNED"]
    assert named(told)["stay.hang"]["reason"] == "its last attempt ended INTERRUPTED"
    assert process.poll() is None
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 143


def test_what_a_killed_run_left_is_looked_at_and_left_as_it_is(project):
    project.write("daily.yaml", HANGING)
    process = start_hanging(project)
    process.kill()
    process.communicate(timeout=60)
    before = seen(project.folder)
    told = plan_of(project, "--resume", "h")
    assert told["warnings"] == []
    assert named(told)["stay.hang"]["reason"] == "its last attempt ended INTERRUPTED"
    after = seen(project.folder)
    # What processes share of the ledger is made anew by whoever opens it.
    assert {name for name, found in after.items() if found != before.get(name)} <= {
        ".aetherflow/state/ledger.sqlite-shm"
    }
    assert after.keys() == before.keys()


def test_unchanged_plan_runs_and_does_what_was_shown(planned):
    planned.write("mended", "")
    answer = planned.aetherflow("run", "--plan", "plan.json", "--json")
    assert answer.code == 0, answer.err + answer.out
    assert answer.json["run_id"] == "one"
    outputs = {job["job_id"]: job["outputs"] for job in answer.json["jobs"]}
    assert outputs["load"] == {"rows": 3}
    # The run went on meanwhile.
    again = planned.aetherflow("run", "daily.yaml", "--plan", "plan.json")
    assert again.code == 2
    assert "error AF-PLAN-CHANGED: this is not what plan.json was made for any more" in again.err
    assert "run one: it would be start 1 → 2" in again.err
    assert "job load: RUN → RESTORE (done in an earlier start)" in again.err


def test_plan_is_good_in_any_folder_where_the_flow_is_named(project):
    project.write("aetherflow.yaml", "settings: {log_level: INFO}\n")
    project.write("mended", "")
    assert project.aetherflow("plan", "daily.yaml", "--out", "plan.json").code == 0
    elsewhere = type(project)(
        project.folder / "steps", {**project.environment, "AETHERFLOW_PLUGIN_PATHS": str(project.folder / "steps")}
    )
    assert elsewhere.aetherflow("run", "--plan", "../plan.json").code == 2
    answer = elsewhere.aetherflow("run", "../daily.yaml", "--plan", "../plan.json")
    assert answer.code == 0, answer.err


CHANGES = {
    "the flow": (lambda project: edit(project, "retry: {max_attempts: 3}", "retry: {max_attempts: 4}"), {}, "the flow: daily.yaml was edited"),
    "a flow that is wrong now": (lambda project: edit(project, "type: write", "type: wriet"), {}, "the flow: daily.yaml was edited"),
    "a parameter": (lambda project: edit(project, '"{{run.date}}"', "2020-01-01"), {}, '→ "2020-01-01"'),
    "a plugin": (lambda project: edit(project, "it went wrong", "it went wrong!", "steps/steps.py"), {}, "plugin local:steps: it has other code"),
    "the policy": (lambda project: project.write("aetherflow.yaml", "settings: {log_level: INFO}\n"), {}, "the policy of the runtime profile internal_fast"),
    "the profile": (
        lambda project: project.write("aetherflow.yaml", "profiles:\n  mine: {extends: internal_fast}\nprofile: mine\n"),
        {},
        "the runtime profile: internal_fast (open) → mine (open)",
    ),
    "the environment": (lambda project: project.write("notes.txt", ""), {"KIND": "plain"}, "step load.second: inputs"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_changed_since_is_named_and_nothing_runs(planned, name):
    change, environment, told = CHANGES[name]
    change(planned)
    before = seen(planned.folder)
    answer = planned.aetherflow("run", "daily.yaml", "--plan", "plan.json", **environment)
    assert answer.code == 2, answer.err
    assert "error AF-PLAN-CHANGED: " in answer.err
    assert told in answer.err
    assert "Traceback" not in answer.err
    assert seen(planned.folder) == before


def test_decisions_that_the_run_made_since_are_named(project):
    assert project.aetherflow("run", "daily.yaml", "--run-id", "one").code == 1
    assert project.aetherflow("plan", "daily.yaml", "--resume", "one", "--out", "plan.json").code == 0
    project.write("mended", "")
    assert project.aetherflow("run", "daily.yaml", "--resume", "one").code == 0
    answer = project.aetherflow("run", "daily.yaml", "--plan", "plan.json", "--json")
    assert answer.code == 2
    (problem,) = answer.json["errors"]
    assert problem["code"] == "AF-PLAN-CHANGED"
    assert (
        "step load.second: RUN (its last attempt ended FAILED) → RESTORE (done in an earlier start)"
        in problem["message"]
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--param", "count=3"], "--param was given too"),
        (["--run-id", "one"], "--run-id was given too"),
        (["--resume", "one", "--accept-changes"], "--resume, --accept-changes was given too"),
        (["--flow-job", "load"], "--flow-job was given too"),
    ],
)
def test_plan_is_not_mixed_with_other_wishes(planned, options, told):
    answer = planned.aetherflow("run", "daily.yaml", "--plan", "plan.json", *options)
    assert answer.code == 2
    assert "error AF-USAGE: " in answer.err
    assert told in answer.err


def damaged(told, **changes):
    return json.dumps(told | changes)


def files_that_are_no_plans(text):
    told = json.loads(text)
    return {
        "empty": "",
        "truncated": text[: len(text) // 2],
        "not JSON": "version: 1\n",
        "a list": "[1, 2]",
        "foreign": '{"name": "package", "version": "1.0.0"}',
        "another format": damaged(told, plan_format=2),
        "a format that is no number": damaged(told, plan_format={"a": 1}),
        "true for a format": damaged(told, plan_format=True),
        "wrong types": damaged(told, request=[1]),
        "a number for a path": damaged(told, flow={"flow_id": "daily", "file": 7}),
        "a part missing": damaged({key: each for key, each in told.items() if key != "jobs"}),
        "a job of another kind": damaged(told, jobs=[*told["jobs"], "job"]),
        "nested deep": "[" * 200_000,
        "nested deep inside": text.replace('"value": 3', '"value": ' + "[" * 900 + "]" * 900, 1),
        "a number without end": text.replace('"start": 1', '"start": ' + "1" * 100_000),
        "no number": text.replace('"start": 1', '"start": NaN'),
        "bytes": "\x00\x01\x02",
        "too big": text + " " * (17 * 1024 * 1024),
    }


def test_file_that_is_no_plan_gets_one_error_in_bounded_time(planned):
    file = planned.folder / "plan.json"
    for name, text in files_that_are_no_plans(file.read_text()).items():
        file.write_text(text)
        answer = planned.aetherflow("run", "daily.yaml", "--plan", "plan.json")
        assert answer.code == 2, (name, answer.err)
        assert answer.err.startswith("error AF-PLAN-FILE: plan.json can't be used as a plan: "), (name, answer.err)
        assert answer.err.count("error ") == 1, name
        assert len(answer.err) < 500, name
    assert not (planned.folder / ".aetherflow").exists()


def test_plan_file_that_is_missing_or_a_folder_is_told(project):
    answer = project.aetherflow("run", "daily.yaml", "--plan", "nope.json")
    assert (answer.code, "AF-FILE-MISSING" in answer.err) == (2, True)
    answer = project.aetherflow("run", "daily.yaml", "--plan", "steps")
    assert (answer.code, "AF-PLAN-FILE" in answer.err) == (2, True)


@pytest.mark.parametrize("where", ["/etc/passwd", "../outside.yaml", "link.yaml", "nope.yaml", "", "a\0b"])
def test_plan_leads_to_no_flow_outside_of_the_current_folder(planned, where):
    (planned.folder.parent / "outside.yaml").write_text(FLOW)
    (planned.folder / "link.yaml").symlink_to(planned.folder.parent / "outside.yaml")
    file = planned.folder / "plan.json"
    told = json.loads(file.read_text())
    told["flow"]["file"] = where
    file.write_text(json.dumps(told))
    answer = planned.aetherflow("run", "--plan", "plan.json")
    assert answer.code == 2
    assert answer.err == (
        "error AF-USAGE: the flow of plan.json is not in the current folder or below it\n"
        "help: name it: aetherflow run FLOW --plan plan.json\n"
    )


def test_plan_that_was_edited_is_no_longer_what_would_run(planned):
    file = planned.folder / "plan.json"
    told = json.loads(file.read_text())
    told["jobs"] = told["jobs"][1:]
    file.write_text(json.dumps(told))
    answer = planned.aetherflow("run", "--plan", "plan.json")
    assert answer.code == 2
    assert "job load: it is not in both" in answer.err
    told = json.loads(file.read_text())
    told["request"]["parameters"]["count"] = "9"
    file.write_text(json.dumps(told))
    assert "parameter count: 3 → 9" in planned.aetherflow("run", "--plan", "plan.json").err


KNOWN = ["{{params.x}}", "{{env.NUMBER}}", "at {{run.date}} in {{flow_id}}", "{{run_id}}: {{env.GONE:none}}", 7]


@st.composite
def flows(draw):
    """Flows of jobs that depend on, and refer to, some of those above them; some of which are skipped."""
    jobs = []
    for number in range(draw(st.integers(1, 6))):
        above = st.lists(st.integers(0, number - 1), unique=True, max_size=2) if number else st.just([])
        depends_on, named = draw(above), draw(above)
        conditions = [
            "",
            "params.x == 2",
            "params.x == 1",
            *(f"jobs.j{each}.status == 'SKIPPED'" for each in draw(above)),
        ]
        when = draw(st.sampled_from(conditions))
        values = [f"{{{{jobs.j{each}.status}}}}" for each in named] + draw(st.lists(st.sampled_from(KNOWN), max_size=3))
        steps = [{"id": "s", "type": "say", "inputs": {"value": values}}]
        steps += [{"id": "t", "type": "say", "inputs": {"value": "{{params.x}}"}, "when": "params.x == 2"}]
        job = {"id": f"j{number}", "depends_on": [f"j{each}" for each in depends_on], "steps": steps}
        jobs.append({**job, **({"when": when} if when else {})})
    params = {"x": {"type": "integer", "default": draw(st.integers(1, 2))}}
    return {"version": 1, "flow": {"id": "daily"}, "params": params, "jobs": jobs}


#: The first job's end is not known before, the others are: that one is skipped, if it is not blocked before it is asked.
BLOCKED_BEFORE_IT_IS_ASKED = {
    "version": 1,
    "flow": {"id": "daily"},
    "params": {"x": {"type": "integer", "default": 1}},
    "jobs": [
        {"id": "j0", "steps": [{"id": "s", "type": "say", "inputs": {"value": 1}}]},
        {
            "id": "j1",
            "when": "jobs.j0.status == 'SKIPPED'",
            "steps": [{"id": "s", "type": "say", "inputs": {"value": 1}}],
        },
        {
            "id": "j2",
            "when": "params.x == 2",
            "depends_on": ["j1"],
            "steps": [{"id": "s", "type": "say", "inputs": {"value": 1}}],
        },
        {
            "id": "j3",
            "when": "jobs.j2.status == 'SKIPPED'",
            "steps": [{"id": "s", "type": "say", "inputs": {"value": 1}}],
        },
    ],
}


@example(flow=BLOCKED_BEFORE_IT_IS_ASKED)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flow=flows())
def test_what_is_foreseen_is_what_a_real_run_does(project, flow):
    project.environment["NUMBER"] = "5"
    project.write("daily.yaml", json.dumps(flow))
    run_id = f"r{len(list(project.folder.glob('run-*')))}"
    project.write(f"run-{run_id}", "")
    told = plan_of(project, "--run-id", run_id)
    answer = project.aetherflow("run", "daily.yaml", "--run-id", run_id, AETHERFLOW_LOG_FORMAT="json")
    events = [json.loads(line) for line in answer.err.splitlines()]
    ended = {each["job_id"]: each["status"] for each in events if each["event"] == "job_end"}
    expected = {"RUN": "SUCCESS", "SKIP": "SKIPPED", "BLOCK": "BLOCKED"}
    foreseen = {job["job_id"]: job["foreseen"] for job in told["jobs"]}
    for job in told["jobs"]:
        status = ended[job["job_id"]]
        is_blocked = status == "BLOCKED" and any(foreseen[other["job_id"]] == "OPEN" for other in job["waits_for"])
        # A condition is not even asked where what the job depends on has not ended with SUCCESS.
        assert status == expected.get(job["foreseen"], status) or (is_blocked and job["foreseen"] == "SKIP")
    # The order in which they start, and that in which they end, those included that do not run.
    started = [each["job_id"] for each in events if each["event"] == "job_start"]
    assert started == [job["job_id"] for job in told["jobs"] if ended[job["job_id"]] == "SUCCESS"]
    assert [job["job_id"] for job in told["jobs"]] == list(ended)
    ran = named(project.aetherflow("runs", "show", run_id, "--json").json)
    for name, step in ran.items():
        planned = named(told)[name]
        if "." in name and planned["foreseen"] in expected:
            assert step["status"] == expected[planned["foreseen"]]
            if step["status"] == "SUCCESS" and not planned["waits_for"]:
                assert step["outputs"]["value"] == planned["inputs"]["value"]
