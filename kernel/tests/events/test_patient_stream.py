"""A log on a pipe that nobody reads, that is read late, or that is gone: who writes is never held up."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

import pytest

from aetherflow.kernel.events.patient_stream import PatientStream

pytestmark = pytest.mark.unit


class Gate:
    """A stream that takes nothing until it is opened."""

    def __init__(self):
        self.opened, self.taken, self.is_reached = threading.Event(), [], threading.Event()

    def write(self, text):
        self.is_reached.set()
        self.opened.wait()
        self.taken.append(text)

    def flush(self):
        pass


class Failing:
    """A stream that raises at its first texts."""

    def __init__(self, *errors):
        self.errors, self.taken = list(errors), []

    def write(self, text):
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append(text)

    def flush(self):
        pass


def test_texts_are_written_in_their_order_and_all_of_them_at_the_end():
    gate = Gate()
    gate.opened.set()
    stream = PatientStream(gate, on_dropped=pytest.fail)
    for number in range(1_000):
        stream.write(f"{number}\n")
    assert stream.finish(wait=60)
    assert gate.taken == [f"{number}\n" for number in range(1_000)]


def test_pipe_that_nobody_reads_holds_up_neither_who_writes_nor_the_end():
    reading, writing = os.pipe()
    file = os.fdopen(writing, "w")
    stream = PatientStream(file, on_dropped=lambda _: None, most_waiting=100)
    for _ in range(200):
        stream.write("x" * 65_536)
    assert not stream.finish(wait=0.01)
    os.close(reading)
    assert stream.finish(wait=60)
    with suppress(BrokenPipeError):
        file.close()


def test_oldest_are_dropped_and_counted_once_texts_are_taken_again():
    gate, dropped = Gate(), []
    stream = PatientStream(gate, on_dropped=dropped.append, most_waiting=3)
    stream.write("first")
    assert gate.is_reached.wait(60)
    for number in range(10):
        stream.write(str(number))
    assert dropped == []
    gate.opened.set()
    assert stream.finish(wait=60)
    assert gate.taken == ["first", "7", "8", "9"]
    assert dropped == [7]


def test_full_disk_loses_what_is_written_then_and_nothing_later():
    failing = Failing(OSError(28, "No space left on device"))
    stream = PatientStream(failing, on_dropped=pytest.fail)
    stream.write("lost")
    stream.write("kept")
    assert stream.finish(wait=60)
    assert failing.taken == ["kept"]


@pytest.mark.parametrize("error", [BrokenPipeError(), ValueError("I/O operation on closed file")])
def test_reader_that_went_away_ends_it_and_later_texts_are_let_go(error):
    failing = Failing(error)
    stream = PatientStream(failing, on_dropped=pytest.fail)
    stream.write("lost")
    assert stream.finish(wait=60)
    stream.write("later")
    assert failing.taken == []
