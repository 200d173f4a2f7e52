"""A run that takes three periods: a row for each moment, by policy, with the scheduler started anew in between."""

from __future__ import annotations

import pytest
from scheduler.tests.occurrences.moments import Reason, Status, at, due, ended, room, shown

pytestmark = pytest.mark.unit

#: After the run of 0 went on until 190, how the rows of 0, 60, 120, 180 and 240 stand, while what is due at 240 is at
#: work; and when each that ran began.
EXPECTED = {
    "skip": (
        [(240, "RUNNING", ""), (180, "SKIPPED", "overlap"), (120, "SKIPPED", "overlap"), (60, "SKIPPED", "overlap")],
        {0: 0, 240: 240},
    ),
    "queue": (
        [(240, "WAITING", ""), (180, "WAITING", ""), (120, "RUNNING", ""), (60, "SUCCESS", "")],
        {0: 0, 60: 190, 120: 240},
    ),
    "allow": (
        [(240, "RUNNING", ""), (180, "SUCCESS", ""), (120, "SUCCESS", ""), (60, "SUCCESS", "")],
        {0: 0, 60: 60, 120: 120, 180: 180, 240: 240},
    ),
    "cancel": (
        [(240, "RUNNING", ""), (180, "SUCCESS", ""), (120, "CANCELLED", "replaced"), (60, "CANCELLED", "replaced")],
        {0: 0, 180: 190, 240: 240},
    ),
}


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize("overlap", sorted(EXPECTED))
def test_slow_run_gives_the_rows_that_its_policy_says(opened, overlap, is_restarted):
    asked = room(max_runs_of={"nightly": None} if overlap == "allow" else {})
    runner, looker = opened(), opened()
    working = []
    for seconds in (0, 60, 120, 180, 190, 240):
        if seconds == 190:
            _end(runner, working, 190, overlap)
        if seconds == 240:
            _end(runner, working, 239, overlap)
        if is_restarted and seconds > 0:
            # Whoever looks is another one each time; who runs it goes on.
            looker.close()
            looker = opened()
        if seconds != 190:
            looker.account([due(seconds, overlap=overlap)], at(seconds))
        working.extend(runner.claim(asked, at(seconds)))
    rows, began = EXPECTED[overlap]
    first = (0, "CANCELLED", "replaced") if overlap == "cancel" else (0, "SUCCESS", "")
    history = looker.history()
    assert [shown(each) for each in history] == [*rows, first]
    assert {shown(each)[0]: (each.started_at - at(0)).seconds for each in history if each.started_at} == began


def _end(store, working, seconds, overlap):
    """All that is at work ends; what was to end says so."""
    asked = {each.scheduled_for for each in store.cancel_asked()}
    assert bool(asked) == (overlap == "cancel" and seconds == 190)
    ends = [
        ended(each, seconds, Status.CANCELLED if each.scheduled_for in asked else Status.SUCCESS) for each in working
    ]
    store.finish(ends, at(seconds))
    working.clear()


@pytest.mark.parametrize(
    ("overlap", "rows"),
    [
        ("skip", [(60, "SKIPPED", "overlap"), (0, "WAITING", "continued")]),
        ("queue", [(60, "WAITING", ""), (0, "WAITING", "continued")]),
        ("cancel", [(60, "WAITING", ""), (0, "CANCELLED", "replaced")]),
    ],
)
def test_run_of_a_scheduler_that_left_is_not_over_before_another_one_goes_on_with_it(opened, overlap, rows):
    leaving, other = opened(), opened()
    leaving.account([due(0, overlap=overlap)], at(0))
    (run,) = leaving.claim(room(), at(0))
    leaving.finish([ended(run, 59, Status.INTERRUPTED, reason=Reason.CONTINUED)], at(59))
    other.account([due(60, overlap=overlap)], at(60))
    started = other.claim(room(), at(60))
    assert [shown(each)[0] for each in started] == ([60] if overlap == "cancel" else [])
    other.recover({"nightly": 300.0}, at(61))
    found = [shown(each) for each in other.history()]
    assert [row if row[1] != "RUNNING" else (row[0], "WAITING", row[2]) for row in found] == rows
