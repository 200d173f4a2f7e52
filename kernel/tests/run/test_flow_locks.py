"""`flow.locks`: one run of a flow, or of each of its jobs, at a time."""

from __future__ import annotations

import json
import signal

import pytest
from kernel.tests.run.conftest import jobs
from kernel.tests.run.test_resume import wait_for


def flow(scope, more=""):
    return f"""
        version: 1
        flow: {{id: locked, locks: {{scope: {scope}, ttl_seconds: 5{more}}}}}
        jobs:
          - {{id: a, steps: [{{id: s, type: hang, inputs: {{ready: "ready-{{{{run.id}}}}"}}}}]}}
          - {{id: b, steps: [{{id: t, type: say, inputs: {{value: "{{{{run.id}}}}", witness: seen}}}}]}}
        """


def start_and_wait(project, file, run_id):
    running = project.start("run", file, "--run-id", run_id)
    wait_for((project.folder / f"ready-{run_id}").exists)
    return running


def owners(project):
    return len(list((project.folder / ".aetherflow/state/ledger.sqlite.owners/locked").iterdir()))


def test_a_second_run_of_a_locked_flow_is_told_who_holds_it_and_leaves_no_trace(project):
    """D27: the locks of a flow were ignored."""
    file = project.write("flow.yaml", flow("flow"))
    first = start_and_wait(project, file, "one")
    second = project.aetherflow("run", file, "--run-id", "two", "--json")
    assert second.code == 75
    assert second.json["errors"][0]["code"] == "AF-LOCK-HELD"
    assert "run 'one'" in second.json["errors"][0]["message"]
    assert str(first.pid) in second.json["errors"][0]["message"]
    listed = json.loads(project.aetherflow("runs", "list", "--json").out)
    assert [run["run_id"] for run in listed] == ["one"]
    first.send_signal(signal.SIGTERM)
    first.communicate()


def test_a_killed_holder_keeps_nobody_out_and_a_resume_does_not_wait_for_itself(project):
    """D25."""
    file = project.write("flow.yaml", flow("flow"))
    first = start_and_wait(project, file, "one")
    first.kill()
    first.communicate()
    file.write_text(
        file.read_text().replace("type: hang", "type: say").replace('ready: "ready-{{run.id}}"', "witness: seen")
    )
    assert project.aetherflow("run", file, "--run-id", "one").code == 0
    assert project.aetherflow("run", file, "--run-id", "two").code == 0


def test_a_run_may_wait_for_the_lock_and_be_stopped_while_it_does(project):
    file = project.write("flow.yaml", flow("flow", ", wait_seconds: 60"))
    first = start_and_wait(project, file, "one")
    second = project.start("run", file, "--run-id", "two")
    wait_for(lambda: owners(project) == 2)
    first.send_signal(signal.SIGTERM)
    first.communicate()
    wait_for((project.folder / "ready-two").exists)
    third = project.start("run", file, "--run-id", "three")
    # Owning the run is not enough: signals are heard from a little later on.
    assert any("waits up to 60 s" in line for line in third.stderr)
    third.send_signal(signal.SIGTERM)
    third.communicate(timeout=60)
    assert third.returncode == 143
    second.send_signal(signal.SIGTERM)
    second.communicate()


@pytest.mark.parametrize("scope", ["flow", "job"])
def test_a_wait_for_a_lock_is_told_once_with_who_holds_it(project, scope):
    file = project.write("flow.yaml", flow(scope, ", wait_seconds: 2"))
    first = start_and_wait(project, file, "one")
    second = project.aetherflow("run", file, "--run-id", "two")
    assert second.code == 75
    (told,) = [line for line in second.err.splitlines() if "waits up to 2 s for the lock" in line]
    assert f"'{'locked' if scope == 'flow' else 'locked/a'}'" in told
    assert "held by" in told
    assert "run 'one'" in told
    assert str(first.pid) in told
    # A run that never began has no log.
    assert len(list(project.folder.glob(".aetherflow/state/ledger.sqlite.logs/locked/two*"))) == (scope == "job")
    first.send_signal(signal.SIGTERM)
    first.communicate()


def test_jobs_that_are_locked_keep_out_the_same_job_of_other_runs_only(project):
    file = project.write("flow.yaml", flow("job"))
    first = start_and_wait(project, file, "one")
    second = project.aetherflow("run", file, "--run-id", "two", "--json")
    assert second.code == 75
    ended = {job["job_id"]: job for job in second.json["jobs"]}
    assert {name: job["status"] for name, job in ended.items()} == {"a": "FAILED", "b": "SUCCESS"}
    assert "is held by" in ended["a"]["reason"]
    first.send_signal(signal.SIGTERM)
    first.communicate()
    assert project.aetherflow("locks", "list").out.count("locked") == 0


@pytest.mark.parametrize("scope", ["flow", "job"])
def test_a_lock_that_is_taken_away_stops_what_works_under_it(project, scope):
    file = project.write("flow.yaml", flow(scope))
    first = start_and_wait(project, file, "one")
    key = "flow:locked" if scope == "flow" else "job:locked/a"
    assert project.aetherflow("locks", "release", key, "--force").code == 0
    _, err = first.communicate(timeout=60)
    assert first.returncode == 1, err
    shown = json.loads(project.aetherflow("runs", "show", "one", "--json").out)
    assert shown["status"] == ("LOCK_LOST" if scope == "flow" else "FAILED")
    ended = {job["job_id"]: job["status"] for job in shown["jobs"]}
    assert ended == ({"a": "INTERRUPTED", "b": "PENDING"} if scope == "flow" else {"a": "LOCK_LOST", "b": "SUCCESS"})


def test_a_flow_whose_runs_do_not_overlap_is_as_any_other(watched):
    text = """
        version: 1
        flow: {id: alone, locks: {scope: SCOPE}, concurrency: {max_parallel_jobs: 2}}
        jobs:
          - {id: a, steps: [{id: s, type: say, inputs: {value: 1}}]}
          - {id: b, steps: [{id: s, type: say, inputs: {value: 1}}]}
        """
    for scope in ("flow", "job"):
        assert jobs(watched.run(text.replace("SCOPE", scope), run_id=scope)) == {"a": "SUCCESS", "b": "SUCCESS"}
