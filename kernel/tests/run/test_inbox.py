"""What is handed to a thread that waits: in order, from anybody, and with an end to the waiting whatever arrives."""

from __future__ import annotations

import signal
import threading
import time
from queue import Empty

import pytest

from aetherflow.kernel.run.inbox import Inbox

pytestmark = pytest.mark.unit


@pytest.fixture
def on_signal():
    """Has SIGUSR1 handled by a function, on the main thread, while the test lasts."""
    before = signal.getsignal(signal.SIGUSR1)
    yield lambda handle: signal.signal(signal.SIGUSR1, lambda *_: handle())
    signal.signal(signal.SIGUSR1, before)


def signal_main_after(seconds):
    waiting = threading.Timer(seconds, signal.pthread_kill, (threading.main_thread().ident, signal.SIGUSR1))
    waiting.start()
    return waiting


def test_what_is_put_in_is_taken_in_order():
    inbox = Inbox()
    for number in range(3):
        inbox.put(number)
    assert [inbox.get(timeout=0) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(Empty):
        inbox.get(timeout=0)


def test_what_many_threads_put_in_is_taken_once_each():
    inbox = Inbox()
    threads = [threading.Thread(target=lambda: [inbox.put(number) for number in range(1000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    taken = [inbox.get(timeout=60) for _ in range(4000)]
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(list(range(1000)) * 4)
    with pytest.raises(Empty):
        inbox.get(timeout=0)


def test_who_waits_is_woken_by_what_is_put_in():
    inbox = Inbox()
    threading.Timer(0.05, inbox.put, ("late",)).start()
    assert inbox.get(timeout=60) == "late"


def test_a_signal_handler_may_put_something_in(on_signal):
    inbox = Inbox()
    on_signal(lambda: inbox.put("signal"))
    waiting = signal_main_after(0.05)
    assert inbox.get(timeout=60) == "signal"
    waiting.join()


def test_a_signal_as_the_time_ends_does_not_make_the_wait_endless(on_signal):
    """SimpleQueue of Python 3.11 and 3.12 would wait for what is put in much later."""
    inbox = Inbox()
    on_signal(lambda: time.sleep(0.2))
    waiting = signal_main_after(0.05)
    much_later = threading.Timer(5, inbox.put, ("much later",))
    much_later.start()
    with pytest.raises(Empty):
        inbox.get(timeout=0.1)
    much_later.cancel()
    waiting.join()
