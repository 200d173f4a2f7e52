"""The next moments of items, the earliest first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from aetherflow.scheduler.operation.waking import Wakings

pytestmark = pytest.mark.unit

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def test_items_are_taken_in_the_order_of_their_moments_as_far_as_they_have_come():
    wakings = Wakings()
    for item, second in (("c", 3), ("a", 1), ("b", 2)):
        wakings.put(item, NOON + timedelta(seconds=second))
    assert wakings.next == NOON + timedelta(seconds=1)
    now = NOON + timedelta(seconds=2)
    assert [wakings.take(now), wakings.take(now), wakings.take(now)] == ["a", "b", None]
    assert wakings.next == NOON + timedelta(seconds=3)


def test_where_nothing_waits_there_is_no_next_moment():
    assert Wakings().next is None
    assert Wakings().take(NOON) is None


@given(st.lists(st.tuples(st.integers(0, 50), st.text(max_size=3)), max_size=40))
def test_nothing_is_lost_or_taken_twice(put):
    wakings = Wakings()
    for second, item in put:
        wakings.put(item, NOON + timedelta(seconds=second))
    taken = []
    while (item := wakings.take(NOON + timedelta(seconds=50))) is not None:
        taken.append(item)
    assert taken == [item for _, item in sorted(put)]
