"""One tick: what is due now is run to its end, and that is all."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta

import pytest

from aetherflow.scheduler.occurrences.records import Status

pytestmark = pytest.mark.acceptance

EACH_SECOND = "{id: it, interval: 1s, flow_yaml: flow.yaml, misfire: all, overlap: queue}"


@pytest.fixture
def behind(store):
    """Makes an item known of which nobody has looked at the last seconds."""

    def make(seconds):
        since = datetime.now(UTC) - timedelta(seconds=seconds)
        store.register({"it": True}, since)
        return since

    return make


def test_first_tick_makes_the_items_known_and_runs_nothing(schedule, start, store, shell):
    schedule("{id: it, interval: 1h, flow_yaml: flow.yaml}")
    assert start("tick", program=shell("exit 0")).end() == 0
    assert store.history() == ()
    assert list(store.states()) == ["it"]


def test_what_was_due_is_run_one_after_the_other_and_later_times_are_left(schedule, start, store, shell, behind):
    schedule(EACH_SECOND)
    behind(3)
    tick = start("tick", program=shell("sleep 0.5"))
    assert tick.end() == 0
    rows = store.history(["it"])
    assert len(rows) >= 3
    assert {row.status for row in rows} == {Status.SUCCESS}
    assert max(row.scheduled_for for row in rows) <= min(row.started_at for row in rows)


def test_run_that_fails_is_told_by_the_exit_code(schedule, start, behind, shell):
    schedule(EACH_SECOND)
    behind(2)
    assert start("tick", program=shell("exit 2")).end() == 1


def test_flow_that_is_broken_keeps_no_other_one_from_running_and_is_told(schedule, start, store, behind, tmp_path):
    (tmp_path / "broken.yaml").write_text("flow: {id: broken}\njob: []\n")
    schedule(
        EACH_SECOND,
        "{id: hurt, interval: 1h, flow_yaml: broken.yaml}",
        "{id: lost, at: ['2040-01-01T00:00'], flow: no.yaml}",
    )
    behind(2)
    tick = start("tick")
    assert tick.end() == 2
    assert {row.status for row in store.history(["it"])} == {Status.SUCCESS}
    told = {each["where"].rpartition("/")[2] for each in tick.said("schedule_problem") if each["level"] == "ERROR"}
    assert told >= {"schedule.yaml:5:41", "schedule.yaml:6:48"}


def test_schedule_file_that_is_wrong_itself_runs_nothing(schedule, start, store, behind):
    schedule(EACH_SECOND, "{id: hurt, interval: 1h, flow_yaml: flow.yaml, color: red}")
    behind(2)
    assert start("tick").end() == 2
    assert store.history(["it"]) == ()


def test_attempt_that_is_due_later_is_left_to_the_next_tick(schedule, start, store, shell, behind):
    schedule(EACH_SECOND.replace("}", ", retry: {max_attempts: 2, backoff_seconds: 900}}"))
    behind(1)
    assert start("tick", program=shell("exit 1")).end() == 0
    assert store.history(["it"])[-1].status is Status.WAITING


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_lets_the_tick_end_what_runs_and_start_no_more(schedule, start, store, shell, tmp_path, behind, number):
    schedule(EACH_SECOND)
    behind(3)
    tick = start("tick", program=shell("until [ -e go ]; do sleep 0.05; done"))
    tick.wait_for("occurrence_start")
    tick.send(number)
    tick.wait_for("schedule_stop")
    (tmp_path / "go").touch()
    assert tick.end() == 0
    statuses = [row.status for row in store.history(["it"])]
    assert statuses.count(Status.SUCCESS) == 1
    assert Status.WAITING in statuses


def test_tick_beside_a_daemon_runs_nothing_twice_and_ends(schedule, start, store, shell, tmp_path):
    schedule("{id: it, interval: 1s, flow_yaml: flow.yaml, overlap: allow}")
    program = shell('echo "$4" >> ran')
    daemon = start(program=program)
    daemon.wait_for("occurrence_end", times=2)
    for _ in range(3):
        assert start("tick", program=program).end() == 0
    daemon.wait_for("occurrence_end", times=4)
    daemon.send(signal.SIGTERM)
    daemon.end()
    ran = (tmp_path / "ran").read_text().split()
    assert sorted(ran) == sorted(row.run_id for row in store.history(statuses=[Status.SUCCESS], limit=1000))
    assert len(ran) == len(set(ran))
