"""The program as its users meet it: what it imports, answers and prints."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.acceptance

FLOW = """version: 1
flow: {id: f}
jobs: [{id: main, steps: [{id: s, type: say, inputs: {value: "{{env.MY_TOKEN:none}}"}, outputs: {told: "{{result.value}}"}}]}]
"""
FAULTS = {
    "syntax": ("version: 1\nflow: {id: f\n", 2),
    "not UTF-8": (b"version: 1\nflow: {id: \xff}\n", 2),
    "empty": ("", 2),
    "a list": ("[1, 2]", 2),
    "two documents": ("version: 1\n---\nversion: 1\n", 2),
    "unknown key": (FLOW + "worksapce: 1\n", 2),
    "version 99": (FLOW.replace("version: 1", "version: 99"), 2),
    "template": (FLOW.replace("env.MY_TOKEN:none", "env MY_TOKEN"), 2),
}


@pytest.mark.parametrize("command", ["run", "validate"])
@pytest.mark.parametrize("fault", FAULTS)
def test_wrong_flow_is_told_with_its_place_and_without_a_traceback(project, command, fault):
    """D41: errors came as tracebacks, without a line, and only the first one."""
    text, code = FAULTS[fault]
    path = project.folder / "flow.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    answer = project.aetherflow(command, path)
    assert answer.code == code
    assert "Traceback" not in answer.out + answer.err
    assert "flow.yaml:" in answer.err
    assert "error AF-" in answer.err
    as_json = project.aetherflow(command, path, "--json")
    assert as_json.code == code
    assert as_json.json["ok"] is False
    assert all(problem["line"] and problem["code"].startswith("AF-") for problem in as_json.json["errors"])


@pytest.mark.parametrize("place", ["missing.yaml", ".", "fifo"])
def test_file_that_cannot_be_read_is_told_at_once(project, place):
    import os

    os.mkfifo(project.folder / "fifo")
    answer = project.aetherflow("validate", project.folder / place)
    assert answer.code == 2
    assert "AF-FILE" in answer.err


def test_no_flow_given_is_a_usage_error_that_says_how(project):
    """D41: a TypeError about NoneType."""
    answer = project.aetherflow("run")
    assert answer.code == 2
    assert "aetherflow run FLOW" in answer.err


@pytest.mark.parametrize(
    "arguments", [["run", "a", "--nope"], ["run", "a", "b"], ["plugins", "show"], ["run", "a", "--param"], ["nope"]]
)
def test_wrong_command_line_is_answered_in_json_too(project, arguments):
    answer = project.aetherflow(*arguments, "--json")
    assert answer.code == 2
    assert answer.json["errors"][0]["code"] == "AF-USAGE"


def test_json_log_is_json_lines_and_nothing_else(project):
    """D47: 26 of 32 lines were no JSON."""
    flow = project.write(
        "flow.yaml",
        FLOW.replace("type: say", "type: fail").replace(
            'inputs: {value: "{{env.MY_TOKEN:none}}"}', "inputs: {kind: plain}"
        ),
    )
    answer = project.aetherflow("run", flow, AETHERFLOW_LOG_FORMAT="json")
    lines = [json.loads(line) for line in answer.err.splitlines()]
    assert [line["event"] for line in lines] == [
        "run_start",
        "job_start",
        "step_start",
        "step_end",
        "job_end",
        "run_summary",
    ]
    assert all({"ts_ms", "level", "event", "flow_id", "run_id"} <= set(line) for line in lines)
    assert lines[-1]["jobs"][0]["steps"][0]["status"] == "FAILED"


def test_secret_of_the_environment_reaches_no_output_of_the_program(project):
    """D22."""
    flow = project.write("flow.yaml", FLOW)
    secret = "correct-horse-battery"
    project.write("wrong.yaml", FLOW.replace("type: say", "type: fail").replace("inputs: {value:", "inputs: {kind:"))
    for arguments in (["run", flow, "--json"], ["run", flow], ["run", "wrong.yaml"], ["validate", "wrong.yaml"]):
        answer = project.aetherflow(*arguments, MY_TOKEN=secret)
        assert secret not in answer.out + answer.err
    kept = b"".join(path.read_bytes() for path in (project.folder / ".aetherflow").rglob("*") if path.is_file())
    assert secret.encode() not in kept


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["plugins", "list"], ["plugins", "list", "--json"]])
def test_start_imports_neither_plugins_nor_heavy_libraries(project, arguments):
    loaded = modules_after(project, arguments)
    assert not {name for name in loaded if name.startswith("aetherflow_")}
    assert not loaded & {"pluggy", "apsw", "jsonschema_rs", "pyarrow", "aetherflow.kernel.contracts.steps"}
    assert not loaded & {"pydantic", "yaml"}


def test_command_line_that_is_plainly_right_imports_no_typer(project):
    flow = project.write("flow.yaml", FLOW)
    for arguments in (["--version"], ["plugins", "list"], ["run", flow, "--run-id", "r1", "--json"]):
        assert "typer" not in modules_after(project, arguments)


def test_run_without_a_terminal_imports_no_rich(project):
    flow = project.write("flow.yaml", FLOW)
    loaded = modules_after(project, ["run", flow])
    assert "rich.live" not in loaded
    assert "rich.table" not in loaded


def test_run_imports_nothing_that_is_only_for_flows_which_are_wrong_or_for_libraries_that_speak(project):
    flow = project.write("flow.yaml", FLOW)
    loaded = modules_after(project, ["run", flow])
    assert "pydantic" in loaded
    assert not loaded & {"email", "importlib.metadata", "importlib_metadata", "jsonschema_rs", "logging"}


def test_what_pydantic_would_look_for_plugins_with_is_itself_again_when_pydantic_is_there():
    program = """
import sys
from aetherflow.kernel.cli.pydantic_alone import pydantic_alone

with pydantic_alone():
    from aetherflow.kernel.contracts import steps
    from importlib.metadata import entry_points as found_by_pydantic
    left_out = "email" not in sys.modules
    from importlib.metadata import version

from importlib.metadata import entry_points
print(left_out, found_by_pydantic(group="pydantic"), version("pydantic") > "2", len(entry_points()) > 0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "True () True True\n", done.stderr


def modules_after(project, arguments):
    source = (
        "import sys, atexit\n"
        "atexit.register(lambda: open('modules', 'w').write('\\n'.join(sys.modules)))\n"
        "sys.argv = ['aetherflow', *sys.argv[1:]]\n"
        "from aetherflow.kernel.cli import main\n"
        "main()\n"
    )
    environ = project.environ()
    if "run" not in arguments:
        del environ["AETHERFLOW_PLUGIN_PATHS"]
    done = subprocess.run(
        [sys.executable, "-c", source, *map(str, arguments)],
        cwd=project.folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(project.lines("modules"))


def test_library_that_pydantic_would_load_by_itself_stays_out(project):
    """Code runs here because a runtime profile lets it in, and not because it happens to be installed."""
    site = project.folder / "site"
    information = site / "sneaky-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: sneaky\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[pydantic]\nsneaky = sneaky:plugin\n")
    (site / "sneaky.py").write_text("import pathlib\npathlib.Path('canary').touch()\nplugin = None\n")
    flow = project.write("flow.yaml", FLOW)
    paths = f"{site}:{project.environ().get('PYTHONPATH', '')}"

    answer = project.aetherflow("run", flow, PYTHONPATH=paths)

    assert answer.code == 0, answer.err
    assert not (project.folder / "canary").exists()


def test_environment_of_steps_is_the_one_that_the_process_was_started_with(project):
    flow = project.write("flow.yaml", FLOW.replace("env.MY_TOKEN:none", "env.PYDANTIC_DISABLE_PLUGINS:unset"))

    answer = project.aetherflow("run", flow, "--json")

    assert answer.json["jobs"][0]["outputs"] == {"told": "unset"}


def test_reader_that_went_away_costs_no_state(project):
    flow = project.write("flow.yaml", FLOW)
    command = " ".join(project.command("run", flow, "--run-id", "r1", "--json"))
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} | true"],
        cwd=project.folder,
        env=project.environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    again = project.aetherflow("run", flow, "--run-id", "r1", "--json")
    assert again.json["jobs"][0]["steps"] == [] or again.json["jobs"][0]["steps"][0]["restored"] is True


@pytest.mark.parametrize("end", ["2>/dev/full", "--json >/dev/full"])
def test_message_that_nobody_can_be_told_leaves_the_exit_code_as_it_is(project, end):
    """A full disk behind standard error turned every code into 1, that of a run that a person must decide on too."""
    command = " ".join(project.command("validate", "missing.yaml"))
    script = f"{command} {end}"
    done = subprocess.run(["/bin/sh", "-c", script], cwd=project.folder, env=project.environ(), check=False)
    assert done.returncode == 2


@pytest.mark.parametrize("more", ["", "--json"])
@pytest.mark.parametrize(("step", "code", "status"), [("say", 0, "SUCCESS"), ("fail", 1, "FAILED")])
def test_answer_that_can_not_be_written_leaves_the_runs_own_exit_code_and_is_told(project, more, step, code, status):
    """A run that had ended well answered 1 where standard output was a full disk."""
    flow = project.write(
        "flow.yaml", f"version: 1\nflow: {{id: f}}\njobs: [{{id: a, steps: [{{id: s, type: {step}}}]}}]\n"
    )
    command = " ".join(project.command("run", flow, "--run-id", "r1", more))
    done = in_shell(project, f"{command} >/dev/full")
    assert done.returncode == code
    told = f"warning AF-SYSTEM: the run ended {status}, and its answer can't be written: No space left on device"
    assert told in done.stderr
    assert "aetherflow runs show f/r1" in done.stderr


@pytest.mark.parametrize("end", ["2>/dev/full", "2>&1 >/dev/null | true"])
def test_warning_that_nobody_can_be_told_keeps_no_flow_from_running(project, end):
    text = "version: 1\nflow: {id: f}\njobs: [{id: a, steps: [{id: s, type: say, timeout_seconds: 9, inputs: {witness: ran}}], timeout_seconds: 5}]\n"
    flow = project.write("flow.yaml", text)
    assert "warning AF-" in project.aetherflow("validate", flow).err
    in_shell(project, f"{' '.join(project.command('run', flow))} {end}")
    assert project.lines("ran") == ["s 1"]


def in_shell(project, script):
    return subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=project.folder,
        env=project.environ(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("more", [[], ["--json"]])
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_terminal_that_is_closed_stops_the_run_and_says_so_by_the_exit_code(project, more, log_format):
    """It answered 1: nothing could be written to the terminal any more."""
    flow = project.write(
        "flow.yaml",
        "version: 1\nflow: {id: f}\njobs: [{id: a, steps: [{id: s, type: hang, inputs: {ready: ready}}]}]\n",
    )
    command = project.command("run", flow, "--run-id", "r1", *more)
    environ = project.environ(TERM="xterm", AETHERFLOW_LOG_FORMAT=log_format)
    script = f"import os, pty, select\npid, terminal = pty.fork()\nif not pid: os.execve({command[0]!r}, {command!r}, {environ!r})\n"
    script += "while not os.path.exists('ready'):\n    if select.select([terminal], [], [], 0.05)[0]: os.read(terminal, 65536)\n"
    script += "os.close(terminal)\nprint(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project.folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "130\n", done.stderr
    shown = project.aetherflow("runs", "show", "r1", "--json").json
    assert shown["status"] == "INTERRUPTED"


def test_fault_of_the_kernel_is_one_message_and_no_traceback(project):
    project.write("steps/breaking.py", "import aetherflow.kernel.spec.document as d\ndel d.read_document\n")
    flow = project.write("flow.yaml", FLOW)
    project.write("hook.py", "raise SystemError('never mind')")
    answer = project.aetherflow("run", flow, AETHERFLOW_SECRETS_PATH=str(project.folder / "hook.py"))
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_fault_of_ours_is_told_without_the_secrets_in_its_message(project, level, more):
    """What is raised where nothing is expected: here by a library that can't be what it says it is."""
    project.write("shadow/typer/__init__.py", "import os\nraise ValueError('it holds ' + os.environ['MY_TOKEN'])\n")
    secret = "correct-horse-battery"
    answer = project.aetherflow(
        "plugins",
        "--help",
        *more,
        MY_TOKEN=secret,
        AETHERFLOW_LOG_LEVEL=level,
        PYTHONPATH=str(project.folder / "shadow"),
    )
    told = answer.out + answer.err
    assert (answer.code, "AF-BUG" in told, "ValueError in module typer, line 2" in told) == (1, True, True)
    assert secret not in told
    assert ("it holds ***" in told) is (level == "DEBUG")
