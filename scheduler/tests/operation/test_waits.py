"""Waits between starts, when the clock on the wall is set back meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aetherflow.scheduler.occurrences.records import Ended, Occurrence, Status
from aetherflow.scheduler.operation.waits import Waits

pytestmark = pytest.mark.unit

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
OCCURRENCE = Occurrence(item="it", scheduled_for=NOON, due_at=NOON)


def ended(again_after):
    again_at = None if again_after is None else NOON + timedelta(seconds=again_after)
    return Ended(occurrence=OCCURRENCE, status=Status.FAILED, ended_at=NOON, again_at=again_at)


def waits_of(*ends):
    waits = Waits()
    waits.note(ends)
    return waits


def test_what_has_waited_long_enough_is_held_up_by_a_clock_that_was_set_back():
    assert waits_of(ended(0)).held_up(NOON - timedelta(hours=1)) == (OCCURRENCE,)


def test_what_has_waited_long_enough_is_not_held_up_by_a_clock_that_was_not_set():
    assert waits_of(ended(0)).held_up(NOON) == ()


def test_what_has_not_waited_long_enough_waits_on_though_the_clock_was_set_back():
    assert waits_of(ended(60)).held_up(NOON - timedelta(hours=1)) == ()


def test_what_is_over_waits_for_nothing():
    assert waits_of(ended(None)).held_up(NOON - timedelta(hours=1)) == ()


def test_what_has_been_seen_to_is_no_more_held_up():
    waits = waits_of(ended(0), ended(60))
    waits.drop_over()
    assert waits.held_up(NOON - timedelta(hours=1)) == ()
