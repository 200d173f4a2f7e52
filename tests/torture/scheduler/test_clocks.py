"""R13: the clock of a daemon is set, and no occurrence runs twice, none is lost beyond its policy."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from ..lengths import SCALE
from .audit import changes_in, rows_in
from .clock import DAY, HOUR, MovedClock, built_library
from .jumping import ITEMS, MOST_SLEEPS, Jumper
from .place import Place, every_second

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
    "days ahead, and set right": ((4 * DAY, -4 * DAY), False),
    "days ahead, and set right, and started anew": ((4 * DAY, -4 * DAY), True),
    "forwards and back, and started anew": ((HOUR, -HOUR, DAY, -DAY), True),
    "a little back, again and again": ((-10, -10, 25), False),
    "back, and forwards over all of it, and started anew": ((-DAY, -HOUR, 2 * DAY), True),
}
NAMES = list(JUMPS) if SCALE >= 1 else list(JUMPS)[:3]
#: So long a condition may take to come true, on a busy machine.
PATIENCE_SECONDS = 40


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The first occurrence of an item: the clock is set when it has come so far, and it must come to a good end."""

    policies: dict
    #: When the clock is set.
    condition: Callable[[Place], bool]
    #: How it ends, and in which attempt.
    end: tuple[str, int]
    #: How the place is made.
    how: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)


def is_tried_again(place):
    return any(change.reason == "retry" for change in changes_in(place.ledger))


SCENES = {
    "a run at work is not hurt": Scene(
        policies={"max_run_seconds": 60},
        condition=lambda place: (place.outside / "begun").exists(),
        end=("SUCCESS", 1),
        how={"runs": "kernel", "seconds": 2},
    ),
    "a run that hangs is ended in its time": Scene(
        policies={"max_run_seconds": 3},
        condition=lambda place: place.witness.exists(),
        end=("TIMED_OUT", 1),
        how={"seconds": 60},
    ),
    "the wait before the next attempt is no longer": Scene(
        policies={"retry": {"max_attempts": 2, "backoff_seconds": 3}},
        condition=is_tried_again,
        end=("FAILED", 2),
        environment={"STUB_CODE": "1"},
    ),
}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """All of them, some at the same time: most of each is waiting."""
    folder = tmp_path_factory.mktemp("clocks")
    library = built_library(folder)

    def clock_in(name):
        (folder / name).mkdir()
        return MovedClock(library, folder / name / "clock"), folder / name / "place"

    with ThreadPoolExecutor(4) as pool:
        jumps = {name: pool.submit(jump, *clock_in(f"jumps{NAMES.index(name)}"), *JUMPS[name]) for name in NAMES}
        scenes = {
            (name, seconds): pool.submit(play, *clock_in(f"scene{number}{seconds}"), SCENES[name], seconds)
            for number, name in enumerate(SCENES)
            for seconds in (HOUR, -DAY)
        }
        yield {**jumps, **scenes}


def jump(clock, folder, jumps, is_killed):
    jumper = Jumper(Place(folder=folder, code=clock.environment, items=ITEMS, seconds=0.05), clock)
    jumper.jump(*jumps, kill=is_killed)
    return jumper


def play(clock, folder, scene, seconds):
    """Set the clock as soon as the condition holds; answers how the first occurrence ended, or stands."""
    item = every_second("item", flow="slow", every="2s", overlap="skip", misfire="skip", **scene.policies)
    place = Place(folder=folder, code={**clock.environment, **scene.environment}, items=[item], **scene.how)
    place.make_ledger()
    daemon = place.start()
    try:
        assert is_soon_true(lambda: scene.condition(place)), place.told()
        clock.move(seconds)
        is_soon_true(lambda: rows_in(place.ledger)[0].status not in {"RUNNING", "WAITING"})
        daemon.leave()
    finally:
        daemon.kill()
        place.survivors()
    first = rows_in(place.ledger)[0]
    return first.status, first.attempt


def is_soon_true(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_r13_a_jump_of_the_clock_repeats_nothing_and_loses_nothing_beyond_policy(played, name):
    jumper = played[name].result()

    print(f"\nscheduler, clock {name}: at most {jumper.busiest:.0f} sleeps a second, {len(jumper.faults)} faults")
    assert jumper.faults == []
    assert jumper.busiest < MOST_SLEEPS


@pytest.mark.parametrize("seconds", [HOUR, -DAY])
@pytest.mark.parametrize("name", SCENES)
def test_r13_what_counts_seconds_counts_them_on_when_the_clock_is_set(played, name, seconds):
    assert played[name, seconds].result() == SCENES[name].end
