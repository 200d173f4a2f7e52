"""R13: the clock of a daemon is set, and no occurrence runs twice, none is lost beyond its policy."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from ..lengths import SCALE
from .audit import rows_in
from .clock import DAY, HOUR, MovedClock, built_library
from .jumping import ITEMS, MOST_SLEEPS, Jumper
from .place import Place

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
]

#: How far the clock is set each time, and whether the daemon is killed and another one started each time.
JUMPS = {
    "forwards and back": ((HOUR, -HOUR, DAY, -DAY), False),
    "a little back, again and again, and started anew": ((-10, -10, 25), True),
    "back, and forwards over all of it": ((-DAY, -HOUR, 2 * DAY), False),
    "forwards and back, and started anew": ((HOUR, -HOUR, DAY, -DAY), True),
    "a little back, again and again": ((-10, -10, 25), False),
    "back, and forwards over all of it, and started anew": ((-DAY, -HOUR, 2 * DAY), True),
}
NAMES = list(JUMPS) if SCALE >= 1 else list(JUMPS)[:3]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return built_library(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def jumpers(library, tmp_path_factory):
    """All of them at the same time: most of each is waiting."""
    folder = tmp_path_factory.mktemp("jumps")
    with ThreadPoolExecutor(3) as pool:
        yield {
            name: pool.submit(jumped, library, folder / str(number), *JUMPS[name]) for number, name in enumerate(NAMES)
        }


def jumped(library, folder, jumps, is_killed):
    folder.mkdir()
    clock = MovedClock(library, folder / "clock")
    jumper = Jumper(Place(folder=folder / "place", code=clock.environment, items=ITEMS, seconds=0.05), clock)
    jumper.jump(*jumps, kill=is_killed)
    return jumper


@pytest.mark.parametrize("name", NAMES)
def test_r13_a_jump_of_the_clock_repeats_nothing_and_loses_nothing_beyond_policy(jumpers, name):
    jumper = jumpers[name].result()

    print(f"\nscheduler, clock {name}: at most {jumper.busiest:.0f} sleeps a second, {len(jumper.faults)} faults")
    assert jumper.faults == []
    assert jumper.busiest < MOST_SLEEPS


def once_soon(clock, **policies):
    """An item that is due once, in some seconds."""
    moment = datetime.fromtimestamp(int(clock.now()) + 6, UTC)
    return {"id": "once", "at": [f"{moment:%Y-%m-%dT%H:%M:%S}"], "flow_yaml": "flows/slow.yaml", **policies}


def waited_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def last_row_of(place, *, clock, seconds, condition, status):
    """Set the clock as soon as the condition holds, wait for a status, and answer the row of the only occurrence."""
    place.prepare()
    daemon = place.start()
    try:
        assert waited_for(condition, 30), place.told()
        clock.move(seconds)
        assert waited_for(lambda: rows_in(place.ledger)[0].status == status, 20), place.told()
        assert daemon.leave() == 0, place.told()
    finally:
        daemon.kill()
        place.survivors()
    (row,) = rows_in(place.ledger)
    return row


@pytest.mark.parametrize("seconds", [HOUR, -DAY])
def test_r13_a_run_at_work_is_not_hurt_by_a_jump(library, tmp_path, seconds):
    clock = MovedClock(library, tmp_path / "clock")
    items = [once_soon(clock, max_run_seconds=60)]
    place = Place(folder=tmp_path / "place", code=clock.environment, items=items, runs="kernel", seconds=2)
    has_begun = (place.outside / "begun").exists
    row = last_row_of(place, clock=clock, seconds=seconds, condition=has_begun, status="SUCCESS")

    assert row.attempt == 1


@pytest.mark.parametrize("seconds", [HOUR, -DAY])
def test_r13_a_run_that_hangs_is_ended_in_its_time_all_the_same(library, tmp_path, seconds):
    clock = MovedClock(library, tmp_path / "clock")
    items = [once_soon(clock, max_run_seconds=3)]
    place = Place(folder=tmp_path / "place", code=clock.environment, items=items, seconds=60)
    row = last_row_of(place, clock=clock, seconds=seconds, condition=place.witness.exists, status="TIMED_OUT")

    assert row.attempt == 1
