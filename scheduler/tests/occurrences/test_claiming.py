"""What waits is taken once, in its order, and within the limits of all schedulers together."""

from __future__ import annotations

import pytest
from scheduler.tests.occurrences.moments import Reason, Status, at, due, ended, room, shown

pytestmark = pytest.mark.unit


def test_what_is_claimed_is_claimed_once(opened):
    one, other = opened(), opened()
    one.account([due(60)], at(60))
    (run,) = one.claim(room(), at(60))
    assert (shown(run), run.attempt, run.started_at) == ((60, "RUNNING", ""), 1, at(60))
    assert one.claim(room(), at(60)) == other.claim(room(), at(60)) == ()


def test_what_is_not_due_yet_waits(store):
    (waiting,) = store.account([due(60, jitter_seconds=30)], at(60))
    assert waiting.due_at > at(60)
    assert store.claim(room(), at(60)) == ()
    assert store.next_due(["nightly"]) == store.next_due(["nightly"], at(60)) == waiting.due_at
    assert store.next_due(["nightly"], waiting.due_at) is None
    assert store.next_due(["other"]) is None
    assert len(store.claim(room(), waiting.due_at)) == 1


def test_limits_hold_over_all_schedulers(opened):
    one, other = opened(), opened()
    names = [f"item{number}" for number in range(6)]
    one.account([due(60, item=name) for name in names], at(60))
    assert len(one.claim(room(3, *names), at(60))) == 3
    assert len(other.claim(room(4, *names), at(60))) == 1
    assert other.claim(room(4, *names), at(60)) == ()


def test_look_that_finds_nothing_to_do_writes_nothing(store, state):
    store.register({"nightly": True}, at(0))
    store.account([due(0, 1, overlap="queue")], at(1))
    store.claim(room(), at(1))
    before = (state / "occurrences.sqlite-wal").read_bytes()
    assert store.claim(room(), at(2)) == ()
    assert store.recover({"nightly": 300}, at(2)) == store.cancel_asked() == ()
    assert store.account([due(0, 1, overlap="queue")], at(2)) == ()
    assert list(store.register({"nightly": True}, at(2))) == ["nightly"]
    assert (state / "occurrences.sqlite-wal").read_bytes() == before


def test_pool_that_is_full_holds_up_its_own_items_alone(store):
    pools = {"a": "warehouse", "b": "warehouse", "c": None, "d": "nowhere"}
    store.account([due(60, item=name) for name in pools], at(60))
    taken = store.claim(room(pool_of=pools, pools={"warehouse": 1}), at(60))
    assert [each.item for each in taken] == ["a", "c", "d"]
    store.finish([ended(taken[0], 61)], at(61))
    assert [each.item for each in store.claim(room(pool_of=pools, pools={"warehouse": 1}), at(61))] == ["b"]


def test_the_longest_waiting_go_first_whatever_their_item(store):
    store.account([due(0, 1, 2, item="many", overlap="allow"), due(0.5, item="few")], at(3))
    asked = room(2, "many", "few", max_runs_of={"many": None})
    assert [(each.item, shown(each)[0]) for each in store.claim(asked, at(3))] == [("many", 0), ("few", 0)]


def test_item_that_may_overlap_runs_as_often_as_it_may(store):
    store.account([due(0, 1, 2, 3, overlap="allow")], at(3))
    assert len(store.claim(room(max_runs_of={"nightly": 3}), at(3))) == 3


def test_item_that_is_not_in_the_schedule_is_not_started(store):
    store.account([due(0, item="gone")], at(0))
    assert store.claim(room(8, "nightly"), at(1)) == ()


def test_backfill_runs_as_many_at_once_as_it_was_told(store):
    store.backfill("nightly", [at(-each) for each in range(5)], max_parallel=2, is_again=False, now=at(0))
    taken = store.claim(room(), at(0))
    assert [shown(each)[0] for each in taken] == [-4, -3]
    store.finish([ended(taken[0], 1)], at(1))
    assert [shown(each)[0] for each in store.claim(room(), at(1))] == [-2]


def test_queue_keeps_its_order_while_the_first_one_is_tried_again(store):
    store.account([due(0, 1, overlap="queue")], at(1))
    (first,) = store.claim(room(), at(1))
    again = ended(first, 2, Status.FAILED, reason=Reason.RETRY, exit_code=1, again_at=at(30))
    store.finish([again], at(2))
    assert store.claim(room(), at(3)) == ()
    (second_try,) = store.claim(room(), at(30))
    assert (shown(second_try), second_try.attempt) == ((0, "RUNNING", "retry"), 2)
    store.finish([ended(second_try, 31)], at(31))
    assert [shown(each) for each in store.claim(room(), at(31))] == [(1, "RUNNING", "")]


def test_run_that_another_process_owns_is_started_again_as_the_same_attempt(store):
    store.account([due(0)], at(0))
    (run,) = store.claim(room(), at(0))
    store.finish([ended(run, 1, Status.WAITING, reason=Reason.OWNED, exit_code=75, again_at=at(6))], at(1))
    assert [(shown(each), each.due_at) for each in store.history()] == [((0, "WAITING", "owned"), at(6))]
    assert [each.attempt for each in store.claim(room(), at(6))] == [1]


def test_end_of_a_run_is_written_down(store):
    store.account([due(0)], at(0))
    (run,) = store.claim(room(), at(2))
    store.finish([ended(run, 9, Status.FAILED, exit_code=3)], at(9))
    (over,) = store.history()
    assert (shown(over), over.exit_code, over.started_at, over.ended_at) == ((0, "FAILED", ""), 3, at(2), at(9))


def test_only_who_runs_it_says_how_it_ended(opened):
    one, other = opened(), opened()
    one.account([due(0)], at(0))
    (run,) = one.claim(room(), at(0))
    other.finish([ended(run, 1)], at(1))
    assert [shown(each) for each in one.history()] == [(0, "RUNNING", "")]


def test_what_waits_is_cancelled_at_once(store):
    (waiting,) = store.account([due(0)], at(0))
    assert shown(store.cancel("nightly", waiting.scheduled_for, at(1))) == (0, "CANCELLED", "")
    assert store.cancel("nightly", waiting.scheduled_for, at(2)) is None
    assert store.cancel("nightly", at(77), at(2)) is None


def test_who_runs_it_is_told_that_it_is_to_end(opened):
    one, other = opened(), opened()
    one.account([due(0)], at(0))
    (run,) = one.claim(room(), at(0))
    assert other.cancel("nightly", run.scheduled_for, at(1)).is_cancel_asked
    assert [shown(each) for each in one.cancel_asked()] == [(0, "RUNNING", "")]
    assert other.cancel_asked() == ()


def test_what_is_to_end_is_not_tried_again(store):
    store.account([due(0)], at(0))
    (run,) = store.claim(room(), at(0))
    store.cancel("nightly", run.scheduled_for, at(1))
    store.finish([ended(run, 2, Status.FAILED, reason=Reason.RETRY, again_at=at(30))], at(2))
    assert [(shown(each), each.ended_at) for each in store.history()] == [((0, "CANCELLED", ""), at(2))]


def test_what_waits_to_be_tried_again_is_taken_before_its_time_when_it_is_hastened(store):
    store.account([due(0)], at(0))
    (run,) = store.claim(room(), at(0))
    store.finish([ended(run, 1, Status.FAILED, reason=Reason.RETRY, exit_code=1, again_at=at(60))], at(1))
    assert store.claim(room(), at(-3600)) == ()
    store.hasten([run], at(-3600))
    assert [(shown(each), each.attempt) for each in store.claim(room(), at(-3600))] == [((0, "RUNNING", "retry"), 2)]


def test_hastening_what_runs_changes_nothing(store):
    store.account([due(0)], at(0))
    (run,) = store.claim(room(), at(0))
    store.hasten([run], at(-3600))
    assert store.history() == (run,)


def test_what_is_looked_at_at_one_moment_belongs_together(store, opened):
    store.account([due(0)], at(0))
    look = opened(is_to_read=True)
    with look.at_one_moment():
        assert look.count_not_over()[Status.WAITING].total() == 1
        store.claim(room(), at(1))
        assert [run.status for run in look.history()] == [Status.WAITING]
    assert [run.status for run in look.history()] == [Status.RUNNING]
