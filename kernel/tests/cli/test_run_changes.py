"""`runs prune`, `cancel` and `resolve`, as a process on what real runs left."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from contextlib import closing
from dataclasses import replace

import apsw
import pytest

from aetherflow.kernel.contracts.records import RunKey
from aetherflow.kernel.history import pruning
from aetherflow.kernel.history.cancellation import _Process
from aetherflow.kernel.state.identity import own_identity
from aetherflow.kernel.state.ledger import open_ledger
from aetherflow.kernel.state.ownership import own_run

SAY = "version: 1\nflow: {id: %s}\njobs: [{id: j, steps: [{id: s, type: write, inputs: {path: x, text: y}}]}]\n"
ONCE = """
version: 1
flow: {id: once, workspace: {cleanup_policy: on_success}}
jobs:
  - id: j
    steps:
      - {id: mail, type: once, inputs: {unless: mended}, outputs: {v: "{{result.value}}"}}
      - {id: after, type: say, inputs: {value: "{{steps.mail.value}}", witness: after}}
  - id: k
    depends_on: [j]
    steps:
      - {id: last, type: say, inputs: {value: "{{jobs.j.outputs.v}}", witness: last}}
"""
HANG = """
version: 1
flow: {id: hanging}
jobs:
  - id: stay
    steps:
      - {id: hang, type: hang, inputs: {ready: ready, obeys: %s}}
"""


@pytest.fixture
def project(project):
    project.write("once.yaml", ONCE)
    project.write("hanging.yaml", HANG % "true")
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
    (project.folder / "ready").unlink(missing_ok=True)
    process = project.start("run", "hanging.yaml", "--run-id", run_id)
    wait_for(lambda: (project.folder / "ready").exists() or process.poll() is not None)
    return process


def rows(project, sql):
    connection = apsw.Connection(str(ledger_of(project)))
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def age(project, run_id, days):
    """Have a run be so many days older."""
    seconds = days * 86_400
    for table in ("runs", "starts"):
        older = f"started_at = started_at - {seconds}, ended_at = ended_at - {seconds}"
        rows(project, f"UPDATE {table} SET {older} WHERE run_id = '{run_id}'")  # noqa: S608 - our own names


def steps_of(project, run_id):
    told = project.aetherflow("runs", "show", run_id, "--json").json
    return {step["step_id"]: step for job in told["jobs"] for step in job["steps"]}


def status_of(project, run_id):
    return project.aetherflow("runs", "show", run_id, "--json").json["status"]


# Prune


def test_prune_removes_what_is_old_with_all_that_it_left(project):
    project.write("kept.yaml", SAY % "kept" + "on_failure: []\n")
    project.write("flow.yaml", SAY.replace("{id: %s}", "{id: a, workspace: {cleanup_policy: never}}"))
    project.write("steps/chat.py", _CHAT)
    project.write("loud.yaml", "version: 1\nflow: {id: loud}\njobs: [{id: j, steps: [{id: s, type: chat}]}]\n")
    for flow, run_id in (("flow.yaml", "old"), ("flow.yaml", "new"), ("loud.yaml", "old")):
        assert project.aetherflow("run", flow, "--run-id", run_id).code == 0
    age(project, "old", 40)
    work, beside = project.folder / ".aetherflow/work/a/j", ledger_of(project).parent
    foreign = work.parent / "other" / "old"
    foreign.mkdir(parents=True)
    (foreign / "precious").touch()
    rows(project, "INSERT INTO locks VALUES ('k', 7, 0, 'h', 'b', 1, 1, 'n', 'a', 'old', '', '', 1.0, 60.0, 1.0, 1.0)")
    dry = project.aetherflow("runs", "prune", "--older-than", "30d", "--dry-run", "--json").json
    assert (dry["dry_run"], [each["flow_id"] for each in dry["removed"]]) == (True, ["loud", "a"])
    assert (work / "old").is_dir()
    told = project.aetherflow("runs", "prune", "--older-than", "30d")
    assert told.code == 0
    assert "removed: flow a, run old (SUCCESS)" in told.out
    assert told.out.endswith("removed 2 runs, 1 log, 1 workspace folder; kept 0 that are old enough\n")
    assert rows(project, "SELECT flow_id, run_id FROM runs") == [("a", "new")]
    for table in ("starts", "jobs", "steps", "artifacts", "decisions", "attempts"):
        assert rows(project, f"SELECT count(*) FROM {table} WHERE run_id = 'old'") == [(0,)]  # noqa: S608 - our own names
    assert len(rows(project, "SELECT flow_digest FROM definitions")) == 1
    assert rows(project, "SELECT key, token FROM locks") == [("k", 7)]
    assert not (work / "old").exists()
    assert [path.name for path in (beside / "ledger.sqlite.owners").iterdir()] == ["a"]
    assert (work / "new").is_dir()
    assert (foreign / "precious").exists()
    left = {str(path.relative_to(beside)) for path in beside.rglob("*") if path.is_file()}
    assert left == {"ledger.sqlite", "ledger.sqlite.opening", "ledger.sqlite.owners/a/new.lock"}
    assert project.aetherflow("run", "flow.yaml", "--run-id", "old").code == 0


def test_prune_keeps_the_newest_of_each_flow(project):
    for flow_id in ("a", "b"):
        project.write(f"{flow_id}.yaml", SAY % flow_id)
        for number in range(3):
            assert project.aetherflow("run", f"{flow_id}.yaml", "--run-id", f"r{number}").code == 0
    assert project.aetherflow("runs", "prune", "--keep", "2", "--flow-id", "a").code == 0
    assert rows(project, "SELECT flow_id || run_id FROM runs ORDER BY 1") == [
        ("ar1",),
        ("ar2",),
        ("br0",),
        ("br1",),
        ("br2",),
    ]
    age(project, "r1", 2)
    assert project.aetherflow("runs", "prune", "--keep", "1", "--older-than", "1d", "--vacuum").code == 0
    assert rows(project, "SELECT flow_id || run_id FROM runs ORDER BY 1") == [("ar2",), ("br0",), ("br2",)]


def test_prune_leaves_alone_what_runs_and_what_a_person_must_decide(project):
    assert project.aetherflow("run", "once.yaml", "--run-id", "u").code == 1
    process = start_hanging(project)
    for options in ([], ["--force"]):
        told = project.aetherflow("runs", "prune", "--keep", "0", "--json", *options).json
        kept = {each["run_id"]: each["why"] for each in told["kept"]}
        assert kept == ({"h": "running"} if options else {"h": "running", "u": "undecided"})
    process.send_signal(signal.SIGKILL)
    process.communicate()
    told = project.aetherflow("runs", "prune", "--keep", "0", "--json").json
    assert [each["run_id"] for each in told["removed"]] == ["h"]
    assert rows(project, "SELECT count(*) FROM runs") == [(0,)]


def test_prune_wants_to_know_what_is_old(project):
    assert project.aetherflow("run", "once.yaml", "--run-id", "u").code == 1
    for options, said in (
        ([], "it was not said which runs are old"),
        (["--older-than", "30"], "--older-than '30' is no span of time"),
        (["--older-than", "99999999999d"], "is no span of time"),
        (["--keep", "-1"], "--keep '-1' is no number"),
    ):
        told = project.aetherflow("runs", "prune", *options)
        assert (told.code, said in told.err) == (2, True), told.err


def test_prune_that_is_killed_goes_on_where_it_stopped(project):
    project.write("flow.yaml", SAY.replace("{id: %s}", "{id: a, workspace: {cleanup_policy: never}}"))
    for number in range(4):
        assert project.aetherflow("run", "flow.yaml", "--run-id", f"r{number}").code == 0
    work = project.folder / ".aetherflow/work/a/j"
    process = project.start("runs", "prune", "--keep", "0")
    wait_for(lambda: len(list(work.iterdir())) < 4 or process.poll() is not None)
    process.kill()
    process.communicate()
    assert project.aetherflow("runs", "prune", "--keep", "0").code == 0
    # Killed between the last file, which is the mark, and the folder itself, it leaves the empty folder.
    assert [path for path in work.rglob("*") if not path.is_dir()] == []
    assert rows(project, "SELECT count(*) FROM runs") == [(0,)]


def test_run_that_another_prune_forgets_at_that_moment_is_neither_kept_nor_left(project, monkeypatch):
    project.write("flow.yaml", SAY % "a")
    assert project.aetherflow("run", "flow.yaml", "--run-id", "r").code == 0
    ledger = ledger_of(project)

    def own_after_another_prune(owners, key):
        monkeypatch.undo()
        assert project.aetherflow("runs", "prune", "--keep", "0").code == 0
        return own_run(owners, key)

    monkeypatch.setattr(pruning, "own_run", own_after_another_prune)
    with closing(open_ledger(ledger)) as store:
        told = pruning.prune_runs(store, pruning.PruneRequest(keep=0), ledger=ledger, workspace=None)
    assert (told.removed, told.kept) == ([], [])
    assert list(ledger.with_name("ledger.sqlite.owners").iterdir()) == []


# Cancel


def test_running_run_that_is_cancelled_ends_as_cancelled(project):
    process = start_hanging(project)
    told = project.aetherflow("runs", "cancel", "h", "--json")
    assert (told.code, told.json["status"], told.json["how"]) == (0, "CANCELLED", "asked")
    process.communicate()
    assert process.returncode == 143
    assert status_of(project, "h") == "CANCELLED"
    assert steps_of(project, "h")["hang"]["status"] in {"INTERRUPTED", "CANCELLED"}
    again = project.aetherflow("runs", "cancel", "h")
    assert (again.code, again.out) == (0, "CANCELLED: flow hanging, run h (it was so already)\n")


def test_run_that_takes_longer_than_the_wait_is_told_and_ends_cancelled_later(project):
    project.write("hanging.yaml", HANG % "false")
    process = start_hanging(project)
    told = project.aetherflow("runs", "cancel", "h", "--wait", "1")
    assert told.code == 75
    assert "was asked to end, and has not yet" in told.err
    process.communicate()
    assert status_of(project, "h") == "CANCELLED"


def test_run_that_was_killed_and_is_cancelled_is_settled(project):
    process = start_hanging(project)
    process.kill()
    process.communicate()
    told = project.aetherflow("runs", "cancel", "h")
    assert (told.code, told.out) == (0, "CANCELLED: flow hanging, run h (it was not running)\n")
    shown = project.aetherflow("runs", "show", "h", "--json").json
    assert (shown["status"], shown["starts"][0]["status"]) == ("CANCELLED", "INTERRUPTED")
    assert {step["status"] for job in shown["jobs"] for step in job["steps"]} == {"INTERRUPTED"}
    assert {job["status"] for job in shown["jobs"]} == {"INTERRUPTED"}
    assert shown["resolutions"][0]["what"] == "cancel"


def test_run_that_dies_while_it_is_asked_is_cancelled(project):
    project.write("hanging.yaml", HANG % "false")
    process = start_hanging(project)
    cancelling = project.start("runs", "cancel", "h")
    wait_for(lambda: rows(project, "SELECT cancel_requested_at FROM runs")[0][0])
    process.kill()
    process.communicate()
    assert cancelling.wait(timeout=60) == 0
    cancelling.communicate()
    assert status_of(project, "h") == "CANCELLED"


def test_run_that_is_done_can_not_be_cancelled(project):
    (project.folder / "mended").touch()
    assert project.aetherflow("run", "once.yaml", "--run-id", "d").code == 0
    told = project.aetherflow("runs", "cancel", "d")
    assert told.code == 2
    assert "run 'd' of flow 'once' is done: it is SUCCESS" in told.err
    assert status_of(project, "d") == "SUCCESS"


def test_run_that_was_cancelled_goes_on_only_where_it_is_taken_up_by_name(project):
    assert project.aetherflow("run", "once.yaml", "--run-id", "u").code == 1
    assert project.aetherflow("runs", "cancel", "u").code == 0
    (project.folder / "mended").touch()
    told = project.aetherflow("runs", "resolve", "u", "mail", "--again")
    assert "once.yaml --resume u" in told.out
    for arguments in (["run", "once.yaml", "--run-id", "u"], ["retry", "u"]):
        told = project.aetherflow(*arguments)
        assert (told.code, "AF-RUN-CANCELLED" in told.err) == (2, True), told.err
        assert "once.yaml --resume u" in told.err
    assert status_of(project, "u") == "CANCELLED"
    assert project.aetherflow("run", "--resume", "u").code == 0
    assert project.aetherflow("run", "once.yaml", "--run-id", "u").code == 0


def test_signal_goes_to_the_process_that_was_meant_and_to_no_other(project):
    process = start_hanging(project)
    process.kill()
    process.communicate()
    # Its number belongs to somebody else now: to this test.
    (noted,) = rows(project, "SELECT owner FROM starts")[0]
    owner = {**json.loads(noted), "pid": os.getpid()}
    connection = apsw.Connection(str(ledger_of(project)))
    connection.execute("UPDATE starts SET owner = ?", (json.dumps(owner),))
    connection.close()
    came = []
    before = signal.signal(signal.SIGTERM, lambda *_: came.append("signal"))
    try:
        assert project.aetherflow("runs", "cancel", "h").code == 0
        # Also where the number is given again after the last look.
        with _Process(replace(own_identity(), ticks=1)) as meant:
            meant.terminate()
        assert came == []
        with _Process(own_identity()) as meant:
            meant.terminate()
        assert came == ["signal"]
    finally:
        signal.signal(signal.SIGTERM, before)
    assert status_of(project, "h") == "CANCELLED"


def test_run_of_another_host_is_out_of_reach(project):
    process = start_hanging(project)
    process.kill()
    process.communicate()
    (noted,) = rows(project, "SELECT owner FROM starts")[0]
    connection = apsw.Connection(str(ledger_of(project)))
    connection.execute("UPDATE starts SET owner = ?", (json.dumps({**json.loads(noted), "host": "elsewhere"}),))
    connection.close()
    told = project.aetherflow("runs", "cancel", "h")
    assert (told.code, "its process can't be told" in told.err) == (75, True)
    assert rows(project, "SELECT cancel_requested_at IS NOT NULL FROM runs") == [(1,)]
    told = project.aetherflow("runs", "resolve", "h", "hang", "--again")
    assert (told.code, "its process can't be seen from here" in told.err) == (75, True)


# Resolve


@pytest.fixture
def undecided(project):
    """A project with a run that a person must decide of."""
    assert project.aetherflow("run", "once.yaml", "--run-id", "u").code == 1
    assert project.aetherflow("run", "once.yaml", "--run-id", "u").code == 4
    return project


def test_step_that_was_done_gives_the_outputs_that_a_person_says(undecided):
    undecided.write("outputs.json", '{"value": "grüße"}')
    told = undecided.aetherflow(
        "runs",
        "resolve",
        "u",
        "j.mail",
        "--done",
        "--outputs",
        "outputs.json",
        "--reason",
        "the mail is there",
        "--json",
    )
    assert (told.code, told.json["status_before"], told.json["status"], told.json["notes"]) == (
        0,
        "FAILED",
        "SUCCESS",
        [],
    )
    assert status_of(undecided, "u") == "PENDING"
    assert undecided.aetherflow("run", "once.yaml", "--run-id", "u").code == 0
    steps = steps_of(undecided, "u")
    assert steps["mail"]["attempt"] == 1
    assert "said that it was done: the mail is there" in steps["mail"]["reason"]
    assert (steps["after"]["outputs"], steps["last"]["outputs"]) == ({"value": "grüße"}, {"value": "grüße"})
    (decided,) = undecided.aetherflow("runs", "show", "u", "--json").json["resolutions"]
    assert (decided["what"], decided["before"]["status"], decided["before"]["error"]) == (
        "done",
        "FAILED",
        "it went wrong",
    )
    assert decided["by"]


def test_step_that_was_done_without_outputs_says_which_are_missed(undecided):
    told = undecided.aetherflow("runs", "resolve", "u", "mail", "--done")
    assert told.code == 0
    assert "its job refers to outputs that are missing now: value; the step type declares" in told.err


def test_outputs_are_checked_against_what_the_step_type_declares(undecided):
    for content, said in (
        ('{"valeu": 1}', "did you mean 'value'?"),
        ("[1]", "holds no mapping"),
        ('{"value": NaN}', "holds no JSON"),
        ("{", "holds no JSON"),
        (f'{{"value": "{"x" * 2**20}"}}', "is larger than 1 MiB"),
    ):
        undecided.write("outputs.json", content)
        told = undecided.aetherflow("runs", "resolve", "u", "mail", "--done", "--outputs", "outputs.json")
        assert (told.code, said in told.err) == (2, True), told.err
    undecided.write("outputs.json", '{"value": "s3cr3t-of-the-house"}')
    told = undecided.aetherflow(
        "runs", "resolve", "u", "mail", "--done", "--outputs", "outputs.json", A_TOKEN="s3cr3t-of-the-house"
    )
    assert (told.code, "hold a secret" in told.err) == (2, True)
    # Where the flow can't be read any more, what the environment says is secret is one all the same.
    (undecided.folder / "once.yaml").rename(undecided.folder / "away")
    told = undecided.aetherflow(
        "runs", "resolve", "u", "mail", "--done", "--outputs", "outputs.json", A_TOKEN="s3cr3t-of-the-house"
    )
    assert (told.code, "hold a secret" in told.err) == (2, True)
    assert steps_of(undecided, "u")["mail"]["status"] == "FAILED"
    assert rows(undecided, "SELECT count(*) FROM resolutions") == [(0,)]


def test_outputs_are_taken_unchecked_and_said_so_where_the_flow_can_not_be_read(undecided):
    (undecided.folder / "once.yaml").rename(undecided.folder / "moved.yaml")
    undecided.write("outputs.json", '{"value": 3}')
    told = undecided.aetherflow("runs", "resolve", "u", "mail", "--done", "--outputs", "outputs.json")
    assert (told.code, "the outputs were not checked" in told.err) == (0, True)
    assert undecided.aetherflow("run", "moved.yaml", "--run-id", "u").code == 0


def test_step_that_may_run_again_runs_again(undecided):
    (undecided.folder / "mended").touch()
    told = undecided.aetherflow("runs", "resolve", "u", "mail", "--again", "--reason", "nothing came")
    assert told.code == 0
    assert "it was FAILED" in told.out
    assert undecided.aetherflow("run", "once.yaml", "--run-id", "u").code == 0
    mail = steps_of(undecided, "u")["mail"]
    assert (mail["attempt"], mail["status"], mail["generation"]) == (2, "SUCCESS", 0)


def test_step_that_is_done_is_done_anew_under_a_key_of_its_own(undecided):
    (undecided.folder / "mended").touch()
    assert undecided.aetherflow("runs", "resolve", "u", "mail", "--again").code == 0
    assert undecided.aetherflow("run", "once.yaml", "--run-id", "u").code == 0
    told = undecided.aetherflow("runs", "resolve", "u", "mail", "--done")
    assert (told.code, "the step is done: it is SUCCESS" in told.err) == (2, True)
    assert undecided.aetherflow("runs", "resolve", "u", "mail", "--again").code == 0
    assert undecided.aetherflow("runs", "resolve", "u", "mail", "--again").code == 2
    assert undecided.aetherflow("run", "once.yaml", "--run-id", "u").code == 0
    mail = steps_of(undecided, "u")["mail"]
    assert (mail["attempt"], mail["status"], mail["generation"]) == (3, "SUCCESS", 1)
    assert undecided.lines("after") == ["after 1"]


def test_outputs_of_a_step_that_was_done_twice_are_those_of_the_second_time(undecided):
    (undecided.folder / "mended").touch()
    assert undecided.aetherflow("runs", "resolve", "u", "mail", "--again").code == 0
    assert undecided.aetherflow("run", "once.yaml", "--run-id", "u").code == 0
    assert undecided.aetherflow("runs", "resolve", "u", "mail", "--again").code == 0
    undecided.write("outputs.json", '{"value": "by hand"}')
    assert undecided.aetherflow("runs", "resolve", "u", "mail", "--done", "--outputs", "outputs.json").code == 0
    assert undecided.aetherflow("run", "once.yaml", "--run-id", "u").code == 0
    jobs = {job["job_id"]: job for job in undecided.aetherflow("runs", "show", "u", "--json").json["jobs"]}
    assert jobs["j"]["outputs"] == {"v": "by hand"}


def test_run_that_somebody_else_is_about_to_start_is_left_to_them(undecided):
    owners = ledger_of(undecided).with_name("ledger.sqlite.owners")
    with own_run(owners, RunKey("once", "u")):
        for arguments in (["resolve", "u", "mail", "--again"], ["cancel", "u", "--wait", "0"]):
            told = undecided.aetherflow("runs", *arguments)
            assert (told.code, "is owned by another process" in told.err) == (75, True)
        (kept,) = undecided.aetherflow("runs", "prune", "--keep", "0", "--force", "--json").json["kept"]
        assert kept["why"] == "owned"
    assert steps_of(undecided, "u")["mail"]["status"] == "FAILED"


def test_step_of_a_run_that_was_killed_is_cut_off_and_decided(project):
    process = start_hanging(project)
    told = project.aetherflow("runs", "resolve", "h", "hang", "--done")
    assert told.code == 75
    process.kill()
    process.communicate()
    assert project.aetherflow("runs", "resolve", "h", "stay.hang", "--done").code == 0
    assert project.aetherflow("run", "hanging.yaml", "--run-id", "h").code == 0
    (decided,) = project.aetherflow("runs", "show", "h", "--json").json["resolutions"]
    assert decided["before"]["status"] == "INTERRUPTED"


def test_step_has_to_be_named_so_that_it_is_one(project):
    project.write(
        "two.yaml",
        "version: 1\nflow: {id: two}\njobs: [{id: a, steps: [{id: s, type: fail}]}, {id: b, steps: [{id: s, type: fail}]}]\n",
    )
    assert project.aetherflow("run", "two.yaml", "--run-id", "t").code == 1
    for name, said in (
        ("s", "jobs 'a', 'b' have a step 's' each"),
        ("c.s", "remembers no step 'c.s'"),
        ("a.s[3]", "remembers no step 'a.s[3]'"),
        ("a.t", "did you mean 'a.s'?"),
        ("a..s", "names no step"),
    ):
        told = project.aetherflow("runs", "resolve", "t", name, "--again")
        assert (told.code, said in told.err) == (2, True), told.err
    for options, said in (
        ([], "it was not said what is to be noted"),
        (["--done", "--again"], "--done and --again exclude each other"),
        (["--again", "--outputs", "x"], "gives its own outputs"),
        (["--done", "--outputs", "none.json"], "none.json can't be read"),
    ):
        told = project.aetherflow("runs", "resolve", "t", "a.s", *options)
        assert (told.code, said in told.err) == (2, True), told.err
    assert project.aetherflow("runs", "resolve", "t", "b.s", "--again").code == 0


def test_item_of_a_step_is_decided_by_its_number(project):
    project.write(
        "items.yaml",
        """
        version: 1
        flow: {id: items}
        jobs:
          - id: j
            steps:
              - {id: each, type: once, foreach: {items: [mended, missing]}, inputs: {unless: "{{item}}"}}
              - {id: after, type: say, inputs: {value: "{{steps.each.value}}"}}
        """,
    )
    (project.folder / "mended").touch()
    assert project.aetherflow("run", "items.yaml", "--run-id", "i").code == 1
    assert project.aetherflow("run", "items.yaml", "--run-id", "i").code == 4
    project.write("outputs.json", '{"value": "by hand"}')
    told = project.aetherflow("runs", "resolve", "i", "j.each[1]", "--done", "--outputs", "outputs.json")
    assert told.code == 0, told.err
    assert project.aetherflow("run", "items.yaml", "--run-id", "i").code == 0
    assert steps_of(project, "i")["after"]["outputs"] == {"value": ["mended", "by hand"]}


ITEMS = """
version: 1
flow: {id: items}
jobs:
  - id: j
    steps:
      - {id: each, type: once, foreach: {items: [mended, missing, later]}, inputs: {unless: "{{item}}"}}
      - {id: after, type: say, inputs: {value: "{{steps.each.value}}"}}
"""


@pytest.fixture
def of_items(project):
    """A run in which of three items the first is done, the second failed, and the third never began."""
    project.write("items.yaml", ITEMS)
    (project.folder / "mended").touch()
    assert project.aetherflow("run", "items.yaml", "--run-id", "i").code == 1
    return project


def items_of(project, run_id="i"):
    told = project.aetherflow("runs", "show", run_id, "--json").json
    found = {step["item"]: step for job in told["jobs"] for step in job["steps"] if step["step_id"] == "each"}
    return {item: (step["status"], step["generation"]) for item, step in found.items()}


def test_items_are_not_done_because_somebody_says_so_of_their_step(of_items):
    told = of_items.aetherflow("runs", "resolve", "i", "each", "--done")
    assert (told.code, "AF-STEP-AMBIGUOUS" in told.err) == (2, True)
    assert "decide of one item: j.each[1]" in told.err
    assert items_of(of_items) == {None: ("FAILED", 0), "0": ("SUCCESS", 0), "1": ("FAILED", 0)}
    assert rows(of_items, "SELECT count(*) FROM resolutions") == [(0,)]


@pytest.mark.parametrize("is_flow_there", [True, False])
def test_items_are_done_with_lists_of_what_they_gave(of_items, is_flow_there):
    if not is_flow_there:
        (of_items.folder / "items.yaml").rename(of_items.folder / "moved.yaml")
    for content, said in (
        ('{"value": 1}', "the output 'value' of a repeated step is no list"),
        ('{"value": ["a"]}', "the lists are too short: there are 2 items"),
        ('{"value": ["a", "b"], "at": []}', "the lists are not of one length: value 2, at 0"),
        *([('{"values": ["a", "b"]}', "did you mean 'value'?")] if is_flow_there else []),
    ):
        of_items.write("outputs.json", content)
        told = of_items.aetherflow("runs", "resolve", "i", "each", "--done", "--outputs", "outputs.json")
        assert (told.code, said in told.err) == (2, True), told.err
    of_items.write("outputs.json", '{"value": ["a", null, "c"]}')
    told = of_items.aetherflow("runs", "resolve", "i", "each", "--done", "--outputs", "outputs.json")
    assert told.code == 0, told.err
    flow = "items.yaml" if is_flow_there else "moved.yaml"
    assert of_items.aetherflow("run", flow, "--run-id", "i").code == 0
    assert steps_of(of_items, "i")["after"]["outputs"] == {"value": ["a", None, "c"]}


def test_outputs_of_each_item_are_those_that_the_step_type_declares(project):
    project.write(
        "typed.yaml",
        ITEMS.replace("once", "strict").replace('{unless: "{{item}}"}', "{}").replace("each.value", "each.rows"),
    )
    project.write("steps/strict.py", _STRICT)
    assert project.aetherflow("run", "typed.yaml", "--run-id", "i").code == 1
    project.write("outputs.json", '{"rows": [1, "many", null]}')
    told = project.aetherflow("runs", "resolve", "i", "each", "--done", "--outputs", "outputs.json")
    assert (told.code, "(item 1)" in told.err) == (2, True), told.err


def test_step_that_never_came_to_its_items_is_not_done_without_outputs(project):
    no_list = "params: {any: {type: object, default: {x: 3}}}\njobs:"
    project.write(
        "items.yaml", ITEMS.replace("[mended, missing, later]", "'{{params.any.x}}'").replace("jobs:", no_list)
    )
    assert project.aetherflow("run", "items.yaml", "--run-id", "i").code == 1
    told = project.aetherflow("runs", "resolve", "i", "each", "--done")
    assert (told.code, "AF-STEP-AMBIGUOUS" in told.err) == (2, True), told.err


def test_all_items_may_run_again_and_those_that_are_done_are_done_anew(of_items):
    assert of_items.aetherflow("runs", "resolve", "i", "each", "--again").code == 0
    assert items_of(of_items) == {None: ("PENDING", 0), "0": ("PENDING", 1), "1": ("FAILED", 0)}
    for name in ("missing", "later"):
        (of_items.folder / name).touch()
    assert of_items.aetherflow("run", "items.yaml", "--run-id", "i").code == 0
    assert items_of(of_items) == {
        None: ("SUCCESS", 0), "0": ("SUCCESS", 1), "1": ("SUCCESS", 0), "2": ("SUCCESS", 0)
    }  # fmt: skip
    assert of_items.aetherflow("runs", "resolve", "i", "each", "--again").code == 0
    assert of_items.aetherflow("run", "items.yaml", "--run-id", "i").code == 0
    assert items_of(of_items) == {
        None: ("SUCCESS", 1), "0": ("SUCCESS", 2), "1": ("SUCCESS", 1), "2": ("SUCCESS", 1)
    }  # fmt: skip
    (step,) = [step for step in all_steps_of(of_items, "i") if step["item"] == "1"]
    assert (step["attempt"], [each["attempt"] for each in step["earlier_attempts"]]) == (3, [1, 2])


def test_attempt_stays_what_it_was_when_somebody_decides_of_it(undecided):
    (undecided.folder / "mended").touch()
    assert undecided.aetherflow("runs", "resolve", "u", "mail", "--done", "--reason", "seen").code == 0
    told = undecided.aetherflow("runs", "show", "u").out
    assert re.search(r"^      attempt 1: FAILED, in start 1, .*it went wrong$", told, re.MULTILINE)
    assert re.search(r"^      since then: SUCCESS: .* said that it was done: seen$", told, re.MULTILINE)
    logs = undecided.aetherflow("runs", "logs", "u").out
    assert re.search(r"step_end .*step_id=mail .*status=FAILED", logs)
    assert not re.search(r"step_end .*step_id=mail .*status=SUCCESS", logs)
    assert "resolution job_id=j step_id=mail what=done" in logs


def test_attempts_of_a_step_that_is_done_anew_stay_what_they_were(undecided):
    (undecided.folder / "mended").touch()
    for _ in range(2):
        assert undecided.aetherflow("runs", "resolve", "u", "mail", "--again").code == 0
        assert undecided.aetherflow("run", "once.yaml", "--run-id", "u").code == 0
    mail = steps_of(undecided, "u")["mail"]
    assert [(each["attempt"], each["status"]) for each in mail["earlier_attempts"]] == [(1, "FAILED"), (2, "SUCCESS")]
    assert (mail["attempt"], mail["status"], mail["is_attempt"]) == (3, "SUCCESS", True)


def test_item_that_was_restored_is_shown_so(of_items):
    assert of_items.aetherflow("runs", "resolve", "i", "each[1]", "--again").code == 0
    (of_items.folder / "missing").touch()
    assert of_items.aetherflow("run", "items.yaml", "--run-id", "i").code == 1
    found = {step["item"]: step["decision"] for step in all_steps_of(of_items, "i") if step["step_id"] == "each"}
    assert found == {None: "RUN", "0": "RESTORE", "1": "RUN", "2": "RUN"}


def test_step_that_is_not_in_the_flow_any_more_is_marked(undecided):
    assert undecided.aetherflow("runs", "resolve", "u", "mail", "--done").code == 0
    undecided.write("once.yaml", "version: 1\nflow: {id: once}\njobs: [{id: j, steps: [{id: new, type: say}]}]\n")
    undecided.aetherflow("run", "once.yaml", "--run-id", "u", "--accept-changes")
    told = undecided.aetherflow("runs", "show", "u").out
    assert "step mail (once), not in the flow any more: " in told
    assert "job k, not in the flow any more: " in told
    assert "step new (say): " in told


def all_steps_of(project, run_id):
    told = project.aetherflow("runs", "show", run_id, "--json").json
    return [step for job in told["jobs"] for step in job["steps"]]


_STRICT = '''
from aetherflow.kernel.api import Rerun, StepContext, StepOutputs, register_step


class Rows(StepOutputs):
    rows: int


@register_step("strict", rerun=Rerun.ONCE)
def strict(context: StepContext) -> Rows:
    """Fail."""
    raise ValueError("it went wrong")
'''
_CHAT = '''
from aetherflow.kernel.api import Rerun, StepContext, StepOutputs, register_step


class Nothing(StepOutputs):
    done: bool = True


@register_step("chat", rerun=Rerun.SAFE)
def chat(context: StepContext) -> Nothing:
    """Say something."""
    context.log.info("something")
    return Nothing()
'''
