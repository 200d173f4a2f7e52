"""What a signal handler may do, and what it leaves behind as it found it."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from aetherflow.kernel.run.stopping import Cancellation, Flag, Stop

PATIENCE = 60


def answer_of(script: str) -> str:
    """What a process of its own prints that must come to its end by itself."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


LOOKS = [
    "stop.cancelled.wait(0.01)",
    "stop.cancelled.set()",
    "stop.cancelled.is_set()",
    "stop.inbox.put(1)",
    "stop.inbox.get(0.01)",
]


@pytest.mark.parametrize("look", LOOKS)
def test_a_signal_may_come_at_any_moment_of_whoever_looks_for_it(look):
    """A handler that takes a lock waits for ever where the main thread holds it: it comes before every line here."""
    script = f"""
        import faulthandler, sys
        from aetherflow.kernel.run.stopping import Stop

        faulthandler.dump_traceback_later({PATIENCE / 2}, exit=True)
        asked = 0

        def at_each_line(frame, event, argument):
            global asked
            asked += 1
            # What a handler does at this very moment, on this thread; not again for what that does itself.
            sys.settrace(None)
            stop.ask(15)
            sys.settrace(at_each_line)
            return at_each_line

        for _ in range(3):
            stop = Stop()
            sys.settrace(at_each_line)
            {look}
            sys.settrace(None)
            assert stop.must_stop
        print("asked" if asked else "never")
        """
    assert answer_of(script) == "asked"


def test_asking_again_and_again_does_not_put_the_end_off():
    stop = Stop()
    stop.ask(15)
    grace = stop.deadline
    stop.ask(15)
    at_once = stop.deadline
    stop.ask(15)
    assert at_once < grace
    assert stop.deadline == at_once


def test_a_flag_waits_as_long_as_it_is_told_to():
    flag = Flag()
    assert not flag.wait(0.01)
    flag.set()
    assert flag.wait()


def test_an_attempt_stops_with_its_run_or_alone():
    stop = Stop()
    one, other = Cancellation(stop.cancelled), Cancellation(stop.cancelled)
    assert not one.wait(0.01)
    one.cancel()
    assert one.wait()
    assert not other.wait(0.01)
    stop.ask(15)
    assert other.wait()


def test_a_handler_that_python_does_not_know_stays_where_it_is():
    """Python can't bring back one that whoever embeds it had installed; nor can the run's end fail over it."""
    script = """
        import ctypes, os, sys

        libc = ctypes.CDLL(None)
        heard = []
        handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(heard.append)
        libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
        libc.signal(15, ctypes.cast(handler, ctypes.c_void_p))
        # Python looks at the handlers there are when the module is made.
        for name in ("signal", "_signal"):
            sys.modules.pop(name, None)
        import signal
        assert signal.getsignal(signal.SIGTERM) is None

        from aetherflow.kernel.run.stopping import Stop, stop_on_signals
        stop = Stop()
        before = signal.getsignal(signal.SIGHUP)
        with stop_on_signals(stop):
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGHUP) == before
        print(stop.signal_number, *heard)
        """
    assert answer_of(script) == "1 15"
