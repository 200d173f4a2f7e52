"""What must hold when something around the run is not as it should be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance

SECRET = "correct-horse-battery"
CHAIN = """
version: 1
flow: {id: chain}
jobs:
  - id: a
    steps:
      - {id: s, type: say, inputs: {value: 1, witness: seen}, outputs: {token: "{{env.MY_TOKEN}}", plain: "{{result.value}}"}}
      - {id: t, type: fail, inputs: {unless: mended}}
      - {id: u, type: say, inputs: {value: "{{job.outputs.token}}"}, outputs: {used: "{{result.value}}"}}
  - {id: b, depends_on: [a], steps: [{id: s, type: fail, inputs: {unless: again}}, {id: w, type: write, inputs: {path: PATH, text: "{{jobs.a.outputs.token}}"}}]}
"""


def test_masked_output_of_a_job_is_promoted_again_and_never_handed_on_as_the_mask(project):
    told = project.folder / "told.txt"
    flow = project.write("flow.yaml", CHAIN.replace("PATH", str(told)))
    for file in ("mended", "again", None):
        answer = project.aetherflow("run", flow, "--run-id", "r1", "--json", MY_TOKEN=SECRET)
        if file is None:
            break
        assert answer.code == 1, answer.err
        project.write(file, "")
    assert answer.code == 0, answer.err
    assert told.read_text() == SECRET
    assert project.lines("seen") == ["s 1"]


def test_job_alone_does_not_stand_on_outputs_that_were_not_kept(project):
    flow = project.write("flow.yaml", CHAIN.replace("PATH", str(project.folder / "told.txt")))
    project.write("mended", "")
    project.write("again", "")
    assert project.aetherflow("run", flow, MY_TOKEN=SECRET).code == 0
    alone = project.aetherflow("run", flow, "--flow-job", "b", "--json", MY_TOKEN=SECRET)
    assert alone.code == 2
    assert "secret" in alone.json["errors"][0]["message"]


def test_step_added_to_a_job_that_is_done_runs_when_the_run_goes_on(project):
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: added}
        jobs:
          - id: a
            steps:
              - {id: s, type: say, inputs: {witness: seen}}
          - {id: b, steps: [{id: t, type: fail, inputs: {unless: mended}}]}
        """,
    )
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 1
    project.write("mended", "")
    flow.write_text(
        flow.read_text().replace(
            "witness: seen}}\n", "witness: seen}}\n      - {id: added, type: say, inputs: {witness: seen}}\n", 1
        )
    )
    answer = project.aetherflow("run", flow, "--run-id", "r1", "--json")
    assert answer.code == 0, answer.err
    assert project.lines("seen") == ["s 1", "added 1"]


def test_output_added_to_a_step_that_is_done_is_an_edit(project):
    flow = project.write(
        "flow.yaml",
        "version: 1\nflow: {id: edited}\njobs: [{id: a, steps: [{id: s, type: say}, {id: t, type: fail}]}]\n",
    )
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 1
    flow.write_text(
        flow.read_text().replace("{id: s, type: say}", '{id: s, type: say, outputs: {m: "{{result.value}}"}}')
    )
    answer = project.aetherflow("run", flow, "--run-id", "r1", "--json")
    assert [problem["code"] for problem in answer.json["errors"]] == ["AF-STEP-EDITED"]


@pytest.mark.parametrize("sink", ["2>/dev/full", "2>&-", "2>&1 >/dev/null | head -1"])
def test_log_that_cannot_be_written_does_not_end_the_run(project, sink):
    flow = project.write(
        "flow.yaml",
        "version: 1\nflow: {id: silent}\njobs: [{id: a, steps: ["
        "{id: s, type: say, inputs: {witness: seen}}, {id: t, type: once, inputs: {unless: flow.yaml}}, {id: u, type: say, inputs: {witness: seen}}]}]\n",
    )
    command = " ".join(project.command("run", flow, "--run-id", "r1"))
    subprocess.run(
        ["/bin/sh", "-c", f"{command} {sink}"],
        cwd=project.folder,
        env=project.environ(),
        capture_output=True,
        check=False,
    )
    assert project.lines("seen") == ["s 1", "u 1"]
    assert project.aetherflow("run", flow, "--run-id", "r1", "--json").json["status"] == "SUCCESS"


def test_what_plugins_print_stays_out_of_the_answer(project):
    project.write(
        "steps/printing.py",
        """
        import os
        from aetherflow.kernel.api import NoOutputs, Rerun, register_step

        print("at import")

        @register_step("print", rerun=Rerun.SAFE)
        def noisy() -> NoOutputs:
            print("by print")
            os.write(1, b"by descriptor\\n")
            return NoOutputs()
        """,
    )
    flow = project.write("flow.yaml", "version: 1\nflow: {id: noisy}\njobs: [{id: a, steps: [{id: s, type: print}]}]\n")
    ran, checked = project.aetherflow("run", flow, "--json"), project.aetherflow("validate", flow, "--json")
    assert ran.json["status"] == "SUCCESS"
    assert checked.json["ok"] is True
    for text in ("at import", "by print", "by descriptor"):
        assert text in ran.err


def test_warnings_are_in_the_json_log_and_in_the_json_answer(project):
    flow = project.write("flow.yaml", "version: 1\nflow: {id: warned}\njobs: []\n")
    settings = {"AETHERFLOW_CONNECTOR_CACHE_DEFAULT": "process"}
    logged = project.aetherflow("run", flow, AETHERFLOW_LOG_FORMAT="json", **settings)
    assert [json.loads(line)["event"] for line in logged.err.splitlines()] == ["problem", "run_start", "run_summary"]
    answer = project.aetherflow("run", flow, "--json", **settings)
    assert [warning["code"] for warning in answer.json["warnings"]] == ["AF-NOT-YET"]
    wrong = project.aetherflow("run", "missing.yaml", AETHERFLOW_LOG_FORMAT="json")
    assert json.loads(wrong.err)["code"] == "AF-FILE-MISSING"


def test_signal_that_was_ignored_at_the_start_stays_ignored(project):
    flow = project.write(
        "flow.yaml",
        "version: 1\nflow: {id: nohup}\njobs: [{id: a, steps: [{id: s, type: wait_for, inputs: {file: go}}]}]\n",
    )
    project.write(
        "steps/waiting.py",
        """
        import time
        from aetherflow.kernel.api import NoOutputs, Rerun, StepContext, StepError, register_step

        @register_step("wait_for", rerun=Rerun.SAFE)
        def wait_for(context: StepContext, file: str) -> NoOutputs:
            (context.project / "ready").write_text("")
            while not (context.project / file).exists():
                if context.cancelled.wait(0.02):
                    raise StepError("stopped")
            return NoOutputs()
        """,
    )
    running = subprocess.Popen(
        ["/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *project.command("run", flow)],
        cwd=project.folder, env=project.environ(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not (project.folder / "ready").exists():
        assert running.poll() is None
    running.send_signal(signal.SIGHUP)
    project.write("go", "")
    assert running.wait(timeout=60) == 0


def test_many_first_starts_at_one_moment_all_open_the_ledger(tmp_path):
    source = (
        "import pathlib, sys\n"
        "from aetherflow.kernel.state.ledger import open_ledger\n"
        "sys.stdin.readline()\n"
        "open_ledger(pathlib.Path(sys.argv[1])).close()\n"
    )
    for number in range(4):
        path = str(tmp_path / f"{number}.sqlite")
        starts = [
            subprocess.Popen(
                [sys.executable, "-c", source, path], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for _ in range(6)
        ]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda start: (start.communicate("go\n")[1], start.returncode), starts))
        assert answers == [("", 0)] * 6


def test_opening_a_ledger_leaves_the_locks_of_another_connection_alone(tmp_path):
    """R25: closing the file by other means than SQLite's drops all its locks in this process."""
    from aetherflow.kernel.state.ledger import open_ledger

    first = open_ledger(tmp_path / "ledger.sqlite")
    inode = f":{(tmp_path / 'ledger.sqlite').stat().st_ino} "

    def held() -> int:
        locks = Path("/proc/locks").read_text().splitlines()
        return sum(inode in line and f" {os.getpid()} " in line for line in locks)

    before = held()
    thread = threading.Thread(target=lambda: open_ledger(tmp_path / "ledger.sqlite").close())
    thread.start()
    thread.join()
    assert before > 0
    assert held() == before
    first.close()


@pytest.mark.parametrize(
    ("block", "code"),
    [('workspace: {root: "a\\0b"}', 2), ("workspace: {root: ~nosuchuser/x}", 2), ("state: {path: ~nosuchuser/x}", 2)],
)
def test_place_that_cannot_be_is_told_and_is_no_fault_of_the_program(project, block, code):
    flow = project.write("flow.yaml", f"version: 1\nflow: {{id: places, {block}}}\njobs: []\n")
    answer = project.aetherflow("run", flow, "--json")
    assert answer.code == code
    assert "AF-BUG" not in answer.out


def test_bytes_that_are_no_text_are_told_or_shown_escaped(project):
    flow = project.write(
        "flow.yaml",
        'version: 1\nflow: {id: bytes}\njobs: [{id: a, steps: [{id: s, type: say, inputs: {value: "{{env.ODD}}"}}]}]\n',
    )
    environ = {**{key.encode(): value.encode() for key, value in project.environ().items()}, b"ODD": b"a\xffb"}
    done = subprocess.run(
        project.command("run", flow, "--json"),
        cwd=project.folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout)["jobs"][0]["steps"][0]["error_code"] == "AF-TEXT-ENCODING"
    odd = os.fsencode(project.folder) + b"/odd\xff.yaml"
    Path(os.fsdecode(odd)).write_text("version: 1\nflow: {id: odd}\njobs: []\n")
    for command in ("validate", "run"):
        named = subprocess.run(
            [*project.command(command), odd], cwd=project.folder, env=environ, capture_output=True, check=False
        )
        assert named.returncode == 0, named.stderr


def test_project_inside_its_workspace_may_still_use_its_files(project):
    project.write("data.txt", "mine")
    flow = project.write(
        "flow.yaml",
        "version: 1\nflow: {id: inside, workspace: {root: .}}\n"
        'jobs: [{id: a, steps: [{id: s, type: read, inputs: {path: data.txt}, outputs: {text: "{{result.value}}"}}]}]\n',
    )
    answer = project.aetherflow("run", flow, "--json")
    assert answer.code == 0, answer.out
    assert answer.json["jobs"][0]["outputs"] == {"text": "mine"}


def test_full_standard_output_is_one_message(project):
    flow = project.write("flow.yaml", "version: 1\nflow: {id: full}\njobs: []\n")
    command = " ".join(project.command("run", flow, "--json"))
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} >/dev/full"],
        cwd=project.folder,
        env=project.environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "AF-SYSTEM" in done.stderr
    assert "Traceback" not in done.stderr


def test_policy_that_is_no_yaml_refuses(project):
    project.write("aetherflow.yaml", "profile: a\nprofile: b\n")
    flow = project.write("flow.yaml", "version: 1\nflow: {id: f}\njobs: []\n")
    assert project.aetherflow("run", flow).code == 3
