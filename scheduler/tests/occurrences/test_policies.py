"""What becomes of occurrences by their policies; the expected values are written down by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st
from scheduler.tests.occurrences.moments import at, due

from aetherflow.scheduler.occurrences.policies import MOST_QUEUED, ON_TIME_SECONDS, decide, due_at
from aetherflow.scheduler.occurrences.records import Reason, Status

pytestmark = pytest.mark.unit

WAITS = ("WAITING", "")


def decided(times, *, now, not_over=(), is_paused=False, **policies):
    new = [at(seconds) for seconds in times]
    open_before = {at(seconds): Status(status) for seconds, status in not_over}
    decisions = decide(due(*times, **policies), new, not_over=open_before, is_paused=is_paused, now=at(now))
    assert [decision.at for decision in decisions.new] == new
    replaced = sorted(round((when - at(0)).total_seconds()) for when in decisions.replaced)
    return [(decision.status.value, decision.reason.value) for decision in decisions.new], replaced


@pytest.mark.parametrize(
    ("misfire", "expected"),
    [
        (
            "skip",
            [("MISSED", "too_old"), ("MISSED", "misfire"), ("MISSED", "misfire"), ("MISSED", "misfire")],
        ),
        ("latest", [("MISSED", "too_old"), ("MISSED", "coalesced"), ("MISSED", "coalesced"), WAITS]),
        ("all", [("MISSED", "too_old"), WAITS, WAITS, WAITS]),
    ],
)
def test_late_occurrences_are_made_up_for_as_misfire_says(misfire, expected):
    # At 1000, with a grace of 300 seconds: the first one is 400 seconds old, the last one 30.
    found, replaced = decided((600, 700, 880, 970), now=1000, misfire=misfire, overlap="allow")
    assert (found, replaced) == (expected, [])


@pytest.mark.parametrize("misfire", ["skip", "latest", "all"])
def test_occurrence_that_is_some_seconds_late_is_on_time(misfire):
    assert decided((995,), now=1000, misfire=misfire) == ([WAITS], [])
    assert decided((995,), now=1000, misfire=misfire, misfire_grace_seconds=0) == ([WAITS], [])


def test_latest_runs_the_one_on_time_in_place_of_the_late_ones():
    assert decided((900, 999), now=1000, misfire="latest")[0] == [("MISSED", "coalesced"), WAITS]


def test_latest_runs_none_where_all_are_too_old():
    assert decided((100, 200), now=1000, misfire="latest")[0] == [("MISSED", "too_old")] * 2


RUNS = ((0, "RUNNING"),)


@pytest.mark.parametrize(
    ("overlap", "not_over", "expected", "replaced"),
    [
        ("skip", RUNS, [("SKIPPED", "overlap")] * 2, []),
        ("skip", (), [WAITS, ("SKIPPED", "overlap")], []),
        ("queue", RUNS, [WAITS, WAITS], []),
        ("allow", RUNS, [WAITS, WAITS], []),
        ("cancel", RUNS, [("CANCELLED", "replaced"), WAITS], [0]),
        ("cancel", ((0, "RUNNING"), (30, "WAITING")), [("CANCELLED", "replaced"), WAITS], [0, 30]),
        # What is looked at late takes no newer one's place.
        ("cancel", ((90, "WAITING"),), [("CANCELLED", "replaced")] * 2, []),
    ],
)
def test_occurrences_that_overlap_are_kept_apart_as_overlap_says(overlap, not_over, expected, replaced):
    assert decided((59, 60), now=60, not_over=not_over, overlap=overlap) == (expected, replaced)


def test_all_that_nobody_looked_at_are_run_one_after_the_other_though_overlap_skips():
    found, _ = decided((100, 160, 220), now=221, misfire="all", overlap="skip", not_over=((40, "RUNNING"),))
    assert found == [WAITS, WAITS, ("SKIPPED", "overlap")]
    assert decided((100, 160), now=221, misfire="all", overlap="cancel")[0] == [("CANCELLED", "replaced"), WAITS]


def test_a_queue_is_full_at_a_hundred():
    waiting = [(-seconds, "WAITING") for seconds in range(1, MOST_QUEUED)]
    found, _ = decided((59, 60), now=60, not_over=[*RUNS, *waiting], overlap="queue")
    assert found == [WAITS, ("SKIPPED", "queue_full")]


def test_nothing_of_a_paused_item_runs():
    found, replaced = decided((0, 59, 60), now=1000, is_paused=True, not_over=((-9, "RUNNING"),), overlap="cancel")
    assert (found, replaced) == ([("SKIPPED", "paused")] * 3, [])


def test_without_new_occurrences_nothing_is_decided():
    decisions = decide(due(60, overlap="cancel"), [], not_over={at(0): Status.RUNNING}, is_paused=False, now=at(60))
    assert decisions.new == decisions.replaced == ()


STATUSES = st.sampled_from([Status.WAITING, Status.RUNNING])
SECONDS = st.integers(0, 1000)


@given(
    new=st.lists(SECONDS, min_size=1, max_size=40, unique=True).map(sorted),
    before=st.dictionaries(st.integers(1001, 2000), STATUSES, max_size=5),
    now=st.integers(0, 1500),
    grace=st.integers(0, 600),
    overlap=st.sampled_from(["skip", "queue", "allow", "cancel"]),
    misfire=st.sampled_from(["skip", "latest", "all"]),
    is_paused=st.booleans(),
)
def test_each_occurrence_gets_one_decision_within_its_policies(new, before, now, grace, overlap, misfire, is_paused):
    moments = [at(seconds) for seconds in new]
    not_over = {at(-seconds): status for seconds, status in before.items()}
    policies = due(*new, overlap=overlap, misfire=misfire, misfire_grace_seconds=grace)
    decisions = decide(policies, moments, not_over=not_over, is_paused=is_paused, now=at(now))

    assert [decision.at for decision in decisions.new] == moments
    assert set(decisions.replaced) <= set(not_over)
    waiting = [decision.at for decision in decisions.new if decision.status is Status.WAITING]
    late = [each for each in waiting if each < at(now - ON_TIME_SECONDS)]
    assert all((decision.reason is Reason.NONE) is (decision.at in waiting) for decision in decisions.new)
    assert all(each >= at(now - max(grace, ON_TIME_SECONDS)) for each in waiting)
    if misfire != "all":
        assert len(late) <= (misfire == "latest")
    if overlap == "skip":
        assert len(waiting) - (len(late) if misfire == "all" else 0) <= (not not_over)
    if overlap == "cancel":
        assert len(waiting) <= 1
    if is_paused:
        assert not waiting
        assert not decisions.replaced


@given(item=st.text(max_size=20), seconds=st.integers(0, 10**9), jitter=st.floats(0, 3600))
def test_jitter_is_the_same_for_whoever_asks_and_within_its_bounds(item, seconds, jitter):
    starts = due_at(item, at(seconds), jitter)
    assert starts == due_at(item, at(seconds), jitter)
    assert at(seconds) <= starts <= at(seconds) + timedelta(seconds=jitter)


def test_jitter_tells_items_and_times_apart():
    starts = {due_at(item, at(0), 3600) for item in ("a", "b", "c")}
    assert len(starts) == 3
    assert due_at("a", at(60), 3600) - due_at("a", at(0), 3600) != timedelta(seconds=60)
