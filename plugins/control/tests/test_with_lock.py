"""`with_lock` in real flows: who gets in, what the inner step is given, what becomes of it and of the lock."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aetherflow.kernel.api import InvalidInput, RefusedByPolicy, Status, run_flow

pytestmark = pytest.mark.acceptance

#: Steps that tell what they were given, and stay as long as a test wants them to.
STEPS = '''
from __future__ import annotations

import os
import time

from pydantic import Field

from aetherflow.kernel.api import (
    ArtifactPath, Command, Effect, NothingDone, Rerun, Skip, Step, StepContext, StepError, StepInputs, StepOutputs,
    register_step,
)


class Told(StepOutputs):
    value: object = None
    step_id: str = ""
    key: str = ""
    token: str = ""


@register_step("tell", rerun=Rerun.SAFE)
def tell(context: StepContext, value: int = 0, witness: str = "") -> Told | Skip[Told]:
    """Say what it was given, and in a file that it ran."""
    command = Command(
        arguments=("sh", "-c", "echo $AETHERFLOW_FENCE_TOKEN"),
        environment={"PATH": os.environ["PATH"]},
        cwd=context.scratch,
    )
    token = context.spawn(command).stdout.decode().strip()
    if witness:
        with (context.project / witness).open("a") as lines:
            lines.write(f"{context.step_id}\\n")
    told = Told(value=value, step_id=context.step_id, key=context.idempotency_key, token=token)
    return Skip("nothing", told) if value < 0 else told


@register_step("stay", rerun=Rerun.SAFE)
def stay(context: StepContext, ready: str, unless: str = "") -> Told:
    """Say that it runs, and stay until it is stopped."""
    if unless and (context.project / unless).exists():
        return Told()
    (context.project / ready).write_text(str(os.getpid()))
    context.cancelled.wait()
    raise StepError("told to stop")


@register_step("keyed", rerun=Rerun.KEYED)
def keyed(context: StepContext, kind: str = "") -> Told:
    """Fail in some way."""
    if kind == "nothing":
        raise NothingDone("nothing was done")
    if kind == "late":
        context.check_fence()
    raise StepError("it went wrong")


@register_step("pay")
def pay(context: StepContext) -> Told:
    """May run once only."""
    return Told()


class LockItselfInputs(StepInputs):
    again: str


class LockItself(Step[LockItselfInputs, Told]):
    """Ask for a lock, and for another."""

    name = "lock_itself"
    rerun = Rerun.SAFE

    def run(self, context, inputs):
        with context.lease("a") as first, context.lease(inputs.again) as second:
            first.check()
            second.check()
            return Told(value=[first.key, second.key], token=str(second.token))
'''


@pytest.fixture
def project(tmp_path):
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "steps.py").write_text(STEPS)
    (tmp_path / "aetherflow.yaml").write_text("settings: {plugin_paths: [steps]}\n")
    return tmp_path


def locked(inner: dict, key: str = "k", **more: object) -> dict:
    return {"id": "guarded", "type": "with_lock", "inputs": {"lock_key": key, "step": inner, **more}}


def write(project: Path, *steps: dict, name: str = "flow") -> Path:
    flow = {"version": 1, "flow": {"id": name}, "jobs": [{"id": "main", "steps": list(steps)}]}
    file = project / f"{name}.yaml"
    file.write_text(json.dumps(flow))  # JSON is YAML
    return file


def outcome(project: Path, *steps: dict):
    result = run_flow(write(project, *steps))
    return result.jobs[0], result.jobs[0].steps[-1]


def command(project: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aetherflow.kernel", *map(str, arguments)],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def start(project):
    """Starts runs, and ends those that a failed test leaves behind."""
    started: list[subprocess.Popen[str]] = []

    def start_run(flow: Path, run_id: str) -> subprocess.Popen[str]:
        started.append(start_process(project, flow, run_id))
        return started[-1]

    yield start_run
    for process in started:
        process.kill()
        if process.stdout is not None and not process.stdout.closed:
            process.communicate()


def start_process(project: Path, flow: Path, run_id: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "aetherflow.kernel", "run", flow.name, "--run-id", run_id, "--json"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What started these tests may ignore SIGINT, and its children would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def await_file(file: Path, process: subprocess.Popen[str]) -> None:
    while not file.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def status_of(process: subprocess.CompletedProcess[str]) -> tuple[str, str | None]:
    step = json.loads(process.stdout)["jobs"][0]["steps"][-1]
    return step["status"], step["error_code"]


def test_the_outputs_are_those_of_the_inner_step_which_works_as_itself(project):
    promoted = {
        "value": "{{result.value}}",
        "id": "{{result.step_id}}",
        "key": "{{result.key}}",
        "token": "{{result.token}}",
    }
    bare = {"id": "bare", "type": "tell", "inputs": {"value": 7}, "outputs": {"bare_token": "{{result.token}}"}}

    job, step = outcome(project, bare, {**locked({"type": "tell", "inputs": {"value": 7}}), "outputs": promoted})

    assert step.status is Status.SUCCESS, step.reason
    assert job.outputs["value"] == 7
    assert job.outputs["id"] == "guarded_inner"
    assert (job.outputs["token"], job.outputs["bare_token"]) == ("1", "")


def test_each_holder_gets_a_higher_token_and_the_key_of_its_work_is_its_own(project):
    promoted = {"key_{}": "{{result.key}}", "token_{}": "{{result.token}}"}
    steps = [
        {
            **locked({"type": "tell", "inputs": {"value": value}}),
            "id": f"s{number}",
            "outputs": {name.format(number): text for name, text in promoted.items()},
        }
        for number, value in enumerate([1, 2])
    ]

    job, step = outcome(project, *steps)

    assert step.status is Status.SUCCESS, step.reason
    assert [job.outputs["token_0"], job.outputs["token_1"]] == ["1", "2"]
    assert job.outputs["key_0"] != job.outputs["key_1"]


def test_text_from_outside_gets_the_type_that_the_inner_step_declares(project, monkeypatch):
    monkeypatch.setenv("AMOUNT", "12")

    job, step = outcome(
        project,
        {**locked({"type": "tell", "inputs": {"value": "{{env.AMOUNT}}"}}), "outputs": {"v": "{{result.value}}"}},
    )

    assert step.status is Status.SUCCESS, step.reason
    assert job.outputs == {"v": 12}


def test_a_skip_of_the_inner_step_is_a_skip(project):
    _, step = outcome(project, locked({"type": "tell", "inputs": {"value": -1}}))

    assert (step.status, step.reason) == (Status.SKIPPED, "nothing")


def test_the_lock_is_given_back_whatever_the_inner_step_does(project):
    _, step = outcome(project, locked({"type": "keyed"}))
    assert (step.status, step.error_code) == (Status.FAILED, "AF-STEP-FAILED")

    _, step = outcome(project, locked({"type": "tell"}))
    assert step.status is Status.SUCCESS, step.reason
    assert command(project, "locks", "list").stdout == "no lock is held\n"


def test_locks_of_two_keys_may_stand_inside_each_other(project):
    inner = locked({"type": "tell"}, "b")
    promoted = {"id": "{{result.step_id}}", "token": "{{result.token}}"}

    job, step = outcome(project, {**locked({"type": "with_lock", "inputs": inner["inputs"]}, "a"), "outputs": promoted})

    assert step.status is Status.SUCCESS, step.reason
    assert job.outputs == {"id": "guarded_inner_inner", "token": "1"}


def test_a_lock_inside_itself_is_told_at_once_and_not_waited_for(project):
    inner = locked({"type": "tell"}, wait_seconds=600)

    _, step = outcome(project, locked({"type": "with_lock", "inputs": inner["inputs"]}, wait_seconds=600))

    assert (step.status, step.error_code) == (Status.FAILED, "AF-LOCK-NESTED")
    assert "holds the lock 'k' already" in step.reason


@pytest.mark.parametrize(("again", "code"), [("b", ""), ("a", "AF-LOCK-NESTED"), ("", "AF-LOCK-KEY")])
def test_a_step_of_its_own_may_hold_locks(project, again, code):
    _, step = outcome(project, {"id": "own", "type": "lock_itself", "inputs": {"again": again}})

    assert step.error_code == code, step.reason


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ({"type": "tel"}, "AF-UNKNOWN-STEP"),
        ({"type": "tell", "inputs": {"values": 1}}, "AF-INPUT-UNKNOWN"),
        ({"type": "tell", "inputs": {"value": "x"}}, "AF-WRONG-TYPE"),
        ({"inputs": {}}, "AF-INPUT-MISSING"),
    ],
)
def test_what_is_wrong_with_the_inner_step_is_known_before_anything_runs(project, inner, code):
    with pytest.raises(InvalidInput) as caught:
        run_flow(write(project, locked(inner)))

    assert [problem.code for problem in caught.value.problems] == [code]


@pytest.mark.parametrize(
    "more", [{"ttl_seconds": 4}, {"key": ""}, {"key": "a\nb"}, {"key": "x" * 257}, {"wait_seconds": -1}]
)
def test_a_lock_that_can_t_be_is_known_before_anything_runs(project, more):
    with pytest.raises(InvalidInput):
        run_flow(write(project, locked({"type": "tell"}, **more)))


def test_an_inner_step_that_policy_denies_is_refused_before_anything_runs(project):
    rules = "profiles: {internal_fast: {plugins: {deny: ['step:tell']}}}\nsettings: {plugin_paths: [steps]}\n"
    (project / "aetherflow.yaml").write_text(rules)
    flow = write(project, locked({"type": "tell"}))

    with pytest.raises(RefusedByPolicy, match="step 'tell'"):
        run_flow(flow)
    assert "AF-PLUGIN-DENIED" in command(project, "validate", flow.name).stderr


def test_an_inner_type_that_only_a_template_gives_is_refused_when_it_is_to_run(project, monkeypatch):
    monkeypatch.setenv("INNER", "tell")
    rules = "profiles: {internal_fast: {plugins: {deny: ['step:tell']}}}\nsettings: {plugin_paths: [steps]}\n"
    (project / "aetherflow.yaml").write_text(rules)

    _, step = outcome(project, locked({"type": "{{env.INNER}}", "inputs": {"witness": "came"}}))

    assert (step.status, step.error_code) == (Status.FAILED, "AF-PLUGIN-DENIED")
    assert not (project / "came").exists()


@pytest.mark.parametrize(("inner", "code"), [("tell", 0), ("pay", 4)])
def test_what_was_cut_off_is_repeated_by_the_rerun_class_of_the_inner_step(project, start, inner, code):
    flow = write(project, locked({"type": "stay", "inputs": {"ready": "ready"}}))
    process = start(flow, "one")
    await_file(project / "ready", process)
    process.kill()
    process.communicate()
    write(project, locked({"type": inner}))

    again = command(project, "run", flow.name, "--run-id", "one", "--json")

    assert again.returncode == code, again.stderr


def test_a_lock_that_another_run_holds_fails_the_step_with_its_holder_and_may_be_tried_again(project, start):
    """D27: what runs at the same time sees the other one."""
    flow = write(project, locked({"type": "stay", "inputs": {"ready": "ready", "unless": "seen"}}))
    first = start(flow, "one")
    await_file(project / "ready", first)
    paying = write(project, locked({"type": "pay"}), name="paying")

    second = command(project, "run", paying.name, "--run-id", "two", "--json")

    assert status_of(second) == ("FAILED", "AF-LOCK-HELD")
    assert f"step 'guarded' of job 'main' of run 'one' of flow 'flow' (pid {first.pid}, since " in second.stdout
    first.terminate()
    out, _ = first.communicate(timeout=60)
    assert json.loads(out)["jobs"][0]["status"] == "INTERRUPTED"
    assert command(project, "locks", "list").stdout == "no lock is held\n"
    third = command(project, "run", paying.name, "--run-id", "two", "--json")
    assert status_of(third) == ("SUCCESS", None)


def test_parallel_jobs_of_one_run_wait_for_each_other_as_anybody_does(project):
    token = {"token": "{{result.token}}"}
    step = {**locked({"type": "tell"}, wait_seconds=60), "outputs": token}
    jobs = [{"id": name, "steps": [step]} for name in ("one", "two", "three")]
    flow = {"version": 1, "flow": {"id": "f", "concurrency": {"max_parallel_jobs": 3}}, "jobs": jobs}
    (project / "f.yaml").write_text(json.dumps(flow))

    result = run_flow(project / "f.yaml")

    assert result.status is Status.SUCCESS
    assert sorted(job.outputs["token"] for job in result.jobs) == ["1", "2", "3"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_d25_a_run_that_goes_on_does_not_fail_on_its_own_lock(project, start, number):
    flow = write(project, locked({"type": "stay", "inputs": {"ready": "ready", "unless": "seen"}}))
    first = start(flow, "one")
    await_file(project / "ready", first)
    first.send_signal(number)
    first.communicate(timeout=60)
    (project / "seen").touch()

    again = command(project, "run", flow.name, "--run-id", "one", "--json")

    assert status_of(again) == ("SUCCESS", None)
    assert again.returncode == 0


def test_d26_a_lock_is_held_for_longer_than_its_time_while_its_holder_works(project, start):
    """D26: with 5 seconds at a time, nobody else comes in after 7."""
    flow = write(project, locked({"type": "stay", "inputs": {"ready": "ready"}}, ttl_seconds=5))
    first = start(flow, "one")
    await_file(project / "ready", first)
    other = write(project, locked({"type": "tell", "inputs": {"witness": "came"}}, wait_seconds=7), name="other")

    second = command(project, "run", other.name, "--json")

    assert status_of(second) == ("FAILED", "AF-LOCK-HELD")
    assert not (project / "came").exists()
    first.terminate()
    first.communicate(timeout=60)


def test_a_lock_that_was_taken_away_stops_the_step_which_ends_lock_lost(project, start):
    flow = write(project, locked({"type": "stay", "inputs": {"ready": "ready"}}, ttl_seconds=5))
    first = start(flow, "one")
    await_file(project / "ready", first)

    released = command(project, "locks", "release", "step:k", "--force")

    out, err = first.communicate(timeout=60)
    assert released.returncode == 0, released.stderr
    step = json.loads(out)["jobs"][0]["steps"][0]
    assert (step["status"], step["error_code"]) == ("LOCK_LOST", "AF-LOCK-LOST"), err
    assert json.loads(out)["status"] == "FAILED"
