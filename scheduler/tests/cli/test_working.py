"""A scheduler at work, started by its commands: what it leaves behind, and what others see of it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from datetime import UTC, datetime

import pytest

pytestmark = pytest.mark.acceptance


def until(condition, seconds=120):
    """Ask until it is so; answers what it is then."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def occurrences(place, *arguments):
    return place("history", "schedule.yaml", *arguments, "--json").json["occurrences"]


def test_tick_runs_what_was_triggered_and_history_prints_what_it_said(place):
    run_id = place("trigger", "schedule.yaml", "nightly", "--json").json["run_id"]
    answer = place("tick", "schedule.yaml", "--json", AETHERFLOW_LOG_FORMAT="json")
    assert (answer.code, answer.json) == (0, {"ok": True, "exit_code": 0}), answer.err
    events = {event["event"]: event for event in map(json.loads, answer.err.splitlines())}
    started, ended = events["occurrence_start"], events["occurrence_end"]
    assert (started["item"], started["run_id"], started["attempt"]) == ("nightly", run_id, 1)
    assert 0 <= started["late_seconds"] < 60
    assert (ended["status"], ended["exit_code"], ended["attempt"], ended["level"]) == ("SUCCESS", 0, 1, "INFO")
    assert ended["duration_ms"] > 0
    (occurrence,) = occurrences(place)
    assert (occurrence["status"], occurrence["run_id"], occurrence["attempt"]) == ("SUCCESS", run_id, 1)
    said = place("history", "schedule.yaml", "nightly", "--output", run_id)
    assert (said.code, said.err) == (0, "")
    assert "hello Ada" in said.out
    kept = place("history", "schedule.yaml", "nightly", "--output", run_id, "--json").json
    assert (kept["run_id"], kept["text"], kept["file"]) == (run_id, said.out, occurrence["output"])
    assert place("history", "schedule.yaml", "--output", run_id).out == said.out


def test_run_that_is_to_be_tried_again_has_not_ended(place):
    place.write(
        "schedule.yaml",
        "version: 1\ntimezone: UTC\nitems:\n"
        '  - {id: f, cron: "0 0 1 1 *", flow_yaml: failing.yaml, retry: {max_attempts: 2, backoff_seconds: 3600}}\n',
    )
    place("trigger", "schedule.yaml", "f")
    answer = place("tick", "schedule.yaml", AETHERFLOW_LOG_FORMAT="json")
    events = {event["event"]: event for event in map(json.loads, answer.err.splitlines())}
    assert "occurrence_end" not in events
    assert events["scheduler_log"]["message"] == "attempt_end"
    assert events["scheduler_log"]["fields"]["status"] == "FAILED"
    (occurrence,) = occurrences(place)
    assert (occurrence["status"], occurrence["reason"]) == ("WAITING", "retry")


def test_tick_with_a_run_that_failed_answers_1(place):
    place("trigger", "schedule.yaml", "failing")
    answer = place("tick", "schedule.yaml", "--json")
    assert (answer.code, answer.json) == (1, {"ok": False, "exit_code": 1})
    assert occurrences(place)[0]["status"] == "FAILED"


def test_tick_does_what_was_asked_for_by_backfill(place):
    place("backfill", "schedule.yaml", "nightly", "--from", "2026-01-01", "--to", "2026-01-02")
    assert place("tick", "schedule.yaml").code == 0
    assert [(each["origin"], each["status"]) for each in occurrences(place)] == [("BACKFILL", "SUCCESS")] * 2


@pytest.mark.parametrize(
    "run_id",
    [
        "nightly-20260101T000000Z",
        "nightly-99999999T999999Z",
        "../../../flow",
        "/etc/passwd",
        "failing-20260101T013000Z",
        "",
    ],
)
def test_output_of_a_run_that_is_not_in_the_ledger_is_refused(place, run_id):
    place("backfill", "schedule.yaml", "nightly", "--from", "2026-01-01", "--to", "2026-01-01")
    answer = place("history", "schedule.yaml", "nightly", "--output", run_id, "--json")
    assert (answer.code, answer.error) == (2, "AF-SCHEDULE-RUN-UNKNOWN")


@pytest.mark.parametrize("run_id", ["x", "elsewhere-20260101T013000Z", "../../etc-20260101T013000Z"])
def test_output_of_no_item_that_is_known_is_refused(place, run_id):
    answer = place("history", "schedule.yaml", "--output", run_id, "--json")
    assert (answer.code, answer.error) == (2, "AF-SCHEDULE-RUN-UNKNOWN")


def test_output_that_was_not_kept_is_told(place):
    place("backfill", "schedule.yaml", "nightly", "--from", "2026-01-01", "--to", "2026-01-01")
    answer = place("history", "schedule.yaml", "nightly", "--output", "nightly-20260101T013000Z", "--json")
    assert (answer.code, answer.error) == (2, "AF-SCHEDULE-OUTPUT-GONE")


def test_output_moves_no_cursor_on_a_terminal_and_holds_no_secret_of_the_environment(place):
    place("backfill", "schedule.yaml", "nightly", "--from", "2026-01-01", "--to", "2026-01-01")
    run_id = "nightly-20260101T013000Z"
    kept = place.write(f".aetherflow/schedule/outputs/nightly/{run_id}.log", "")
    kept.write_bytes(b"one\x1b[2J\ttwo \xff horse-battery\n")
    read = ("history", "schedule.yaml", "nightly", "--output", run_id)
    piped = place(*read, MY_TOKEN="horse-battery")
    assert piped.out == "one\x1b[2J\ttwo \ufffd ***\n"
    ours, theirs = pty.openpty()
    process = place.start(*read, stdout=theirs)
    process.communicate(timeout=60)
    shown = os.read(ours, 1000)
    os.close(theirs)
    os.close(ours)
    assert shown.decode() == "one?[2J\ttwo \ufffd horse-battery\r\n"


def test_output_that_became_a_link_or_a_pipe_is_not_followed(place):
    place("backfill", "schedule.yaml", "nightly", "--from", "2026-01-01", "--to", "2026-01-02")
    folder = place.state / "outputs" / "nightly"
    folder.mkdir(parents=True)
    (folder / "nightly-20260101T013000Z.log").symlink_to(place.folder / "flow.yaml")
    os.mkfifo(folder / "nightly-20260102T013000Z.log")
    for run_id in ("nightly-20260101T013000Z", "nightly-20260102T013000Z"):
        answer = place("history", "schedule.yaml", "nightly", "--output", run_id)
        assert "flow:" not in answer.out
        assert "Traceback" not in answer.err


def test_tick_that_may_not_last_longer_ends_and_leaves_the_rest_to_the_next_one(place):
    place.write(
        "flow.yaml",
        "version: 1\nflow: {id: f}\njobs: [{id: main, steps: [{id: s, type: wait}]}]\n",
    )
    place.write(
        "steps/waiting.py",
        "import time\n"
        "from aetherflow.kernel.api import Rerun, StepContext, register_step\n"
        '@register_step("wait", rerun=Rerun.SAFE)\n'
        "def wait(context: StepContext) -> None:\n"
        '    """Wait for long."""\n'
        "    context.cancelled.wait(600)\n",
    )
    place("trigger", "schedule.yaml", "nightly")
    began = time.monotonic()
    place("tick", "schedule.yaml", "--timeout", "2", "--drain", "0")
    assert time.monotonic() - began < 60
    (occurrence,) = occurrences(place)
    assert (occurrence["status"], occurrence["reason"]) == ("INTERRUPTED", "continued")


def test_tick_whose_time_is_over_at_once_ends_as_one_that_was_stopped(place):
    answer = place("tick", "schedule.yaml", "--timeout", "0", "--json")
    assert (answer.code, answer.json, answer.err) == (0, {"ok": True, "exit_code": 0}, "")


def test_daemon_is_seen_to_be_ready_runs_what_is_triggered_and_leaves_on_sigterm(place):
    with (place.folder / "log").open("w") as log:
        daemon = place.start("run", "schedule.yaml", "--drain", "20", stdout=subprocess.PIPE, stderr=log)
    try:
        until(lambda: place("status", "schedule.yaml").code == 0)
        told = place("status", "schedule.yaml", "--json").json
        assert told["ready"] is True
        (scheduler,) = told["schedulers"]
        assert (scheduler["pid"], scheduler["standing"]) == (daemon.pid, "alive")
        assert scheduler["silent_seconds"] < 60
        assert place("status", "schedule.yaml").out.splitlines()[-1] == "ready: 0 running, 0 waiting"
        asked = place("trigger", "schedule.yaml", "nightly")
        assert asked.err == ""
        until(lambda: [each["status"] for each in occurrences(place)] == ["SUCCESS"])
        place.write("schedule.yaml", "version: 1\nitems: [")
        assert place("status", "schedule.yaml").code == 0, "it goes on with what it has read"
    finally:
        daemon.send_signal(signal.SIGTERM)
        out, _ = daemon.communicate(timeout=60)
    assert (daemon.returncode, out) == (0, "")
    assert place("status", "schedule.yaml").code == 1


def test_daemon_does_what_is_due_by_the_clock(place):
    place.write(
        "schedule.yaml",
        "version: 1\ntimezone: UTC\nitems: [{id: often, interval: 1s, flow_yaml: flow.yaml, overlap: skip}]\n",
    )
    begin = datetime.now(UTC)
    with (place.folder / "log").open("w") as log:
        daemon = place.start("run", "schedule.yaml", stdout=log, stderr=log)
    try:
        until(lambda: place("history", "schedule.yaml", "--status", "SUCCESS", "--json").json["occurrences"])
    finally:
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(60) == 0
    found = occurrences(place, "--limit", "1000")
    moments = [datetime.fromisoformat(each["scheduled_for"]) for each in found]
    assert moments == sorted(set(moments), reverse=True)
    assert all(moment.microsecond == 0 and moment >= begin.replace(microsecond=0) for moment in moments)
    assert {each["origin"] for each in found} == {"SCHEDULE"}
