"""A run started again with the same id goes on where it stopped, with its data."""

from __future__ import annotations

import os
import signal
import time

import pytest

pytestmark = pytest.mark.acceptance

THREE_STEPS = """
version: 1
flow: {id: three, workspace: {cleanup_policy: never}}
jobs:
  - id: main
    steps:
      - {id: first, type: say, inputs: {value: {n: 1, text: "grüße"}, witness: seen}, outputs: {first: "{{result.value}}"}}
      - {id: second, type: say, inputs: {value: "{{steps.first.value.n}}", witness: seen}, outputs: {second: "{{result.value}}"}}
      - {id: third, type: fail, inputs: {unless: mended, witness: seen}}
      - {id: fourth, type: say, inputs: {value: ["{{steps.second.value}}", "{{steps.first.value.text}}"], witness: seen}, outputs: {all: "{{result.value}}"}}
"""


def test_mended_run_finishes_with_the_outputs_of_the_steps_that_were_done(project):
    """D4."""
    flow = project.write("flow.yaml", THREE_STEPS)
    failed = project.aetherflow("run", flow, "--run-id", "r1", "--json")
    assert failed.code == 1, failed.err
    assert failed.json["jobs"][0]["status"] == "FAILED"
    project.write("mended", "")

    resumed = project.aetherflow("run", flow, "--run-id", "r1", "--json")

    assert resumed.code == 0, resumed.err
    assert resumed.json["jobs"][0]["outputs"] == {"first": {"n": 1, "text": "grüße"}, "second": 1, "all": [1, "grüße"]}
    assert project.lines("seen") == ["first 1", "second 1", "third 1", "third 2", "fourth 1"]
    restored = {step["step_id"]: step["restored"] for step in resumed.json["jobs"][0]["steps"]}
    assert restored == {"first": True, "second": True, "third": False, "fourth": False}


def test_step_that_failed_may_be_edited_before_the_run_goes_on(project):
    flow = project.write("flow.yaml", THREE_STEPS)
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 1
    flow.write_text(flow.read_text().replace("type: fail, inputs: {unless: mended, witness: seen}", "type: say"))

    assert project.aetherflow("run", flow, "--run-id", "r1").code == 0


def test_step_that_is_done_and_was_edited_since_is_told_and_nothing_runs(project):
    """D6: an edited step was skipped on resume without notice."""
    flow = project.write("flow.yaml", THREE_STEPS)
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 1
    project.write("mended", "")
    flow.write_text(flow.read_text().replace("{n: 1,", "{n: 2,"))

    refused = project.aetherflow("run", flow, "--run-id", "r1", "--json")

    assert refused.code == 2
    assert refused.json["errors"][0]["code"] == "AF-STEP-EDITED"
    assert refused.json["errors"][0]["line"] == 7
    assert len(project.lines("seen")) == 3


def test_done_run_started_again_does_nothing_twice(project):
    flow = project.write("flow.yaml", THREE_STEPS)
    project.write("mended", "")
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 0
    before = project.lines("seen")

    again = project.aetherflow("run", flow, "--run-id", "r1", "--json")

    assert again.code == 0
    assert project.lines("seen") == before
    assert again.json["jobs"][0]["outputs"]["second"] == 1


def test_killed_run_goes_on_and_leaves_no_process(project):
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: killed}
        jobs:
          - id: main
            steps:
              - {id: first, type: say, inputs: {value: 7, witness: seen}}
              - {id: second, type: hang, inputs: {ready: ready}}
              - {id: third, type: say, inputs: {value: "{{steps.first.value}}", witness: seen}, outputs: {out: "{{result.value}}"}}
        """,
    )
    running = project.start("run", flow, "--run-id", "r1")
    wait_for((project.folder / "ready").exists)
    running.kill()
    running.communicate()
    flow.write_text(flow.read_text().replace("type: hang, inputs: {ready: ready}", "type: say"))

    resumed = project.aetherflow("run", flow, "--run-id", "r1", "--json")

    assert resumed.code == 0, resumed.err
    assert resumed.json["jobs"][0]["outputs"] == {"out": 7}
    assert project.lines("seen") == ["first 1", "third 1"]


@pytest.mark.parametrize("kind", ["step", "plain", "exit"])
def test_failed_step_that_may_run_once_only_needs_a_person(project, kind):
    flow = project.write("flow.yaml", one_step("once", f"{{kind: {kind}, unless: mended}}"))
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 1
    project.write("mended", "")

    stopped = project.aetherflow("run", flow, "--run-id", "r1", "--json")

    assert stopped.code == 4
    assert stopped.json["errors"][0]["code"] == "AF-OUTCOME-UNKNOWN"


def test_cut_off_step_that_may_run_once_only_needs_a_person_who_can_say_again(project):
    flow = project.write("flow.yaml", one_step("hang", "{ready: ready}", more=", rerun: ONCE"))
    running = project.start("run", flow, "--run-id", "r1")
    wait_for((project.folder / "ready").exists)
    running.kill()
    running.communicate()

    stopped = project.aetherflow("run", flow, "--run-id", "r1")
    assert stopped.code == 4
    assert "flow.yaml:6:" in stopped.err
    assert "aetherflow runs resolve one/r1 main.only --done" in stopped.err

    flow.write_text(
        flow.read_text().replace("type: hang, inputs: {ready: ready}, rerun: ONCE", "type: say, rerun: SAFE")
    )
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 0


def test_step_that_may_run_once_and_did_nothing_runs_again(project):
    flow = project.write("flow.yaml", one_step("once", "{kind: nothing, unless: mended}"))
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 1
    project.write("mended", "")

    assert project.aetherflow("run", flow, "--run-id", "r1").code == 0


def test_no_data_stays_no_data_when_the_run_is_started_again(project):
    """D5: a probe that found nothing became SUCCESS on the second start, and what depends on it ran."""
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: gate}
        jobs:
          - id: probe
            steps:
              - {id: look, type: nothing_to_do, inputs: {unless: data}, on_no_data: skip_job, outputs: {found: "{{result.value}}"}}
              - {id: after, type: say, inputs: {witness: seen}}
          - {id: work, depends_on: [probe], steps: [{id: do, type: say, inputs: {witness: seen}}]}
        """,
    )
    first = project.aetherflow("run", flow, "--run-id", "r1", "--json")
    project.write("data", "")
    second = project.aetherflow("run", flow, "--run-id", "r1", "--json")

    for answer in (first, second):
        assert answer.code == 0
        assert answer.json["status"] == "SKIPPED"
        assert [job["status"] for job in answer.json["jobs"]] == ["SKIPPED", "BLOCKED"]
        assert answer.json["jobs"][0]["outputs"] == {"found": None}
    assert project.lines("seen") == []


def test_flows_with_the_same_ids_in_one_ledger_do_not_touch_each_other(project):
    """D6: state was not keyed by flow."""
    for name in ("sales", "hr"):
        project.write(
            f"{name}.yaml",
            f"""
            version: 1
            flow: {{id: {name}, state: {{path: one.sqlite}}}}
            jobs: [{{id: main, steps: [{{id: load, type: say, inputs: {{value: {name}, witness: seen_{name}}}, outputs: {{who: "{{{{result.value}}}}"}}}}]}}]
            """,
        )
    answers = [
        project.aetherflow("run", f"{name}.yaml", "--run-id", "2026-01-01", "--json") for name in ("sales", "hr")
    ]

    assert [answer.json["jobs"][0]["outputs"] for answer in answers] == [{"who": "sales"}, {"who": "hr"}]
    assert project.lines("seen_sales") == project.lines("seen_hr") == ["load 1"]


def test_outputs_that_cannot_be_promoted_fail_the_step_so_that_a_mended_flow_gives_them(project):
    """D14: the status was written before the outputs were promoted."""
    flow = project.write(
        "flow.yaml",
        one_step("say", "{value: {a: [1]}}", more=', outputs: {out: "text {{result.value}}"}'),
    )
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 1
    flow.write_text(flow.read_text().replace("text {{result.value}}", "{{result.value}}"))

    resumed = project.aetherflow("run", flow, "--run-id", "r1", "--json")

    assert resumed.code == 0, resumed.err
    assert resumed.json["jobs"][0]["outputs"] == {"out": {"a": [1]}}


def test_output_with_a_secret_is_not_kept_and_the_step_gives_it_again(project):
    """D22: secrets were written down wherever a value went."""
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: secret}
        jobs:
          - {id: get, steps: [{id: s, type: say, inputs: {value: "{{env.MY_TOKEN}}", witness: seen}, outputs: {token: "{{result.value}}"}}]}
          - id: use
            steps:
              - {id: open, type: fail, inputs: {unless: mended}}
              - {id: t, type: write, inputs: {path: told.txt, text: "{{jobs.get.outputs.token}}"}}
              - {id: u, type: say, inputs: {value: "{{steps.t.path}}"}, outputs: {file: "{{result.value}}"}}
        """,
    )
    secret = "correct-horse-battery"
    failed = project.aetherflow("run", flow, "--run-id", "r1", "--json", MY_TOKEN=secret)
    assert failed.json["jobs"][0]["outputs"] == {"token": "***"}
    kept = b"".join(path.read_bytes() for path in (project.folder / ".aetherflow").rglob("*") if path.is_file())
    assert b"***" in kept
    assert secret.encode() not in kept
    project.write("mended", "")
    project.write("flow.yaml", flow.read_text().replace("path: told.txt", f"path: {project.folder}/told.txt"))

    resumed = project.aetherflow("run", flow, "--run-id", "r1", "--json", MY_TOKEN=secret)

    assert resumed.code == 0, resumed.err
    assert (project.folder / "told.txt").read_text() == secret
    assert project.lines("seen") == ["s 1", "s 2"]
    assert project.aetherflow("run", flow, "--run-id", "r1", MY_TOKEN=secret).code == 0
    assert project.lines("seen") == ["s 1", "s 2"]


def test_second_process_on_one_run_leaves_with_75_and_the_owner_finishes(project):
    """D27."""
    flow = project.write("flow.yaml", one_step("hang", "{ready: ready}"))
    running = project.start("run", flow, "--run-id", "r1")
    wait_for((project.folder / "ready").exists)

    second = project.aetherflow("run", flow, "--run-id", "r1", "--json")

    assert second.code == 75
    assert str(running.pid) in second.json["errors"][0]["message"]
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    assert running.returncode == 143


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_ends_the_run_and_it_can_be_gone_on_with(project, number, code):
    """D25."""
    flow = project.write("flow.yaml", one_step("hang", "{ready: ready}"))
    running = project.start("run", flow, "--run-id", "r1", "--json")
    wait_for((project.folder / "ready").exists)
    running.send_signal(number)
    out, _ = running.communicate(timeout=60)
    assert running.returncode == code
    assert '"INTERRUPTED"' in out
    flow.write_text(flow.read_text().replace("type: hang, inputs: {ready: ready}", "type: say"))

    assert project.aetherflow("run", flow, "--run-id", "r1").code == 0


def one_step(step_type: str, inputs: str, *, more: str = "") -> str:
    return f"""
version: 1
flow: {{id: one}}
jobs:
  - id: main
    steps: [{{id: only, type: {step_type}, inputs: {inputs}{more}}}]
"""


def wait_for(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        os.sched_yield()
        time.sleep(0.01)
