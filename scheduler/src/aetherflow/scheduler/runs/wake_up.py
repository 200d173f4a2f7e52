"""What ends the sleep of a loop: a pipe that threads and signal handlers write to."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time

_MOST_BYTES = 4096
#: Linux ends a wait up to a thousandth of it too late: the end of a long one is waited for by itself.
_LAST_SECONDS = 0.05


class WakeUp:
    """A pipe; whoever rings it ends the sleep of whoever sleeps on it, now or as soon as it is begun."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe()
        for descriptor in (self._reading, self.writing):
            os.set_blocking(descriptor, False)
        self._guard = threading.Lock()
        self._is_closed = False

    def ring(self) -> None:
        """End the sleep; for any thread, also after the pipe was let go of (signals write to `writing` themselves)."""
        # Full: it has been rung, and nobody has slept since.
        with self._guard, contextlib.suppress(BlockingIOError):
            if not self._is_closed:
                os.write(self.writing, b"!")

    def sleep(self, seconds: float) -> None:
        """Sleep at most so many seconds."""
        end = time.monotonic() + seconds
        if seconds > _LAST_SECONDS and self._is_rung_within(seconds - _LAST_SECONDS):
            return
        self._is_rung_within(end - time.monotonic())

    def close(self) -> None:
        """Let go of the pipe."""
        with self._guard:
            self._is_closed = True
            os.close(self._reading)
            os.close(self.writing)

    def _is_rung_within(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._reading, select.POLLIN)
        # Up to the next millisecond: to wake before the moment would be to sleep again at once.
        if not poll.poll(int(max(0.0, seconds) * 1000) + 1):
            return False
        self._drain()
        return True

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._reading, _MOST_BYTES):
                pass
