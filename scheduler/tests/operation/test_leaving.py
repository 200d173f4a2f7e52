"""How a scheduler leaves, and what the next one makes of what it finds."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aetherflow.scheduler.occurrences.records import Reason, Status

pytestmark = pytest.mark.acceptance

ONCE = "{id: it, at: [2099-01-01T00:00], flow_yaml: flow.yaml}"
HOLD = 'echo "$4" >> begun; until [ -e go ]; do sleep 0.05; done; echo "$4" >> ended'


@pytest.fixture
def working(schedule, start, store):
    """A daemon with one run at work."""

    def begin(program, **options):
        schedule(ONCE)
        daemon = start(program=program, **options)
        daemon.wait_for("schedule_start")
        store.trigger("it", datetime.now(UTC))
        daemon.wait_for("occurrence_start")
        return daemon

    return begin


@pytest.fixture
def long_flow(schedule, tmp_path):
    """A flow that does its first step at once, and ends its second one when it may."""
    (tmp_path / "flow.yaml").write_text(
        "version: 1\nflow: {id: long}\njobs:\n  - id: work\n    steps:\n"
        f"      - {{id: once, type: external.process, inputs: {{command: [sh, -c, 'echo did >> {tmp_path}/did']}}}}\n"
        f"      - {{id: then, type: external.process, rerun: SAFE, inputs: {{command: [sh, -c, 'touch {tmp_path}/begun; test -e {tmp_path}/go || exec sleep 60']}}}}\n"
    )


def row_of(store):
    (row,) = store.history(["it"])
    return row


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_runs_is_waited_for_and_nothing_new_is_started(working, store, shell, tmp_path, number):
    daemon = working(shell(HOLD))
    daemon.send(number)
    assert daemon.wait_for("schedule_stop")["runs"] == 1
    store.trigger("it", datetime.now(UTC))
    (tmp_path / "go").touch()
    assert daemon.end() == 0
    newer, older = store.history(["it"])
    assert (older.status, newer.status) == (Status.SUCCESS, Status.WAITING)


def test_run_that_takes_longer_than_the_drain_is_gone_on_with_by_the_next_one(
    long_flow, working, start, store, tmp_path, eventually
):
    daemon = working((), drain=0.1)
    eventually((tmp_path / "begun").exists)
    daemon.send(signal.SIGTERM)
    assert daemon.end() == 0
    assert (row_of(store).status, row_of(store).reason) == (Status.INTERRUPTED, Reason.CONTINUED)
    (tmp_path / "go").touch()
    second = start()
    assert second.wait_for("occurrence_end")["status"] == "SUCCESS"
    assert second.said("occurrence_recovered")
    # It was stopped in good order: that is nothing to give it up for.
    assert (row_of(store).status, row_of(store).attempt, row_of(store).continued) == (Status.SUCCESS, 1, 0)
    assert (tmp_path / "did").read_text() == "did\n"


def test_second_signal_does_not_wait(working, store, shell):
    daemon = working(shell("trap '' TERM; while :; do sleep 1; done"), drain=600)
    daemon.send(signal.SIGTERM)
    daemon.wait_for("schedule_stop")
    daemon.send(signal.SIGTERM)
    assert daemon.end() == 143
    assert row_of(store).status is Status.RUNNING


def test_run_of_a_killed_scheduler_is_found_ended_and_gone_on_with(working, start, store, shell, tmp_path, eventually):
    daemon = working(shell('echo "$$" >> pids; exec sleep 60'))
    eventually(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text().strip())
    daemon.kill()
    second = start(program=shell("exit 0"))
    assert second.wait_for("occurrence_recovered")["status"] == "WAITING"
    assert second.wait_for("occurrence_end")["status"] == "SUCCESS"
    row = row_of(store)
    assert (row.status, row.continued, row.attempt) == (Status.SUCCESS, 1, 1)
    second.send(signal.SIGTERM)
    second.end()
    assert not Path("/proc", (tmp_path / "pids").read_text().strip()).exists()


def test_overlap_is_counted_across_a_restart(schedule, start, store, shell, tmp_path, eventually):
    schedule("{id: it, interval: 1s, flow_yaml: flow.yaml}")
    daemon = start(program=shell(HOLD))
    eventually((tmp_path / "begun").exists)
    daemon.kill()
    second = start(program=shell(HOLD))
    second.wait_for("occurrence_start")
    second.wait_for("occurrence_left_out", reason="overlap")
    (tmp_path / "go").touch()
    second.wait_for("occurrence_end")
    second.kill()
    first, *others = reversed(store.history(["it"]))
    assert first.status is Status.SUCCESS
    assert (tmp_path / "begun").read_text().split()[:2] == [first.run_id, first.run_id]
    # A slow machine may look so late that it was missed.
    assert others[0].status in {Status.SKIPPED, Status.MISSED}


def test_ledger_that_is_locked_for_a_while_costs_no_result(working, store, shell, tmp_path):
    import apsw

    daemon = working(shell(HOLD))
    other = apsw.Connection(str(tmp_path / ".aetherflow/schedule/occurrences.sqlite"))
    other.execute("BEGIN IMMEDIATE")
    (tmp_path / "go").touch()
    daemon.wait_for("ledger_failed")
    assert not daemon.said("occurrence_end")
    other.execute("ROLLBACK")
    other.close()
    daemon.wait_for("ledger_works")
    daemon.wait_for("occurrence_end")
    assert row_of(store).status is Status.SUCCESS
    assert len(daemon.said("ledger_failed")) == 1


def test_ledger_that_can_t_be_used_for_too_long_ends_the_daemon(working, start, store, shell, tmp_path):
    import apsw

    daemon = working(shell("exec sleep 60"), LEDGER_SECONDS="1")
    other = apsw.Connection(str(tmp_path / ".aetherflow/schedule/occurrences.sqlite"))
    other.execute("BEGIN IMMEDIATE")
    assert daemon.end() == 1
    other.execute("ROLLBACK")
    other.close()
    assert row_of(store).status is Status.RUNNING
    second = start(program=shell("exit 0"))
    assert second.wait_for("occurrence_end")["status"] == "SUCCESS"


def test_signal_to_all_processes_of_a_service_interrupts_no_run_for_good(
    working, start, store, shell, tmp_path, eventually
):
    daemon = working(shell("echo $$ > pid; trap 'exit 143' TERM; while :; do sleep 0.05; done"))
    eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    daemon.send(signal.SIGTERM)
    daemon.wait_for("schedule_stop")
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
    assert daemon.end() == 0
    assert (row_of(store).status, row_of(store).reason) == (Status.INTERRUPTED, Reason.CONTINUED)


def test_real_run_of_a_killed_scheduler_is_gone_on_with_though_it_may_still_own_itself(
    long_flow, working, start, store, tmp_path, eventually
):
    daemon = working(())
    eventually((tmp_path / "begun").exists)
    daemon.kill()
    (tmp_path / "go").touch()
    second = start()
    second.wait_for("occurrence_end", status="SUCCESS")
    row = row_of(store)
    assert (row.status, row.attempt, row.continued) == (Status.SUCCESS, 1, 1)
    assert (tmp_path / "did").read_text() == "did\n"
