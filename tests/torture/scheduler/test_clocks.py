"""R13: the clock of a daemon is set, and no occurrence runs twice, none is lost beyond its policy."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

import pytest

from .audit import changes_in, rows_in, watch
from .clock import DAY, HOUR, MovedClock, built_library
from .jumping import ITEMS, MOST_OF_A_PROCESSOR, Jumper
from .place import Place

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
]

JUMPS = {
    "forwards and back": (HOUR, -HOUR, DAY, -DAY),
    "a little back, again and again": (-10, -10, 25),
    "back, and forwards over all of it": (-DAY, -HOUR, 2 * DAY),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return built_library(tmp_path_factory.mktemp("clock"))


@pytest.mark.parametrize("kill", [False, True], ids=["at work", "killed and started again"])
@pytest.mark.parametrize("jumps", JUMPS.values(), ids=list(JUMPS))
def test_r13_a_jump_of_the_clock_repeats_nothing_and_loses_nothing_beyond_policy(library, tmp_path, jumps, kill):
    clock = MovedClock(library, tmp_path / "clock")
    place = Place(folder=tmp_path / "place", code=clock.environment, items=ITEMS, seconds=0.05)
    jumper = Jumper(place, clock)
    jumper.jump(*jumps, kill=kill)

    print(f"\nscheduler, clock {jumps}: {jumper.busiest:.0%} of a processor at most, {len(jumper.faults)} faults")
    assert jumper.faults == []
    assert jumper.busiest < MOST_OF_A_PROCESSOR


def once_soon(clock, name, **policies):
    """An item that is due once, in some seconds."""
    moment = datetime.fromtimestamp(int(clock.now()) + 3, UTC)
    return {"id": name, "at": [f"{moment:%Y-%m-%dT%H:%M:%S}"], "flow_yaml": "flows/slow.yaml", **policies}


def waited_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def status_of(place):
    rows = rows_in(place.ledger)
    return rows[0].status if rows else ""


@pytest.mark.parametrize("seconds", [HOUR, -HOUR, DAY, -DAY])
def test_r13_a_run_at_work_is_not_hurt_by_a_jump(library, tmp_path, seconds):
    clock = MovedClock(library, tmp_path / "clock")
    place = Place(
        folder=tmp_path / "place",
        code=clock.environment,
        items=[once_soon(clock, "flow", max_run_seconds=60)],
        runs="kernel",
        seconds=3,
    )
    place.prepare()
    watch(place.ledger)
    daemon = place.start()
    try:
        assert waited_for((place.outside / "begun").exists, 30), place.told()
        clock.move(seconds)
        assert waited_for(lambda: status_of(place) not in {"", "RUNNING", "WAITING"}, 30), place.told()
        assert daemon.leave() == 0, place.told()
    finally:
        daemon.kill()
        place.survivors()

    assert [(row.status, row.attempt) for row in rows_in(place.ledger)] == [("SUCCESS", 1)]


@pytest.mark.parametrize("seconds", [-HOUR, -DAY])
def test_r13_the_wait_before_the_next_attempt_is_as_long_as_before_when_the_clock_is_set_back(
    library, tmp_path, seconds
):
    clock = MovedClock(library, tmp_path / "clock")
    place = Place(
        folder=tmp_path / "place",
        code={**clock.environment, "STUB_CODE": "1"},
        items=[once_soon(clock, "stub", retry={"max_attempts": 2, "backoff_seconds": 3})],
    )
    place.prepare()
    watch(place.ledger)
    daemon = place.start()
    try:
        assert waited_for(lambda: any(change.reason == "retry" for change in changes_in(place.ledger)), 30), (
            place.told()
        )
        clock.move(seconds)
        assert waited_for(lambda: status_of(place) == "FAILED", 15), place.told()
    finally:
        daemon.kill()
        place.survivors()

    assert [row.attempt for row in rows_in(place.ledger)] == [2]
