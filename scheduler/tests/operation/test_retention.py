"""What is over is forgotten after a time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from aetherflow.scheduler.occurrences.records import Due, Status
from aetherflow.scheduler.operation.retention import Forgetting
from aetherflow.scheduler.operation.telling import Teller
from aetherflow.scheduler.schedules.models import Retention

pytestmark = pytest.mark.integration

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
KEPT = Retention(history_days=90, output_days=30)


class Log:
    def tell(self, event):
        raise AssertionError(event)


@pytest.fixture
def state(tmp_path):
    return tmp_path / ".aetherflow/schedule"


@pytest.fixture
def output(state):
    def write(item, run, *, days_old):
        file = state / "outputs" / item / f"{run}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("said\n")
        at = (NOON - timedelta(days=days_old)).timestamp()
        os.utime(file, (at, at))
        return file

    return write


@pytest.fixture
def forget(state, store):
    """A whole round; answers in how many steps."""

    def whole_round(now=NOON):
        forgetting = Forgetting(state, store, Teller(Log()))
        steps = 1
        while forgetting.go_on(KEPT, now):
            steps += 1
        return steps

    return whole_round


def test_old_outputs_are_removed_and_young_ones_stay(output, forget):
    old, young = output("it", "old", days_old=31), output("it", "young", days_old=29)
    forget()
    assert not old.exists()
    assert young.exists()


def test_many_outputs_take_several_steps(output, forget, state):
    for number in range(450):
        output(f"it{number % 3}", str(number), days_old=31)
    assert forget() == 3
    assert list(state.rglob("*.log")) == []


def test_old_rows_are_forgotten_and_young_ones_stay(store, forget):
    for days in (91, 89):
        at = NOON - timedelta(days=days)
        store.register({"it": True}, at - timedelta(seconds=1))
        store.account([Due(item="it", times=(at,), looked_until=at, misfire="skip")], at + timedelta(minutes=1))
    assert [row.status for row in store.history()] == [Status.MISSED, Status.MISSED]
    forget()
    assert [row.scheduled_for for row in store.history()] == [NOON - timedelta(days=89)]


def test_many_rows_take_several_steps(store, forget):
    at = NOON - timedelta(days=91)
    store.register({f"it{number}": True for number in range(11)}, at - timedelta(seconds=1))
    times = tuple(at + timedelta(milliseconds=number) for number in range(1000))
    dues = [Due(item=f"it{number}", times=times, looked_until=times[-1], misfire="skip") for number in range(11)]
    store.account(dues, at + timedelta(minutes=1))
    # Ten thousand, the rest, and the look that finds no more.
    assert forget() == 3
    assert store.history() == ()


def test_next_round_begins_an_hour_later_whoever_makes_it(output, forget):
    forget()
    old = output("it", "old", days_old=31)
    forget(NOON + timedelta(minutes=59))
    assert old.exists()
    forget(NOON + timedelta(minutes=61))
    assert not old.exists()


def test_mark_of_the_future_holds_nothing_back(output, forget):
    forget(NOON + timedelta(days=1))
    old = output("it", "old", days_old=31)
    forget()
    assert not old.exists()


def test_links_are_neither_followed_nor_removed_from_elsewhere(output, forget, state, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "theirs.log").write_text("kept")
    os.utime(elsewhere / "theirs.log", (0, 0))
    output("it", "young", days_old=1)
    (state / "outputs" / "linked").symlink_to(elsewhere)
    forget()
    assert (elsewhere / "theirs.log").exists()
