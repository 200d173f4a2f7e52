"""A sleep that ends when it is rung for."""

from __future__ import annotations

import os
import threading
import time

import pytest

from aetherflow.scheduler.runs.wake_up import WakeUp

pytestmark = pytest.mark.unit


@pytest.fixture
def wake_up():
    made = WakeUp()
    yield made
    made.close()


def seconds_of(sleep):
    began = time.monotonic()
    sleep()
    return time.monotonic() - began


def test_ring_from_another_thread_ends_the_sleep(wake_up):
    ringing = threading.Timer(0.05, wake_up.ring)
    ringing.start()
    assert seconds_of(lambda: wake_up.sleep(20)) < 10
    ringing.join()


@pytest.mark.parametrize("seconds", [0.02, 0.3])
def test_sleep_that_nobody_ends_lasts_as_long_as_it_was_told(wake_up, seconds):
    assert seconds_of(lambda: wake_up.sleep(seconds)) >= seconds


def test_ring_before_the_sleep_is_not_lost_and_counts_once(wake_up):
    for _ in range(100_000):
        wake_up.ring()
    assert seconds_of(lambda: wake_up.sleep(20)) < 10
    assert seconds_of(lambda: wake_up.sleep(0.05)) >= 0.05


def test_ring_after_the_end_reaches_nobody():
    made = WakeUp()
    made.close()
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    made.ring()
    with pytest.raises(BlockingIOError):
        os.read(reading, 1)
    os.close(reading)
    os.close(writing)
