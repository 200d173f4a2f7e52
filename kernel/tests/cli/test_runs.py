"""`runs list`, `show` and `logs`, as a process on what real runs left."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time

import apsw
import pytest

FLOW = """
version: 1
flow: {id: daily}
params:
  day: {type: string, default: monday}
jobs:
  - id: load
    steps:
      - {id: b_first, type: say, inputs: {value: 1}, outputs: {rows: "{{result.value}}"}}
      - {id: a_second, type: chat, inputs: {text: "loaded grüße"}}
  - id: send
    depends_on: [load]
    steps:
      - {id: mail, type: once, inputs: {unless: mended}}
  - id: report
    depends_on: [send]
    steps:
      - {id: file, type: write, inputs: {path: report.txt, text: done}}
finally:
  - id: tidy
    steps:
      - {id: up, type: say}
"""
CHAT = '''
from aetherflow.kernel.api import Rerun, StepContext, StepOutputs, register_step


class Nothing(StepOutputs):
    done: bool = True


@register_step("chat", rerun=Rerun.SAFE)
def chat(context: StepContext, text: str, times: int = 1) -> Nothing:
    """Say something."""
    for number in range(times):
        context.log.info(text, number=number)
    context.log.debug("nobody asked for this")
    return Nothing()
'''
HANG = """
version: 1
flow: {id: hanging}
jobs:
  - id: stay
    steps:
      - {id: hang, type: hang, inputs: {ready: ready}}
"""


@pytest.fixture
def project(project):
    project.write("steps/chat.py", CHAT)
    project.write("daily.yaml", FLOW)
    project.write("hanging.yaml", HANG)
    return project


@pytest.fixture
def failed(project):
    """A project in which a run failed."""
    assert project.aetherflow("run", "daily.yaml", "--run-id", "one", "--param", "day=tuesday").code == 1
    return project


def ledger_of(project):
    return project.folder / ".aetherflow/state/ledger.sqlite"


def wait_for(condition, seconds=120.0):
    """Wait until something is so; what it answers."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)
    return found


def start_hanging(project, run_id="h"):
    process = project.start("run", "hanging.yaml", "--run-id", run_id)
    wait_for((project.folder / "ready").exists)
    return process


def statuses(project):
    return {each["run_id"]: each["status"] for each in project.aetherflow("runs", "list", "--json").json}


def test_list_tells_runs_newest_first_and_how_far_they_are(failed):
    failed.aetherflow("run", "daily.yaml", "--run-id", "two")
    told = failed.aetherflow("runs", "list", "--json").json
    assert [each["run_id"] for each in told] == ["two", "one"]
    one = told[1]
    assert (one["flow_id"], one["status"], one["start_count"]) == ("daily", "FAILED", 1)
    assert (one["jobs_done"], one["job_count"], one["asked"]) == (1, 3, "run")
    assert one["duration_ms"] >= 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["started_at"])
    text = failed.aetherflow("runs", "list").out.splitlines()
    assert text[0].split() == ["FLOW", "RUN", "STATUS", "STARTED", "DURATION", "STARTS", "JOBS"]
    assert [line.split()[:3] for line in text[1:]] == [["daily", "two", "FAILED"], ["daily", "one", "FAILED"]]
    assert text[2].split()[-1] == "1/3"


def test_list_tells_what_was_asked_for(failed):
    failed.aetherflow("run", "daily.yaml", "--run-id", "two")
    for options, expected in (
        (["--flow-id", "daily"], ["two", "one"]),
        (["--flow-id", "other"], []),
        (["--status", "failed"], ["two", "one"]),
        (["--status", "SUCCESS"], []),
        (["--limit", "1"], ["two"]),
    ):
        told = failed.aetherflow("runs", "list", "--json", *options)
        assert [each["run_id"] for each in told.json] == expected
    assert failed.aetherflow("runs", "list", "--flow-id", "other").out == "no runs\n"


def test_list_of_twenty_is_the_default(failed):
    connection = apsw.Connection(str(ledger_of(failed)))
    columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
    others = ", ".join(name for name in columns if name != "run_id")
    for number in range(30):
        copied = f"SELECT 'r{number}', {others} FROM runs WHERE run_id = 'one'"  # noqa: S608 - our own names
        connection.execute(f"INSERT INTO runs (run_id, {others}) {copied}")
    connection.close()
    assert len(failed.aetherflow("runs", "list", "--json").json) == 20
    assert len(failed.aetherflow("runs", "list", "--json", "--limit", "500").json) == 31


MISTAKES = [
    (["list", "--status", "DONE"], 2, "there is no status 'DONE'"),
    (["list", "--limit", "0"], 2, "--limit '0' is no number"),
    (["list", "--limit", "many"], 2, "--limit 'many' is no number"),
    (["list", "--ledger", "none.sqlite"], 2, "there is no ledger none.sqlite"),
    (["list", "--ledger", "daily.yaml"], 1, "can't be used"),
    (["list", "--ledger", "x", "--flow", "daily.yaml"], 2, "a flow and a ledger were given"),
    (["show", "on"], 2, "did you mean 'one'?"),
    (["show", "other/one"], 2, "there is no run 'other/one'"),
    (["show", "one", "--start", "3"], 2, "run 'one' has no start 3"),
    (["show", "../one"], 2, "there is no run '../one'"),
    (["logs", "zzz"], 2, "there is no run 'zzz'"),
]


def test_mistake_is_told_with_its_mend(failed):
    for arguments, code, said in MISTAKES:
        told = failed.aetherflow("runs", *arguments)
        assert told.code == code, arguments
        assert said in told.err
        assert "help: " in told.err
        assert "Traceback" not in told.err
    in_json = failed.aetherflow("runs", "show", "on", "--json").json
    assert (in_json["exit_code"], in_json["errors"][0]["code"]) == (2, "AF-RUN-UNKNOWN")


def test_no_command_makes_a_ledger_where_there_is_none(project):
    for arguments in (["list"], ["show", "x"], ["logs", "x"], ["cancel", "x"], ["prune", "--keep", "1"]):
        told = project.aetherflow("runs", *arguments)
        assert (told.code, "there is no ledger" in told.err) == (2, True)
    assert not (project.folder / ".aetherflow").exists()


def test_id_that_two_flows_share_has_to_be_named_with_its_flow(failed):
    failed.write("other.yaml", FLOW.replace("daily", "other"))
    failed.aetherflow("run", "other.yaml", "--run-id", "one")
    told = failed.aetherflow("runs", "show", "one")
    assert told.code == 2
    assert "2 flows have a run 'one': daily/one, other/one" in told.err
    assert failed.aetherflow("runs", "show", "other/one", "--json").json["flow_id"] == "other"
    assert failed.aetherflow("runs", "logs", "daily/one").code == 0


def test_flow_and_ledger_say_where_to_look(failed, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for option, file in (("--flow", failed.folder / "daily.yaml"), ("--ledger", ledger_of(failed))):
        told = subprocess.run(
            failed.command("runs", "list", "--json", option, file),
            cwd=elsewhere, env=failed.environ(), capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert [each["run_id"] for each in json.loads(told.stdout)] == ["one"]


def test_show_tells_all_that_is_remembered_of_a_run(failed):
    (failed.folder / "mended").touch()
    assert failed.aetherflow("runs", "resolve", "one", "mail", "--again", "--reason", "no mail came").code == 0
    assert failed.aetherflow("run", "daily.yaml", "--run-id", "one").code == 0
    told = failed.aetherflow("runs", "show", "one", "--json").json
    assert (told["status"], told["parameters"], told["shown_start"]) == ("SUCCESS", {"day": "tuesday"}, 2)
    assert [(each["start"], each["asked"], each["status"]) for each in told["starts"]] == [
        (1, "run", "FAILED"),
        (2, "run", "SUCCESS"),
    ]
    assert told["starts"][0]["kernel"]
    assert told["starts"][0]["owner"]["pid"] > 0
    jobs = {job["job_id"]: job for job in told["jobs"]}
    assert list(jobs) == ["load", "send", "report", "tidy"]
    assert jobs["load"]["decision"] == "RESTORE"
    assert jobs["load"]["outputs"] == {"rows": 1}
    assert [step["step_id"] for step in jobs["load"]["steps"]] == ["b_first", "a_second"]
    (mail,) = jobs["send"]["steps"]
    assert (mail["status"], mail["attempt"], mail["rerun"], mail["ran_in_start"]) == ("SUCCESS", 2, "ONCE", 2)
    (before,) = mail["earlier_attempts"]
    assert (before["status"], before["error_code"], before["error"]) == ("FAILED", "AF-STEP-FAILED", "it went wrong")
    assert jobs["tidy"]["start"] == 2
    (decided,) = told["resolutions"]
    assert (decided["what"], decided["job_id"], decided["step_id"]) == ("again", "send", "mail")
    assert (decided["reason"], decided["before"]["status"]) == ("no mail came", "FAILED")
    first = failed.aetherflow("runs", "show", "one", "--start", "1", "--json").json
    assert [job["start"] for job in first["jobs"] if job["job_id"] == "tidy"] == [1]


def test_show_is_a_tree_for_people(failed):
    told = failed.aetherflow("runs", "show", "one").out
    assert not re.search(" $", told, re.MULTILINE)
    assert told.startswith("run one of flow daily: FAILED\n")
    for line in (
        r'^  parameters  day="tuesday"$',
        r"^  start 1, run, FAILED, 20\S+Z, .*, profile internal_fast, kernel 0",
        r"^  job load: SUCCESS, ",
        r"^    step b_first \(say\): SUCCESS, ",
        r"^  job send: FAILED, .* \(step 'mail': it went wrong\)$",
        r"^      error AF-STEP-FAILED: it went wrong$",
        r"^  job report: BLOCKED",
        r"^  job tidy, of start 1: SUCCESS",
    ):
        assert re.search(line, told, re.MULTILINE), line


def test_logs_tell_transitions_and_what_steps_said_in_the_order_of_time(failed):
    told = failed.aetherflow("runs", "logs", "one")
    events = [line.split()[3] for line in told.out.splitlines()]
    assert events[:4] == ["run_start", "job_start", "step_start", "step_end"]
    assert events[-1] == "run_end"
    assert events.count("step_log") == 1
    lines = [json.loads(line) for line in failed.aetherflow("runs", "logs", "one", "--json").out.splitlines()]
    assert [line["event"] for line in lines] == events
    assert [line["ts_ms"] for line in lines] == sorted(line["ts_ms"] for line in lines)
    (said,) = [line for line in lines if line["event"] == "step_log"]
    assert (said["message"], said["step_id"], said["fields"]) == ("loaded grüße", "a_second", {"number": 0})
    ended = {line["step_id"]: line for line in lines if line["event"] == "step_end"}
    assert ended["mail"]["level"] == "ERROR"
    position = lines.index(said)
    assert "step_start" in {line["event"] for line in lines[:position] if line.get("step_id") == "a_second"}
    assert "step_end" in {line["event"] for line in lines[position:] if line.get("step_id") == "a_second"}


def test_log_of_a_run_is_its_users_only_and_made_when_there_is_something_to_say(failed):
    failed.write("quiet.yaml", "version: 1\nflow: {id: quiet}\njobs: [{id: j, steps: [{id: s, type: say}]}]")
    assert failed.aetherflow("run", "quiet.yaml", "--run-id", "q").code == 0
    logs = ledger_of(failed).with_name("ledger.sqlite.logs")
    assert [str(path.relative_to(logs)) for path in logs.rglob("*") if path.is_file()] == ["daily/one.jsonl"]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (logs, logs / "daily")}
    assert modes == {0o700}
    assert stat.S_IMODE((logs / "daily/one.jsonl").stat().st_mode) == 0o600


def test_log_that_was_cut_off_or_damaged_is_read_as_far_as_it_goes(failed):
    log = ledger_of(failed).with_name("ledger.sqlite.logs") / "daily/one.jsonl"
    log.write_bytes(b'[1]\n{"ts_ms": "x"}\n\xff\xfe\n' + log.read_bytes() + b'{"ts_ms": 17')
    told = failed.aetherflow("runs", "logs", "one")
    assert told.code == 0
    assert told.out.count("step_log") == 1


def test_secret_of_the_environment_is_in_no_answer(project):
    project.write("daily.yaml", FLOW.replace('"loaded grüße"', '"{{env.GREETING}} {{env.MY_TOKEN}}"'))
    secret = "s3cr3t-of-the-house"
    assert project.aetherflow("run", "daily.yaml", "--run-id", "one", GREETING="hi", MY_TOKEN=secret).code == 1
    log = ledger_of(project).with_name("ledger.sqlite.logs") / "daily/one.jsonl"
    assert "hi ***" in log.read_text()
    for arguments in (["list"], ["show", "one"], ["logs", "one"], ["logs", "one", "--json"], ["show", "one", "--json"]):
        assert secret not in project.aetherflow("runs", *arguments).out


def test_run_whose_process_lives_is_running_and_one_whose_process_died_was_interrupted(project):
    process = start_hanging(project)
    assert statuses(project) == {"h": "RUNNING"}
    process.send_signal(signal.SIGSTOP)
    assert statuses(project) == {"h": "RUNNING"}
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.communicate()
    assert statuses(project) == {"h": "INTERRUPTED"}
    assert project.aetherflow("runs", "list", "--status", "interrupted", "--json").json[0]["run_id"] == "h"
    assert project.aetherflow("runs", "list", "--status", "RUNNING", "--json").json == []
    told = project.aetherflow("runs", "show", "h", "--json").json
    assert (told["status"], told["starts"][0]["status"]) == ("INTERRUPTED", "INTERRUPTED")
    assert [(job["status"], *(step["status"] for step in job["steps"])) for job in told["jobs"]] == [
        ("INTERRUPTED", "INTERRUPTED")
    ]
    assert "RUNNING" not in project.aetherflow("runs", "show", "h").out
    for options in (["--dry-run"], []):
        pruned = project.aetherflow("runs", "prune", "--keep", "0", "--json", *options).json
        assert [each["status"] for each in pruned["removed"]] == ["INTERRUPTED"]


def test_owner_is_known_by_more_than_its_number(project):
    process = start_hanging(project)
    with apsw.Connection(str(ledger_of(project))) as connection:
        (noted,) = connection.execute("SELECT owner FROM starts").fetchone()
    for change, expected in (
        ({}, "RUNNING"),
        # Its number was given again; the system was started anew; it is on another host.
        ({"ticks": 1}, "INTERRUPTED"),
        ({"boot": "another"}, "INTERRUPTED"),
        ({"host": "another", "pid": 2**22 + 1}, "RUNNING"),
    ):
        with apsw.Connection(str(ledger_of(project))) as connection:
            connection.execute("UPDATE starts SET owner = ?", (json.dumps({**json.loads(noted), **change}),))
        assert statuses(project) == {"h": expected}
    process.terminate()
    process.communicate()


def test_owner_that_was_not_noted_is_the_one_who_holds_the_lock(project):
    process = start_hanging(project)
    connection = apsw.Connection(str(ledger_of(project)))
    connection.execute("DELETE FROM starts")
    connection.close()
    assert statuses(project) == {"h": "RUNNING"}
    lock = ledger_of(project).with_name("ledger.sqlite.owners") / "hanging/h.lock"
    lock.write_text(f"{os.getpid()}\n")
    assert statuses(project) == {"h": "INTERRUPTED"}
    lock.write_text(f"{process.pid}\n")
    process.kill()
    process.communicate()
    assert statuses(project) == {"h": "INTERRUPTED"}


def test_looking_disturbs_no_start(project):
    process = start_hanging(project)
    process.kill()
    process.communicate()
    (project.folder / "ready").unlink()
    lookers = [project.start("runs", "list") for _ in range(3)]
    process = start_hanging(project)
    for looker in lookers:
        assert looker.wait() == 0
        looker.communicate()
    assert process.poll() is None
    process.terminate()
    process.communicate()


def test_commands_that_look_import_neither_typer_nor_pydantic_nor_plugins(failed):
    for arguments in (["list"], ["show", "one"], ["logs", "one"]):
        told = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "aetherflow.kernel", "runs", *arguments],
            cwd=failed.folder, env=failed.environ(), capture_output=True, text=True, check=True,
        )  # fmt: skip
        imported = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
        assert "apsw" in imported
        assert not {name for name in imported if name.split(".")[0] in {"typer", "click", "pydantic", "chat", "steps"}}


def test_nothing_is_written_by_looking(failed):
    def seen():
        return {
            path: (path.stat().st_size, path.stat().st_mtime_ns, path.stat().st_ino)
            for path in failed.folder.rglob("*")
            if path.is_file()
        }

    before = seen()
    for arguments in (["list"], ["show", "one"], ["logs", "one"], ["prune", "--keep", "0", "--dry-run"]):
        assert failed.aetherflow("runs", *arguments).code == 0
    assert seen() == before
