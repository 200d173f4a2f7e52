"""What of an item is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from aetherflow.kernel.api import compile_run_texts
from aetherflow.scheduler.calendars.rules import Interval, Moments
from aetherflow.scheduler.operation.looking import due_of, next_of
from aetherflow.scheduler.schedules.models import Item

pytestmark = pytest.mark.unit

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def item_with(rule, **given):
    values = {"id": "it", "flow": Path("/flow.yaml"), "trigger": "", "zone": ZoneInfo("UTC")}
    return Item(rule=rule, run_texts=compile_run_texts({}), **values | given)


def every(seconds):
    return item_with(Interval(timedelta(seconds=seconds), datetime(2020, 1, 1, tzinfo=UTC)))


def test_moments_since_the_last_look_are_due_and_the_one_of_now_is():
    due = due_of(every(60), NOON - timedelta(minutes=3), NOON)
    assert due.times == (NOON - timedelta(minutes=2), NOON - timedelta(minutes=1), NOON)
    assert due.looked_until == NOON
    assert due.left_out is None


def test_nothing_is_due_before_the_next_moment():
    assert due_of(every(60), NOON, NOON + timedelta(seconds=59)) is None


def test_clock_that_went_back_makes_nothing_due():
    assert due_of(every(60), NOON, NOON - timedelta(hours=1)) is None


def test_policies_of_the_item_go_with_what_is_due():
    item = item_with(Moments((NOON,)), overlap="queue", misfire="all", misfire_grace_seconds=7, jitter_seconds=9)
    due = due_of(item, NOON - timedelta(seconds=1), NOON)
    assert (due.item, due.overlap, due.misfire, due.misfire_grace_seconds, due.jitter_seconds) == (
        *("it", "queue", "all"),
        *(7, 9),
    )


def test_newest_thousand_of_a_year_of_seconds_are_listed_and_the_rest_is_a_gap():
    began = NOON - timedelta(days=365)
    due = due_of(every(1), began, NOON)
    assert len(due.times) == 1000
    assert (due.times[0], due.times[-1]) == (NOON - timedelta(seconds=999), NOON)
    assert due.left_out == (began + timedelta(seconds=1), NOON - timedelta(seconds=1000))


def test_exactly_a_thousand_leave_no_gap():
    due = due_of(every(60), NOON - timedelta(minutes=1000), NOON)
    assert len(due.times) == 1000
    assert due.left_out is None


def test_item_whose_moments_are_over_has_no_next_one():
    assert next_of(item_with(Moments((NOON,))), NOON) is None
    assert due_of(item_with(Moments((NOON,))), NOON, NOON + timedelta(days=1)) is None


@given(
    st.lists(st.integers(0, 400_000), max_size=30).map(lambda minutes: sorted(set(minutes))),
    st.integers(0, 400_000),
    st.integers(0, 400_000),
)
def test_what_is_due_is_what_lies_between(minutes, since, until):
    moments = tuple(NOON + timedelta(minutes=minute) for minute in minutes)
    due = due_of(item_with(Moments(moments)), NOON + timedelta(minutes=since), NOON + timedelta(minutes=until))
    expected = tuple(NOON + timedelta(minutes=minute) for minute in minutes if since < minute <= until)
    assert (due.times if due is not None else ()) == expected
