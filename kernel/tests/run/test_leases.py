"""The keeper of a run's leases: it waits, renews, notices a loss, and gives back on every path."""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from time import monotonic

import apsw
import pytest

from aetherflow.kernel.api import InvalidInput, LockLost, NothingDone, OwnedByAnother
from aetherflow.kernel.run.leases import LeaseKeeper, flow_lock, job_lock, step_lock
from aetherflow.kernel.state.leases import Holder, open_leases
from aetherflow.kernel.state.ledger import open_ledger

HOLDER = Holder(flow_id="flow", run_id="run", job_id="job", step_id="step")
KEY = step_lock("k")
PATIENCE = 60


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "ledger.sqlite"
    open_ledger(path).close()
    return path


@pytest.fixture
def keeper(ledger):
    made = LeaseKeeper(ledger)
    yield made
    made.close()


def hold(keeper, key=KEY, *, ttl=5.0, wait=0.0, cancelled=None, on_lost=lambda: None):
    terms = {"ttl_seconds": ttl, "wait_seconds": wait, "cancelled": cancelled or threading.Event()}
    return keeper.hold(key, HOLDER, **terms, on_lost=on_lost)


def locks(ledger):
    with closing(open_leases(ledger)) as store:
        return store.held()


def take_away(ledger):
    with closing(open_leases(ledger)) as store:
        assert store.take_away(store.held()[0])


def keeping_threads():
    return [thread for thread in threading.enumerate() if thread.name == "aetherflow-leases"]


def eventually(condition):
    """Whether it becomes true before our patience ends."""
    waiting, deadline = threading.Event(), monotonic() + PATIENCE
    while not condition() and monotonic() < deadline:
        waiting.wait(0.02)
    return condition()


def test_a_lock_is_held_while_the_block_lasts_and_given_back_after_it(keeper, ledger):
    with hold(keeper) as lease:
        assert [lock.key for lock in locks(ledger)] == ["step:k"]
        lease.check()

    assert (lease.key, lease.token) == ("k", 1)
    assert locks(ledger) == ()


def test_a_lock_is_given_back_where_the_block_raises(keeper, ledger):
    with pytest.raises(ZeroDivisionError), hold(keeper):
        _ = 1 / 0

    assert locks(ledger) == ()


def test_who_does_not_wait_is_told_at_once_who_holds_the_lock_and_what_to_do(keeper, ledger):
    with hold(keeper), pytest.raises(OwnedByAnother) as caught, hold(LeaseKeeper(ledger)):
        pass

    problem = caught.value.problem
    assert problem.code == "AF-LOCK-HELD"
    assert "'step:k' is held by step 'step' of job 'job' of run 'run' of flow 'flow' (pid " in problem.message
    assert "UTC" in problem.message
    assert "wait_seconds" in problem.help
    assert locks(ledger) == ()


def test_who_waits_gets_the_lock_once_it_is_given_back(keeper, ledger):
    other, is_held, has_come = LeaseKeeper(ledger), threading.Event(), threading.Event()
    tokens = []

    def wait_for_it():
        is_held.wait(PATIENCE)
        with hold(other, wait=PATIENCE) as lease:
            tokens.append(lease.token)
            has_come.set()

    waiting = threading.Thread(target=wait_for_it)
    waiting.start()
    with hold(keeper) as lease:
        is_held.set()
        assert not has_come.wait(0.3)
    assert has_come.wait(PATIENCE)
    waiting.join()
    assert tokens == [lease.token + 1]


def test_waiting_ends_when_the_step_must_stop(keeper, ledger):
    cancelled = threading.Event()
    timer = threading.Timer(0.1, cancelled.set)
    began = monotonic()
    with hold(keeper):
        timer.start()
        with (
            pytest.raises(NothingDone, match="stopped while it waited"),
            hold(LeaseKeeper(ledger), wait=10 * PATIENCE, cancelled=cancelled),
        ):
            pass
    assert monotonic() - began < PATIENCE


def test_a_lease_is_renewed_by_a_thread_that_ends_with_the_last_one(keeper, ledger):
    with hold(keeper):
        first = locks(ledger)[0].expires

        assert eventually(lambda: locks(ledger)[0].expires > first)
        assert len(keeping_threads()) == 1
    assert eventually(lambda: not keeping_threads())


def test_a_lock_that_somebody_took_away_is_noticed_told_once_and_ends_the_block(keeper, ledger):
    told = []
    lost = threading.Event()

    def on_lost():
        told.append(1)
        lost.set()

    with pytest.raises(LockLost) as caught, hold(keeper, on_lost=on_lost) as lease:
        take_away(ledger)
        assert lost.wait(PATIENCE)
        with pytest.raises(LockLost):
            lease.check()
        raise ValueError("what the work says of it")

    assert caught.value.problem.code == "AF-LOCK-LOST"
    assert isinstance(caught.value.__cause__, ValueError)
    assert told == [1]


def test_a_loss_that_nobody_noticed_is_found_when_the_lock_is_given_back(keeper, ledger):
    with pytest.raises(LockLost), hold(keeper, ttl=600):
        take_away(ledger)


def test_a_holder_that_stood_still_notices_by_itself_and_is_not_taken_at_its_word(keeper, ledger):
    told = []
    with pytest.raises(LockLost), hold(keeper, ttl=600, on_lost=lambda: told.append(1)) as lease:
        lease.lost_at = 0.0  # as after a standstill: the clock is past it, and no renewal came
        with suppress(LockLost):
            lease.check()
            told.append("went on")

    assert told == [1]
    assert locks(ledger) == ()


def test_the_end_of_the_work_is_no_loss(keeper, ledger):
    told = []
    with hold(keeper, on_lost=lambda: told.append(1)) as lease:
        pass
    lease.lose()

    assert told == []
    assert not lease.is_lost


def test_a_lock_that_can_t_be_given_back_does_not_undo_the_work(keeper, ledger):
    with hold(keeper), closing(apsw.Connection(str(ledger))) as connection:
        connection.execute("DROP TABLE locks")


def test_a_run_that_ends_renews_nothing_and_releases_nothing_that_is_still_worked_under(keeper, ledger):
    is_held, may_end = threading.Event(), threading.Event()
    outcome = []

    def work():
        try:
            with hold(keeper):
                is_held.set()
                may_end.wait(PATIENCE)
        except LockLost:
            outcome.append("lost")

    left_behind = threading.Thread(target=work)
    left_behind.start()
    assert is_held.wait(PATIENCE)
    keeper.close()

    assert [lock.key for lock in locks(ledger)] == ["step:k"]
    assert eventually(lambda: not keeping_threads())

    may_end.set()
    left_behind.join()
    assert outcome == ["lost"]


def test_the_locks_of_flows_jobs_and_steps_are_never_each_other_s(keeper, ledger):
    keys = [flow_lock("a"), job_lock("a", "b"), step_lock("a"), step_lock("a/b"), step_lock("flow:a")]

    assert len({str(key) for key in keys}) == len(keys)
    with hold(keeper, flow_lock("a")), hold(keeper, step_lock("a")), hold(keeper, job_lock("a", "b")):
        assert [lock.key for lock in locks(ledger)] == ["flow:a", "job:a/b", "step:a"]


@pytest.mark.parametrize("name", ["", "x" * 257, "a\nb", "\x00", "\x7f", "\x85", "\ud800"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(InvalidInput) as caught:
        step_lock(name)

    assert caught.value.problem.code == "AF-LOCK-KEY"


@pytest.mark.parametrize("name", ["x" * 256, "der Schlüssel 🔑", "../../etc", "a'; DROP TABLE locks; --", " "])
def test_any_text_is_a_name(keeper, ledger, name):
    with hold(keeper, step_lock(name)) as lease:
        assert lease.key == name


def test_whoever_breaks_when_it_is_told_of_its_loss_keeps_no_other_lease_from_being_renewed(keeper, ledger):
    told = threading.Event()

    def on_lost():
        told.set()
        raise ValueError("it broke")

    with hold(keeper, step_lock("other")), suppress(LockLost), hold(keeper, on_lost=on_lost):
        take_away(ledger)
        assert told.wait(PATIENCE)
        (other,) = locks(ledger)
        assert eventually(lambda: locks(ledger)[0].expires > other.expires)


def test_a_lease_that_can_never_be_renewed_is_told_to_be_lost_in_time(keeper, ledger):
    told = []
    with pytest.raises(LockLost), hold(keeper, on_lost=lambda: told.append(1)) as lease:
        # Whoever renews opens the ledger only now, and finds none.
        ledger.rename(ledger.with_name("elsewhere"))
        ledger.mkdir()
        assert eventually(lambda: told == [1])
        assert lease.is_lost
        assert eventually(lambda: not keeping_threads())


def test_where_there_is_no_thread_to_renew_it_a_lock_is_given_back_at_once(keeper, ledger, monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(NothingDone, match="no more threads"), hold(keeper):
            pass
    assert locks(ledger) == ()
    with hold(keeper):
        assert len(keeping_threads()) == 1
