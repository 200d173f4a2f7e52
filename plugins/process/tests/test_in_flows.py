"""The step in real flows, run by the command line as a user would."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parent.parent

pytestmark = pytest.mark.acceptance


@pytest.fixture
def project(tmp_path):
    (tmp_path / "aetherflow.yaml").write_text("profile: internal_fast\n")
    return tmp_path


def write_flow(project: Path, *steps: dict) -> None:
    # JSON is YAML.
    jobs = [{"id": "main", "steps": list(steps)}]
    flow = {"version": 1, "flow": {"id": "flow", "workspace": {"cleanup_policy": "never"}}, "jobs": jobs}
    (project / "flow.yaml").write_text(json.dumps(flow))


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "aetherflow.kernel", *arguments]


def run(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("run", "flow.yaml", *arguments),
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def process(step_id: str, *words: str, **inputs: object) -> dict:
    return {"id": step_id, "type": "external.process", "inputs": {"command": list(words), **inputs}}


def test_captured_text_and_copied_outputs_reach_later_steps(project):
    write_flow(
        project,
        process("numbers", "seq", "3000", log={"stdout": "capture"}, outputs={"kind": "numbers"}),
        process("empty", "true", log={"stdout": "capture"}),
        process(
            "use",
            "sh",
            "-c",
            'printf "%s|%s|%s" "$1" "$2" "$3" > used',
            args=["sh", "{{steps.numbers.stdout}}", "{{steps.numbers.kind}}", "{{steps.empty.stdout}}"],
        ),
    )
    done = run(project)
    assert done.returncode == 0, done.stderr
    (used,) = project.rglob("artifacts/used")
    assert used.read_text() == "".join(f"{number}\n" for number in range(1, 3001)) + "|numbers|"


def test_a_step_that_its_marker_skips_still_promotes_its_outputs(project):
    """D39: the ancestor's job failed where a skipped step lacked a key named in `outputs`."""
    marker = {"strategy": "marker", "marker_path": "done.json"}
    step = process("work", "echo", "x", log={"stdout": "capture"}, idempotency=marker)
    write_flow(project, {**step, "outputs": {"said": "{{result.stdout}}"}})
    for run_id in ("first", "second"):
        done = run(project, "--run-id", run_id)
        assert done.returncode == 0, done.stderr
    assert "marker_present" in done.stdout + done.stderr


def test_secrets_in_the_environment_are_in_no_log_and_no_error(project):
    """D22, for an argument, a variable, the program's own output and a failure."""
    script = 'printf %s "$1$DB_PASSWORD" | wc -c > length; echo "said $1 and $DB_PASSWORD" >&2; exit 3'
    write_flow(project, process("leak", "sh", "-c", script, "sh", "{{env.DB_PASSWORD}}", log={"stderr": "capture"}))
    done = run(project, DB_PASSWORD="hunter2-canary-value", AETHERFLOW_LOG_LEVEL="DEBUG")
    assert done.returncode == 1
    (length,) = project.rglob("artifacts/length")
    assert int(length.read_text()) == 2 * len("hunter2-canary-value")
    assert "external.process failed with exit code 3" in done.stdout + done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    files = [path for path in project.rglob("*") if path.is_file()]
    assert [path for path in files if b"hunter2-canary-value" in path.read_bytes()] == []


def tagged(tag: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and f"TAG={tag}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


@pytest.fixture
def tag():
    name = uuid.uuid4().hex
    yield name
    for pid in tagged(name):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait_until(condition, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (is_met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_met


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_a_run_that_is_ended_takes_its_processes_along_and_can_go_on(project, tag, number, code):
    """R19, D25: the ancestor's processes ran on, and its run was stuck."""
    script = "[ -e ../mended ] && exit 0; setsid sleep 300 & sleep 300"
    write_flow(project, process("long", "sh", "-c", script, env={"TAG": tag}, cwd="work"))
    (project / "work").mkdir()
    running = subprocess.Popen(
        command("run", "flow.yaml", "--run-id", "one"),
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert wait_until(lambda: len(tagged(tag)) == 3, 120)
    running.send_signal(number)
    assert running.wait(60) == code
    assert wait_until(lambda: not tagged(tag), 2)
    (project / "mended").touch()
    done = run(project, "--run-id", "one")
    assert done.returncode == 0, done.stderr


def test_validate_finds_what_the_step_would_refuse(project):
    """D40: the ancestor's `validate` said OK to most of these; here nothing is imported to know them."""
    wrong = [
        process("line") | {"inputs": {"command": "ls -l"}},
        process("file", "true", log={"stdout": "file"}),
        process("marker", "true", idempotency={"strategy": "marker"}),
        process("folder", "true", idempotency={"strategy": "atomic_dir"}),
        process("mode", "true", log={"stdout": "captured"}),
        process("empty"),
        process("typo", "true", timeout=3),
    ]
    right = [
        process("fine", "true", log={"stdout": "capture"}, idempotency={"strategy": "none"}),
        process("shell") | {"inputs": {"command": "ls -l", "shell": True}},
        process("name") | {"inputs": {"command": "my tool", "args": []}},
    ]
    write_flow(project, *wrong, *right)
    words = command("validate", "flow.yaml", "--json")
    done = subprocess.run(words, cwd=project, capture_output=True, text=True, check=False)
    errors = [(error["path"][3], error["code"]) for error in json.loads(done.stdout)["errors"]]
    assert errors == [
        (0, "AF-WRONG-VALUE"),
        (1, "AF-INPUT-MISSING"),
        (2, "AF-INPUT-MISSING"),
        (3, "AF-INPUT-MISSING"),
        (4, "AF-WRONG-VALUE"),
        (5, "AF-WRONG-VALUE"),
        (6, "AF-INPUT-UNKNOWN"),
    ]
    assert done.returncode == 2


def test_validate_says_how_to_write_a_command_with_blanks(project):
    write_flow(project, process("line") | {"inputs": {"command": "echo a"}})
    words = command("validate", "flow.yaml", "--json")
    done = subprocess.run(words, cwd=project, capture_output=True, text=True, check=False)
    (error,) = json.loads(done.stdout)["errors"]
    assert error["help"] == "write the command as a list, or set shell: true"


def test_the_manifest_says_what_the_code_says(tmp_path):
    checked = subprocess.run(
        command("plugins", "manifest", str(PLUGIN), "--check"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_a_run_that_is_started_again_at_once_does_not_meet_the_program_of_the_killed_one(project):
    """The run is owned until the last process of its tree is gone."""
    script = (
        "trap '' TERM; if [ -e again ]; then date +%s%N > second; exit; fi;"
        " while :; do date +%s%N > alive.new; mv alive.new alive; sleep 0.01; done"
    )
    write_flow(project, process("work", "sh", "-c", script, cwd=str(project)))
    runner = subprocess.Popen(
        command("run", "flow.yaml", "--run-id", "r1"), cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 120
    while not (project / "alive").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    (project / "again").touch()
    runner.kill()
    runner.wait()
    resumed = run(project, "--run-id", "r1")
    assert resumed.returncode == 0, resumed.stderr
    assert int((project / "alive").read_text()) < int((project / "second").read_text())
