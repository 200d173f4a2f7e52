"""Rows for what is due: each once, whoever looks, and as the policies say."""

from __future__ import annotations

import pytest
from scheduler.tests.occurrences.moments import NOON, Reason, Status, at, due, ended, room, shown

from aetherflow.scheduler.occurrences.records import ItemState

pytestmark = pytest.mark.unit


def test_new_item_has_been_looked_at_until_now(store):
    assert store.register({"nightly": True, "off": False}, NOON) == {"nightly": ItemState(looked_until=NOON)}


def test_item_that_is_known_keeps_what_it_was_looked_at_until(store):
    store.register({"nightly": True}, NOON)
    store.account([due(60)], at(60))
    assert store.register({"nightly": True}, at(500)) == {"nightly": ItemState(looked_until=at(60))}


def test_item_that_comes_back_is_not_made_up_for(store):
    store.register({"nightly": True, "other": True}, NOON)
    store.register({"nightly": False}, at(10))
    assert store.register({"nightly": True, "other": True}, at(900)) == {
        "nightly": ItemState(looked_until=at(900)),
        "other": ItemState(looked_until=at(900)),
    }


def test_new_times_of_an_item_count_from_when_they_were_written_and_first_ones_from_before(store):
    store.register({"nightly": True}, NOON)
    store.account([due(60)], at(60))
    first = store.register({"nightly": True}, at(200), times_of={"nightly": "cron 0 6 * * *"}, written_at=at(150))
    assert first["nightly"].looked_until == at(60)
    other = store.register({"nightly": True}, at(200), times_of={"nightly": "cron 0 7 * * *"}, written_at=at(150))
    assert other["nightly"].looked_until == at(150)


def test_what_waits_of_items_that_are_gone_or_off_does_not_run(store):
    store.register({"gone": True, "off": True}, NOON)
    store.account([due(60, item="gone"), due(60, item="off")], at(60))
    store.trigger("off", at(61.5))
    store.register({"off": False}, at(62))
    assert [shown(each) for each in store.history(["gone"])] == [(60, "CANCELLED", "removed")]
    assert [shown(each) for each in store.history(["off"])] == [(62, "WAITING", ""), (60, "SKIPPED", "paused")]


def test_what_ran_and_waits_to_be_tried_again_is_cancelled_where_its_item_is_off(store):
    store.account([due(0)], at(0))
    (run,) = store.claim(room(), at(0))
    store.finish([ended(run, 1, Status.FAILED, reason=Reason.RETRY, again_at=at(60))], at(1))
    store.register({"nightly": False}, at(2))
    assert [shown(each) for each in store.history()] == [(0, "CANCELLED", "paused")]


def test_occurrence_is_accounted_for_once(opened):
    one, other = opened(), opened()
    assert [shown(each) for each in one.account([due(60)], at(60))] == [(60, "WAITING", "")]
    assert one.account([due(60)], at(61)) == ()
    assert other.account([due(60)], at(61)) == ()
    assert len(one.history()) == 1


def test_row_is_told_as_it_is_remembered(store):
    written = store.account([due(60, 120, jitter_seconds=30)], at(120))
    assert sorted(written, key=lambda each: each.scheduled_for, reverse=True) == list(store.history())


def test_policies_see_only_what_nobody_has_accounted_for(opened):
    one, stopped = opened(), opened()
    one.account([due(60)], at(60))
    (run,) = one.claim(room(), at(60))
    one.finish([ended(run, 61)], at(61))
    # It was stopped before, and looks at both: the first one is over, and holds up nothing.
    assert [shown(each) for each in stopped.account([due(60, 62)], at(62))] == [(62, "WAITING", "")]


def test_runs_of_a_backfill_hold_up_no_occurrence(store):
    store.backfill("nightly", [at(-600)], max_parallel=1, is_again=False, now=at(0))
    assert len(store.claim(room(), at(1))) == 1
    assert [shown(each) for each in store.account([due(60)], at(60))] == [(60, "WAITING", "")]


def test_looked_until_never_goes_back(store):
    store.register({"nightly": True}, NOON)
    store.account([due(60)], at(60))
    store.account([due(30)], at(61))
    assert store.states()["nightly"].looked_until == at(60)


def test_gap_is_told_once_though_two_schedulers_were_away(opened):
    one, other = opened(), opened()
    one.register({"nightly": True}, NOON)
    other.register({"nightly": True}, NOON)
    one.account([due(900, left_out=(at(0), at(800)))], at(900))
    other.account([due(901, left_out=(at(0), at(801)))], at(901))
    assert one.gaps() == other.gaps(["nightly"]) == (("nightly", at(0), at(800)),)
    assert one.gaps(["other"]) == ()


def test_gap_of_a_single_time_is_told_too(store):
    store.register({"nightly": True}, NOON)
    store.account([due(900, left_out=(at(800), at(800)))], at(900))
    assert store.gaps() == (("nightly", at(800), at(800)),)


def test_pause_and_resume_hold_for_all_schedulers(opened):
    one, other = opened(), opened()
    one.register({"nightly": True}, NOON)
    one.account([due(10)], at(10))
    other.pause(["nightly"], at(20))
    assert [shown(each) for each in one.account([due(60)], at(60))] == [(60, "SKIPPED", "paused")]
    assert one.claim(room(), at(60)) == ()
    assert one.claim(room(max_runs_of={"nightly": None}), at(60)) == ()
    assert one.next_due(["nightly"]) is None
    assert one.register({"nightly": True}, at(61))["nightly"].is_paused
    other.resume(["nightly"], at(70))
    assert [shown(each) for each in one.account([due(80)], at(80))] == [(80, "SKIPPED", "overlap")]
    assert [shown(each) for each in one.claim(room(), at(80))] == [(10, "RUNNING", "")]


def test_what_is_triggered_runs_though_its_item_is_paused(store):
    store.pause(["nightly"], NOON)
    triggered = store.trigger("nightly", at(1))
    assert [each.scheduled_for for each in store.claim(room(), at(2))] == [triggered.scheduled_for]


def test_what_is_triggered_waits_for_nothing_that_is_held(store):
    store.account([due(0)], at(0))
    store.pause(["nightly"], at(1))
    store.trigger("nightly", at(2.5))
    (run,) = store.claim(room(), at(3))
    assert run.origin.value == "MANUAL"
    store.finish([ended(run, 4)], at(4))
    store.resume(["nightly"], at(5))
    assert [shown(each)[0] for each in store.claim(room(), at(5))] == [0]


def test_triggers_at_the_same_moment_are_occurrences_of_their_own(store):
    runs = [store.trigger("nightly", at(1)) for _ in range(3)]
    assert [each.run_id for each in runs] == [f"nightly-20260302T120001.00{number}Z" for number in (1, 2, 3)]


def test_trigger_takes_no_place_of_the_schedule(store):
    store.trigger("nightly", at(60))
    assert len(store.account([due(60)], at(60))) == 1


def test_backfill_has_those_run_that_were_not(store):
    store.account([due(0, 10, 20, overlap="allow", misfire="all")], at(20))
    good, bad, _ = store.claim(room(max_runs_of={"nightly": None}), at(20))
    store.finish([ended(good, 21), ended(bad, 22, Status.FAILED, exit_code=1)], at(22))
    store.account([due(30, overlap="skip")], at(30))
    times = [at(seconds) for seconds in (-10, 0, 10, 20, 30)]
    assert store.backfill("nightly", times, max_parallel=2, is_again=False, now=at(40)) == 2
    assert store.backfill("nightly", times, max_parallel=2, is_again=True, now=at(41)) == 1
    assert [(*shown(each)[:2], each.origin.value) for each in store.history()] == [
        (30, "WAITING", "BACKFILL"),
        (20, "RUNNING", "SCHEDULE"),
        (10, "WAITING", "BACKFILL"),
        (0, "SUCCESS", "SCHEDULE"),
        (-10, "WAITING", "BACKFILL"),
    ]


def test_history_is_asked_by_what_is_wanted(store):
    store.account([due(0, 60, 120, overlap="skip"), due(60, item="other")], at(120))
    everything = store.history()
    assert [shown(each)[0] for each in everything] == [120, 60, 60, 0]
    assert [shown(each)[0] for each in store.history(["nightly"], since=at(60), until=at(60))] == [60]
    assert [shown(each)[:2] for each in store.history(statuses=[Status.MISSED])] == [(60, "MISSED"), (0, "MISSED")]
    assert store.history(limit=1) == everything[:1]
    assert store.history([]) == ()


def test_what_was_over_before_is_forgotten_and_nothing_else(store):
    store.account([due(0, 1000)], at(1000))
    store.account([due(2000, overlap="skip", left_out=(at(10), at(20)))], at(2000))
    assert store.forget(at(1500)) == 1
    assert [shown(each) for each in store.history()] == [(2000, "SKIPPED", "overlap"), (1000, "WAITING", "")]
    assert store.gaps() == ()


def test_what_was_forgotten_is_not_due_again(opened):
    one, stopped = opened(), opened()
    one.register({"nightly": True}, at(-60))
    one.account([due(0)], at(0))
    (run,) = one.claim(room(), at(0))
    one.finish([ended(run, 1)], at(1))
    assert one.forget(at(100)) == 1
    # It was stopped before, and has looked at nothing since; what nobody has looked at is due as ever.
    late = due(0, 50, misfire="all", misfire_grace_seconds=9_999)
    assert [shown(each) for each in stopped.account([late], at(101))] == [(50, "WAITING", "")]


def test_forgotten_rows_make_room_for_new_ones(store, state):
    file = state / "occurrences.sqlite"
    sizes = []
    for day in range(6):
        seconds = [day * 10_000 + each for each in range(1_500)]
        store.account([due(*seconds, overlap="skip", misfire="skip")], at(day * 10_000 + 1_500))
        store.forget(at(day * 10_000 + 5_000))
        sizes.append(file.stat().st_size)
        assert (state / "occurrences.sqlite-wal").stat().st_size == 0
    assert max(sizes[2:]) == sizes[1]
