"""What dead and stopped schedulers leave, real ones, is gone on with or marked; what the living do is left alone."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from scheduler.tests.occurrences.moments import Reason, Status, at, due, ended, room, shown

from aetherflow.scheduler.occurrences import looking
from aetherflow.scheduler.occurrences.owners import Owner, is_alive, remove_dead

pytestmark = pytest.mark.integration

GRACE = {"nightly": 300.0}
#: Claims all that waits at a minute after noon, says so, and lives until it is killed.
CLAIM = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from aetherflow.scheduler.occurrences.opening import open_store
from aetherflow.scheduler.occurrences.records import Room

store = open_store(Path(sys.argv[1]))
room = Room(max_runs=8, pool_of={"nightly": None}, max_runs_of={"nightly": None})
print(len(store.claim(room, datetime(2026, 3, 2, 12, 1, tzinfo=UTC))), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def scheduler(state, store):
    """Starts a scheduler that claims what waits."""
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", CLAIM, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout.readline() == "1\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def kill(process):
    process.kill()
    process.wait()


def test_scheduler_that_leaves_while_somebody_looks_is_not_told_as_dead(store, opened, state):
    leaving = opened()
    leaving.heartbeat(at(0))

    def look(name):
        leaving.close()
        return is_alive(state / "owners", name)

    assert looking.owners(store._connection, look) == ()


def test_run_of_a_killed_scheduler_is_gone_on_with(store, state, scheduler):
    store.account([due(0)], at(0))
    victim = scheduler()
    assert [(owner.pid, owner.is_alive, owner.running) for owner in store.owners()] == [(victim.pid, True, 1)]
    assert store.recover(GRACE, at(61)) == ()
    kill(victim)
    assert [(owner.pid, owner.is_alive) for owner in store.owners()] == [(victim.pid, False)]
    (left,) = store.recover(GRACE, at(62))
    assert (shown(left), left.due_at, left.continued, left.attempt) == ((0, "WAITING", "continued"), at(62), 1, 0)
    assert store.recover(GRACE, at(63)) == ()
    (run,) = store.claim(room(), at(63))
    assert (shown(run), run.attempt, run.run_id) == ((0, "RUNNING", "continued"), 1, "nightly-20260302T120000Z")
    assert [file.name.endswith(".lock") for file in (state / "owners").iterdir()] == [True]


def test_scheduler_that_is_stopped_still_lives(store, scheduler):
    store.account([due(0)], at(0))
    stopped = scheduler()
    os.kill(stopped.pid, signal.SIGSTOP)
    try:
        assert store.recover(GRACE, at(9_999)) == ()
    finally:
        os.kill(stopped.pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("grace", "seconds", "expected"),
    [
        ({"nightly": 300.0}, 360, ("WAITING", "continued")),
        ({"nightly": 300.0}, 361, ("INTERRUPTED", "abandoned")),
        # A minute at least.
        ({"nightly": 0.0}, 120, ("WAITING", "continued")),
        ({"nightly": 0.0}, 121, ("INTERRUPTED", "abandoned")),
        ({}, 61, ("INTERRUPTED", "removed")),
    ],
)
def test_run_is_gone_on_with_only_soon_after_its_scheduler_was_heard_of(store, scheduler, grace, seconds, expected):
    store.account([due(0)], at(0))
    kill(scheduler())
    assert [shown(each)[1:] for each in store.recover(grace, at(seconds))] == [expected]
    assert store.owners() == ()


def test_run_that_is_left_again_and_again_is_given_up(opened):
    looker = opened()
    looker.account([due(0)], at(0))
    for continued in range(6):
        runner = opened()
        assert len(runner.claim(room(), at(2))) == 1
        runner.close()
        (left,) = looker.recover(GRACE, at(2))
        expected = (0, "WAITING", "continued") if continued < 5 else (0, "INTERRUPTED", "abandoned")
        assert shown(left) == expected


def test_run_that_was_stopped_in_good_order_is_gone_on_with_however_often(opened):
    looker = opened()
    looker.account([due(0)], at(0))
    for _ in range(7):
        runner = opened()
        (run,) = runner.claim(room(), at(2))
        runner.finish([ended(run, 2, Status.INTERRUPTED, reason=Reason.CONTINUED, exit_code=143)], at(2))
        runner.close()
        assert [shown(each) for each in looker.recover(GRACE, at(2))] == [(0, "WAITING", "continued")]


def test_run_of_an_item_that_is_not_enabled_any_more_is_not_gone_on_with(store, scheduler):
    store.register({"nightly": True}, at(0))
    store.account([due(0)], at(0))
    kill(scheduler())
    store.register({"nightly": False}, at(61))
    assert [shown(each) for each in store.recover(GRACE, at(62))] == [(0, "INTERRUPTED", "removed")]


def test_owner_that_was_never_heard_of_is_recovered_from(store, scheduler):
    store.account([due(0)], at(0))
    kill(scheduler())
    store._connection.execute("DELETE FROM owners")
    assert [shown(each) for each in store.recover(GRACE, at(62))] == [(0, "WAITING", "continued")]


def test_run_that_was_to_end_when_its_scheduler_died_is_cancelled(store, scheduler):
    store.account([due(0)], at(0))
    victim = scheduler()
    store.cancel("nightly", at(0), at(61))
    kill(victim)
    assert [shown(each) for each in store.recover(GRACE, at(62))] == [(0, "CANCELLED", "")]


def test_run_that_was_stopped_with_its_scheduler_is_gone_on_with_by_the_next_one(opened):
    leaving = opened()
    leaving.account([due(0)], at(0))
    (run,) = leaving.claim(room(), at(0))
    leaving.finish([ended(run, 10, Status.INTERRUPTED, reason=Reason.CONTINUED, exit_code=143)], at(10))
    leaving.close()
    store = opened()
    assert store.owners() == ()
    assert [(shown(each), each.attempt) for each in store.history()] == [((0, "INTERRUPTED", "continued"), 1)]
    assert [shown(each) for each in store.recover(GRACE, at(310))] == [(0, "WAITING", "continued")]
    assert [each.attempt for each in store.claim(room(), at(310))] == [1]


def test_run_that_was_stopped_too_long_ago_stays_as_it_is(opened):
    leaving = opened()
    leaving.account([due(0)], at(0))
    (run,) = leaving.claim(room(), at(0))
    leaving.finish([ended(run, 10, Status.INTERRUPTED, reason=Reason.CONTINUED)], at(10))
    assert [shown(each) for each in opened().recover(GRACE, at(311))] == [(0, "INTERRUPTED", "abandoned")]
    assert [each.ended_at for each in leaving.history()] == [at(10)]


def test_run_that_somebody_interrupted_stays_as_it_is(store):
    store.account([due(0)], at(0))
    (run,) = store.claim(room(), at(0))
    store.finish([ended(run, 10, Status.INTERRUPTED, exit_code=130)], at(10))
    assert store.recover(GRACE, at(11)) == ()


def test_queue_goes_on_with_what_was_left_first(opened):
    leaving = opened()
    leaving.account([due(0, 1, overlap="queue")], at(1))
    assert len(leaving.claim(room(), at(1))) == 1
    leaving.close()
    store = opened()
    assert store.claim(room(), at(2)) == ()
    store.recover(GRACE, at(3))
    assert [shown(each)[0] for each in store.claim(room(), at(3))] == [0]


def test_heartbeat_is_told(store):
    store.heartbeat(at(0))
    store.heartbeat(at(10))
    (owner,) = store.owners()
    assert (owner.started_at, owner.heard_at, owner.pid, owner.is_alive) == (at(0), at(10), os.getpid(), True)


def test_owner_that_lets_go_leaves_no_file(opened, state):
    one = opened()
    one.heartbeat(at(0))
    one.close()
    assert list((state / "owners").iterdir()) == []
    assert opened().owners() == ()


def test_owner_lives_from_its_first_sign_until_it_lets_go(tmp_path):
    owner = Owner(tmp_path / "owners")
    assert not is_alive(tmp_path / "owners", owner.name)
    owner.live()
    assert is_alive(tmp_path / "owners", owner.name)
    owner.let_go()
    assert not is_alive(tmp_path / "owners", owner.name)


def test_lock_files_of_the_dead_are_removed_and_those_of_the_living_stay(tmp_path):
    folder = tmp_path / "owners"
    owner = Owner(folder)
    owner.live()
    (folder / "dead.lock").touch()
    remove_dead(folder)
    assert [file.name for file in folder.iterdir()] == [f"{owner.name}.lock"]
    owner.let_go()


@contextmanager
def watched_removals(folder, look):
    """Has each file of a folder looked at in the moment before it is removed."""
    is_watching = True

    def notice(event, arguments):
        if is_watching and event == "os.remove" and Path(arguments[0]).parent == folder:
            look(Path(arguments[0]))

    sys.addaudithook(notice)
    try:
        yield
    finally:
        # There is no way to take a hook out.
        is_watching = False


def test_lock_file_of_the_dead_can_not_be_taken_while_it_is_removed(tmp_path):
    folder = tmp_path / "owners"
    folder.mkdir()
    (folder / "dead.lock").touch()
    refused = []

    def take(file):
        with file.open() as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                refused.append(file.name)

    with watched_removals(folder, take):
        remove_dead(folder)
    assert refused == ["dead.lock"]
    assert list(folder.iterdir()) == []


def test_scheduler_whose_lock_file_is_removed_is_alive_again_when_it_says_so(opened, state):
    store, other = opened(), opened()
    store.heartbeat(at(0))
    shutil.rmtree(state / "owners")
    assert [owner.is_alive for owner in other.owners()] == [False]
    store.heartbeat(at(5))
    assert [owner.is_alive for owner in other.owners()] == [True]
