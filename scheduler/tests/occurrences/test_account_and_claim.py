"""What is due is accounted for and claimed in one commit: all of it or nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing
from itertools import count

import pytest
from scheduler.tests.occurrences.moments import NOON, Status, at, due, ended, room, shown

from aetherflow.scheduler.occurrences.failures import StoreFailed
from aetherflow.scheduler.occurrences.opening import open_store

pytestmark = pytest.mark.unit

#: Begins to take what is due, and is killed before a certain statement of SQL, counted from 1.
KILLED = """
import os, signal, sys
from itertools import count
from pathlib import Path
from scheduler.tests.occurrences.moments import at, due, room
from aetherflow.scheduler.occurrences.opening import open_store

state, last = sys.argv[1:]
store, numbers = open_store(Path(state)), count(1)

def kill_at_last(cursor, statement, values):
    if next(numbers) == int(last):
        os.kill(os.getpid(), signal.SIGKILL)
    return True

store._connection.exec_trace = kill_at_last
store.account_and_claim([due(60), due(60, item="other")], room(8, "nightly", "other"), at(60))
os._exit(0)
"""


@pytest.fixture
def commits(store):
    """The commits of the store's connection, one number for each."""
    numbers = []

    def note():
        numbers.append(len(numbers) + 1)
        return False

    store._connection.set_commit_hook(note)
    return numbers


def test_what_is_due_is_written_and_taken_in_one_commit(store, commits):
    dues = [due(60, item="b"), due(60, item="a"), due(59.5, item="c")]
    accounted, claimed = store.account_and_claim(dues, room(8, "a", "b", "c"), at(60))
    assert commits == [1]
    assert [(row.item, row.status) for row in accounted] == [
        ("b", Status.WAITING),
        ("a", Status.WAITING),
        ("c", Status.WAITING),
    ]
    assert [(run.item, run.status, run.attempt, run.started_at) for run in claimed] == [
        ("c", Status.RUNNING, 1, at(60)),
        ("a", Status.RUNNING, 1, at(60)),
        ("b", Status.RUNNING, 1, at(60)),
    ]
    assert {row.status for row in store.history()} == {Status.RUNNING}


def test_nothing_that_is_due_writes_nothing(store, commits):
    assert store.account_and_claim((), room(), at(60)) == ((), ())
    assert commits == []


def test_what_waits_is_taken_though_nothing_new_is_due(store, commits):
    store.account([due(60)], at(60))
    accounted, claimed = store.account_and_claim((), room(), at(61))
    assert accounted == ()
    assert [shown(run) for run in claimed] == [(60, "RUNNING", "")]
    assert commits == [1, 2]


def test_what_has_no_room_waits_and_what_policies_skip_is_written(store):
    accounted, claimed = store.account_and_claim([due(0, 1)], room(0), at(1))
    assert [shown(row) for row in accounted] == [(0, "WAITING", ""), (1, "SKIPPED", "overlap")]
    assert claimed == ()
    assert store.account_and_claim([due(2)], room(), at(2))[0] == store.history(limit=1)
    assert [shown(row) for row in store.history()] == [
        (2, "SKIPPED", "overlap"),
        (1, "SKIPPED", "overlap"),
        (0, "RUNNING", ""),
    ]


def test_jitter_is_waited_for(store):
    (waiting,), claimed = store.account_and_claim([due(60, jitter_seconds=30)], room(), at(60))
    assert claimed == ()
    assert len(store.account_and_claim((), room(), waiting.due_at)[1]) == 1


def test_newer_one_asks_for_the_end_of_the_older_one_and_is_taken_after_it(store):
    ((_,), (older,)) = store.account_and_claim([due(0, overlap="cancel")], room(), at(0))
    accounted, claimed = store.account_and_claim([due(60, overlap="cancel")], room(), at(60))
    assert ([shown(row) for row in accounted], claimed) == ([(60, "WAITING", "")], ())
    assert [shown(row) for row in store.cancel_asked()] == [(0, "RUNNING", "replaced")]
    store.finish([ended(older, 61, Status.CANCELLED)], at(61))
    assert [shown(run) for run in store.account_and_claim((), room(), at(61))[1]] == [(60, "RUNNING", "")]


def test_of_two_schedulers_that_find_the_same_due_one_takes_it(opened):
    one, other = opened(), opened()
    _, (run,) = one.account_and_claim([due(60)], room(), at(60))
    assert other.account_and_claim([due(60)], room(), at(60)) == ((), ())
    assert one.history() == (run,)


def test_commit_that_fails_leaves_nothing_written_and_nothing_taken(store, opened):
    store.register({"nightly": True}, NOON)
    store._connection.set_commit_hook(lambda: True)
    with pytest.raises(StoreFailed):
        store.account_and_claim([due(60)], room(), at(60))
    other = opened()
    assert other.history() == other.owners() == ()
    assert other.states()["nightly"].looked_until == NOON
    store._connection.set_commit_hook(None)
    _, (run,) = store.account_and_claim([due(60)], room(), at(61))
    assert shown(run) == (60, "RUNNING", "")


@pytest.mark.slow
def test_whoever_is_killed_has_written_all_of_it_or_nothing(state):
    with closing(open_store(state)) as store:
        store.register({"nightly": True, "other": True}, NOON)
    for last in count(1):
        killed = subprocess.run([sys.executable, "-c", KILLED, str(state), str(last)], check=False).returncode
        with closing(open_store(state, is_to_read=True)) as store:
            rows = [(row.item, *shown(row)) for row in store.history()]
            looked_until = {each.looked_until for each in store.states().values()}
        if killed == 0:
            break
        assert (killed, rows, looked_until) == (-signal.SIGKILL, [], {NOON})
    assert rows == [("nightly", 60, "RUNNING", ""), ("other", 60, "RUNNING", "")]
    assert looked_until == {at(60)}
    # Before each statement from the first one to COMMIT.
    assert last > 8
