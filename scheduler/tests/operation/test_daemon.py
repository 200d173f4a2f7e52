"""The daemon as a process: what is due is run once, and written down however it ends."""

from __future__ import annotations

import signal
import socket
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from aetherflow.scheduler.occurrences.records import Reason, Status

pytestmark = pytest.mark.acceptance

#: Waits until the test lets it go on.
HOLD = 'echo "$4 begins" >> begun; until [ -e go ]; do sleep 0.05; done; echo "$4 ends" >> ended'


def rows_of(store, item="it", **given):
    """What is remembered of an item, the oldest first."""
    return tuple(reversed(store.history([item], limit=1000, **given)))


def test_flow_is_run_with_its_time_and_its_output_is_kept(schedule, start, store, output_of):
    schedule('{id: it, interval: 1s, flow_yaml: flow.yaml, params: {day: "{{run.scheduled_time}}"}}')
    daemon = start()
    end = daemon.wait_for("occurrence_end")
    assert (end["status"], end["exit_code"]) == ("SUCCESS", 0)
    daemon.send(signal.SIGTERM)
    assert daemon.end() == 0
    row = rows_of(store)[0]
    assert (row.status, row.exit_code, row.attempt) == (Status.SUCCESS, 0, 1)
    meant = row.scheduled_for.astimezone(ZoneInfo("Europe/Berlin")).isoformat()
    assert f"{row.run_id}: attempt 1 of 1, meant for {meant}, " in output_of(row.run_id)


def test_every_second_has_a_row_and_each_is_run_once(schedule, start, store, shell, tmp_path):
    schedule("{id: it, interval: 1s, flow_yaml: flow.yaml, overlap: allow, misfire: all}")
    daemon = start(program=shell('echo "$4" >> ran'))
    daemon.wait_for("occurrence_end", times=4)
    daemon.send(signal.SIGTERM)
    assert daemon.end() == 0
    rows = rows_of(store)
    seconds = [row.scheduled_for.timestamp() for row in rows]
    assert seconds == [seconds[0] + number for number in range(len(rows))]
    assert {row.status for row in rows} == {Status.SUCCESS}
    assert sorted((tmp_path / "ran").read_text().split()) == sorted(row.run_id for row in rows)


def test_runs_that_overlap_are_skipped(schedule, start, store, shell, tmp_path):
    schedule("{id: it, interval: 1s, flow_yaml: flow.yaml, misfire: all}")
    daemon = start(program=shell(HOLD))
    daemon.wait_for("occurrence_left_out", reason="overlap", times=2)
    (tmp_path / "go").touch()
    daemon.wait_for("occurrence_end", times=2)
    daemon.send(signal.SIGTERM)
    daemon.end()
    first, *skipped = [(row.status, row.reason) for row in rows_of(store)]
    skipped = skipped[: skipped.index((Status.SUCCESS, Reason.NONE))]
    assert first == (Status.SUCCESS, Reason.NONE)
    assert len(skipped) >= 2
    assert set(skipped) == {(Status.SKIPPED, Reason.OVERLAP)}


def test_run_that_takes_too_long_is_timed_out(schedule, start, store, shell):
    schedule("{id: it, interval: 1s, flow_yaml: flow.yaml, max_run_seconds: 0.2}")
    daemon = start(program=shell("exec sleep 60"))
    assert daemon.wait_for("occurrence_end")["status"] == "TIMED_OUT"
    daemon.kill()
    assert rows_of(store)[0].status is Status.TIMED_OUT


def test_run_that_somebody_cancels_ends(schedule, start, store, shell):
    schedule("{id: it, at: [2099-01-01T00:00], flow_yaml: flow.yaml}")
    daemon = start(program=shell("exec sleep 60"))
    daemon.wait_for("schedule_start")
    triggered = store.trigger("it", datetime.now(UTC))
    daemon.wait_for("occurrence_start")
    store.cancel("it", triggered.scheduled_for, datetime.now(UTC))
    assert daemon.wait_for("occurrence_end")["status"] == "CANCELLED"


def test_newer_run_takes_the_place_of_an_older_one(schedule, start, store, shell):
    schedule("{id: it, interval: 2s, flow_yaml: flow.yaml, overlap: cancel}")
    daemon = start(program=shell("exec sleep 60"))
    end = daemon.wait_for("occurrence_end")
    assert (end["status"], end["reason"]) == ("CANCELLED", "replaced")
    daemon.wait_for("occurrence_start", times=2)
    daemon.kill()
    first = rows_of(store)[0]
    assert (first.status, first.reason) == (Status.CANCELLED, Reason.REPLACED)


def test_failed_flow_goes_on_with_its_data_at_the_next_attempt(schedule, start, store, tmp_path, output_of):
    (tmp_path / "flow.yaml").write_text(
        "version: 1\nflow: {id: twice}\njobs:\n  - id: work\n    steps:\n"
        f"      - {{id: once, type: external.process, inputs: {{command: [sh, -c, 'echo did >> {tmp_path}/did']}}}}\n"
        f"      - {{id: then, type: external.process, inputs: {{command: [sh, -c, 'test -e {tmp_path}/there || {{ touch {tmp_path}/there; exit 1; }}']}}}}\n"
    )
    schedule(
        "{id: it, at: [2099-01-01T00:00], flow_yaml: flow.yaml, retry: {max_attempts: 3, backoff_seconds: 0.1}}",
    )
    daemon = start()
    daemon.wait_for("schedule_start")
    store.trigger("it", datetime.now(UTC))
    assert daemon.wait_for("attempt_end")["reason"] == "retry"
    assert daemon.wait_for("occurrence_end")["status"] == "SUCCESS"
    (row,) = rows_of(store)
    assert (row.status, row.attempt) == (Status.SUCCESS, 2)
    assert (tmp_path / "did").read_text() == "did\n"
    assert "attempt 2 of 3" in output_of(row.run_id)


def test_flow_that_breaks_later_fails_its_own_occurrence_and_says_why(schedule, start, store, tmp_path, output_of):
    (tmp_path / "other.yaml").write_text((tmp_path / "flow.yaml").read_text().replace("tell", "other"))
    schedule(
        "{id: it, at: [2099-01-01T00:00], flow_yaml: flow.yaml, retry: {max_attempts: 3}}",
        "{id: other, at: [2099-01-01T00:00], flow_yaml: other.yaml}",
    )
    daemon = start()
    daemon.wait_for("schedule_start")
    (tmp_path / "flow.yaml").write_text("jobs: nonsense\n")
    store.trigger("it", datetime.now(UTC))
    store.trigger("other", datetime.now(UTC))
    end = daemon.wait_for("occurrence_end", item="it")
    assert (end["status"], end["exit_code"]) == ("FAILED", 2)
    assert "again_at" not in end
    assert daemon.wait_for("occurrence_end", item="other")["status"] == "SUCCESS"
    assert "flow.yaml:1:" in output_of(rows_of(store)[0].run_id)


def test_limits_hold_over_two_daemons(schedule, start, store, shell, tmp_path, eventually):
    items = [f"{{id: it{number}, interval: 1s, flow_yaml: flow.yaml, overlap: queue}}" for number in range(3)]
    schedule(*items, extra="limits: {max_runs: 1}\n")
    # A second run at the same time finds the folder.
    alone = shell('mkdir alone || { echo "$4" >> together; exit 1; }; sleep 0.05; rmdir alone; echo "$4" >> ran')
    daemons = [start(program=alone), start(program=alone)]
    for daemon in daemons:
        daemon.wait_for("schedule_start")
    # Who has just ended a run is often the one who takes the next: the other may come to none for long.
    eventually(lambda: (tmp_path / "ran").exists() and len((tmp_path / "ran").read_text().split()) >= 6)
    for daemon in daemons:
        daemon.send(signal.SIGTERM)
    assert [daemon.end() for daemon in daemons] == [0, 0]
    assert not (tmp_path / "together").exists()
    ran = (tmp_path / "ran").read_text().split()
    assert len(ran) == len(set(ran))
    assert sorted(ran) == sorted(row.run_id for row in store.history(statuses=[Status.SUCCESS], limit=1000))


def test_systemd_hears_that_it_is_ready_lives_reloads_and_stops(schedule, start, shell, tmp_path):
    schedule("{id: it, at: [2099-01-01T00:00], flow_yaml: flow.yaml}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        name = str(tmp_path / "notify")
        systemd.bind(name)
        systemd.settimeout(30)
        daemon = start(NOTIFY_SOCKET=name, WATCHDOG_USEC="400000")
        heard = hear_until(systemd, "WATCHDOG=1", times=2)
        assert heard == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
        daemon.send(signal.SIGHUP)
        rest = hear_until(systemd, "READY=1")
        assert daemon.wait_for("schedule_reload")
        daemon.send(signal.SIGTERM)
        rest += hear_until(systemd, "STOPPING=1")
        assert daemon.end() == 0
    assert [word for word in rest if word != "WATCHDOG=1"] == ["RELOADING=1", "READY=1", "STOPPING=1"]


def hear_until(systemd, word, *, times=1):
    """What comes up to a word; only what is read makes room for what follows."""
    heard = []
    while heard.count(word) < times:
        heard.append(systemd.recv(4096).decode().partition("\n")[0])
    return heard


def test_good_file_is_in_force_after_sighup_and_a_bad_one_changes_nothing(schedule, start, shell):
    schedule("{id: old, interval: 1s, flow_yaml: flow.yaml}")
    daemon = start(program=shell("exit 0"))
    daemon.wait_for("occurrence_end", item="old")
    schedule("{id: new, interval: never, flow_yaml: flow.yaml}")
    daemon.send(signal.SIGHUP)
    daemon.wait_for("schedule_kept")
    assert daemon.said("schedule_problem", level="ERROR")[0]["where"].endswith("schedule.yaml:4:25")
    daemon.wait_for("occurrence_end", item="old", times=len(daemon.said("occurrence_end")) + 1)
    schedule("{id: new, interval: 1s, flow_yaml: flow.yaml}")
    daemon.send(signal.SIGHUP)
    daemon.wait_for("schedule_reload", items=1)
    before = len(daemon.said("occurrence_end", item="old"))
    daemon.wait_for("occurrence_end", item="new", times=2)
    assert len(daemon.said("occurrence_end", item="old")) <= before + 1


@pytest.mark.parametrize(
    "other",
    ["{id: other, interval: 1h, flow_yaml: flow.yaml}", "{id: it, interval: 1s, flow_yaml: flow.yaml, enabled: false}"],
)
@pytest.mark.parametrize("ending", [(1, Status.FAILED), (75, Status.INTERRUPTED)], ids=["failed", "owned"])
def test_run_whose_item_is_taken_out_meanwhile_is_not_tried_again(schedule, start, store, shell, other, ending):
    code, status = ending
    schedule("{id: it, interval: 1s, flow_yaml: flow.yaml, retry: {max_attempts: 2, backoff_seconds: 1}}")
    daemon = start(program=shell(f"{HOLD}; exit {code}"))
    daemon.wait_for("occurrence_start")
    go = schedule(other).with_name("go")
    daemon.send(signal.SIGHUP)
    daemon.wait_for("schedule_reload")
    go.touch()
    daemon.wait_for("occurrence_end")
    assert (rows_of(store)[0].status, rows_of(store)[0].reason) == (status, Reason.REMOVED)
    assert rows_of(store, statuses={Status.WAITING}) == ()


def test_run_that_can_not_be_started_says_why(schedule, start, tmp_path):
    schedule("{id: it, interval: 1s, flow_yaml: flow.yaml}")
    outputs = tmp_path / ".aetherflow/schedule/outputs"
    outputs.mkdir(mode=0o700, parents=True)
    (outputs / "it").touch()
    daemon = start()
    assert daemon.wait_for("occurrence_error", level="ERROR")["error"] == f"{outputs / 'it'}: File exists"
    assert daemon.wait_for("occurrence_end")["status"] == "FAILED"


def test_bad_file_at_the_start_ends_with_its_problems(schedule, start):
    schedule("{id: it, interval: never, flow_yaml: flow.yaml}")
    daemon = start()
    assert daemon.end() == 2
    assert "schedule.yaml:4" in daemon.errors
    assert "Traceback" not in daemon.errors


def test_state_that_moves_on_reload_is_refused(schedule, start):
    schedule("{id: it, interval: 1h, flow_yaml: flow.yaml}")
    daemon = start()
    daemon.wait_for("schedule_start")
    schedule("{id: it, interval: 1h, flow_yaml: flow.yaml}", extra="state: {path: elsewhere}\n")
    daemon.send(signal.SIGHUP)
    assert daemon.wait_for("schedule_problem", level="ERROR")["code"] == "AF-SCHEDULE-STATE-MOVED"


def test_no_descriptor_of_the_daemon_reaches_a_run(schedule, start, shell, tmp_path):
    schedule("{id: it, interval: 1s, flow_yaml: flow.yaml}")
    daemon = start(program=shell("ls /proc/self/fd > fds.$4; mv fds.$4 fds"))
    daemon.wait_for("occurrence_end")
    daemon.kill()
    # The fourth is the folder that `ls` reads.
    assert (tmp_path / "fds").read_text().split() == ["0", "1", "2", "3"]
