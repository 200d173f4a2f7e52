"""Locks in the ledger's file: who gets one, what it is worth, and who may touch it."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import replace

import apsw
import pytest
from kernel.tests.state.test_ledger import FailingDevice

from aetherflow.kernel.api import InvalidInput, RunFailed
from aetherflow.kernel.errors import LedgerFailed
from aetherflow.kernel.state.identity import own_identity
from aetherflow.kernel.state.leases import SHORTEST_TTL, Grant, Holder, Lock, open_leases
from aetherflow.kernel.state.ledger import open_ledger

NOBODY = 2**22 + 1
HOLDER = Holder(flow_id="flow", run_id="run", job_id="job", step_id="step")


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "ledger.sqlite"
    open_ledger(path).close()
    return path


@pytest.fixture
def store(ledger):
    with closing(open_leases(ledger)) as opened:
        yield opened


def take(store, key="k", owner=None, ttl=SHORTEST_TTL):
    return store.acquire(key, owner or own_identity(), HOLDER, ttl=ttl)


def alter(ledger, **columns):
    with closing(apsw.Connection(str(ledger))) as connection:
        for name, value in columns.items():
            connection.execute(f"UPDATE locks SET {name} = ?", (value,))  # noqa: S608 - names of this file


def rows(ledger):
    with closing(apsw.Connection(str(ledger))) as connection:
        return connection.execute("SELECT * FROM locks").fetchall()


def test_a_held_lock_is_answered_with_its_holder_and_nothing_is_written(store, ledger):
    granted = take(store)
    before = rows(ledger)

    answer = take(store)

    assert isinstance(granted, Grant)
    assert isinstance(answer, Lock)
    assert (answer.holder, answer.token, answer.standing) == (HOLDER, granted.token, "held")
    assert rows(ledger) == before


def test_every_grant_has_a_higher_token_than_all_before_it_whatever_ended_them(store, ledger):
    tokens = []
    for end in ("release", "expire", "die", "forget"):
        granted = take(store, owner=replace(own_identity(), pid=NOBODY) if end == "die" else None)
        tokens.append(granted.token)
        if end == "release":
            assert store.release(granted)
        if end == "expire":
            alter(ledger, expires=0.0)
        if end == "forget":
            assert store.take_away(store.held()[0])
    tokens.append(take(store).token)

    assert tokens == [1, 2, 3, 4, 5]


def test_locks_of_other_keys_don_t_matter(store):
    assert isinstance(take(store, "a"), Grant)
    assert isinstance(take(store, "b"), Grant)
    assert [lock.key for lock in store.held()] == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        ({"pid": NOBODY}, "dead"),
        ({"boot": "an earlier one"}, "dead"),
        ({"host": "elsewhere", "pid": NOBODY}, "held"),
        ({"host": "elsewhere", "expires_at": 0.0}, "expired"),
        ({"host": "elsewhere", "expires": 0.0}, "held"),
        ({"expires": 0.0}, "expired"),
        ({"expires_at": 0.0}, "held"),
        ({"ticks": 1}, "dead"),
    ],
)
def test_a_lock_is_taken_over_from_a_dead_owner_here_and_from_an_expired_one_anywhere(store, ledger, change, standing):
    first = take(store)
    alter(ledger, **change)

    assert [lock.standing for lock in store.held()] == [standing]
    answer = take(store)

    assert isinstance(answer, Lock if standing == "held" else Grant)
    if standing != "held":
        assert answer.token == first.token + 1


def test_a_renewed_lease_lasts_for_its_whole_time_again(store, ledger):
    granted = take(store)
    before = store.held()[0]

    renewed_at = store.renew(granted)

    after = store.held()[0]
    assert renewed_at >= granted.granted_at
    assert after.expires == pytest.approx(renewed_at + granted.ttl)
    assert after.expires > before.expires
    assert after.expires_at > before.expires_at


def test_an_expired_lease_is_not_renewed_even_where_nobody_took_it(store, ledger):
    granted = take(store)
    alter(ledger, expires=1.0)

    assert store.renew(granted) is None
    assert store.held()[0].expires == 1.0


def test_who_lost_a_lock_can_neither_renew_nor_release_it_under_the_next_one(store, ledger):
    first = take(store)
    alter(ledger, expires=0.0)
    second = take(store)
    before = rows(ledger)

    assert store.renew(first) is None
    assert store.release(first) is False
    assert store.renew(replace(first, token=second.token)) is None
    assert store.release(replace(first, token=second.token)) is False
    assert rows(ledger) == before
    assert store.release(second) is True


def test_a_lock_is_given_back_once(store):
    granted = take(store)

    assert [store.release(granted), store.release(granted)] == [True, False]
    assert store.renew(granted) is None
    assert store.held() == ()


def test_taking_away_frees_the_very_grant_that_was_looked_at(store, ledger):
    take(store)
    looked_at = store.held()[0]
    alter(ledger, expires=0.0)
    take(store)

    assert store.take_away(looked_at) is False
    assert store.take_away(store.held()[0]) is True


@pytest.mark.parametrize("ttl", [0, 4.99, -1, math.nan, math.inf])
def test_a_time_that_no_holder_can_keep_is_refused(store, ttl):
    with pytest.raises(InvalidInput) as caught:
        take(store, ttl=ttl)

    assert caught.value.problem.code == "AF-LOCK-TTL"
    assert store.held() == ()


@pytest.mark.parametrize("key", ["", "ü", "a'b; --", "x" * 300, "../..", "a\x00b"])
def test_a_key_is_data(store, key):
    assert isinstance(take(store, key), Grant)
    assert [lock.key for lock in store.held()] == [key]


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(RunFailed, match="can't be used"):
        open_leases(tmp_path / "missing.sqlite")

    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def device():
    made = FailingDevice()
    yield made
    made.unregister()


def test_after_a_sync_that_failed_the_file_is_neither_written_nor_synced_again(device, ledger):
    store = open_leases(ledger)
    granted = take(store)
    device.failing, device.is_failing = "-wal", True
    with pytest.raises(LedgerFailed, match="the device failed"):
        store.release(granted)
    device.is_failing = False
    device.syncs.clear()
    for refused in (lambda: store.release(granted), lambda: store.renew(granted), lambda: take(store, "other")):
        with pytest.raises(LedgerFailed, match="failed before"):
            refused()
    store.close()
    assert device.syncs == []


def test_a_setting_that_can_not_be_written_is_told(device, ledger):
    with closing(apsw.Connection(str(ledger))) as connection:
        assert connection.pragma("journal_mode", "delete") == "delete"
    device.is_failing = True
    with pytest.raises(LedgerFailed, match="the device failed"):
        open_leases(ledger)
