"""What other threads and signal handlers hand to one thread that waits for it."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from queue import Empty
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """A queue from which one thread takes, and into which anybody may put, a signal handler too.

    Neither of Python's queues will do. `Queue` has a lock that the thread may hold while its own signal handler puts
    something in. `SimpleQueue`, before Python 3.13, waits for ever where a signal's handler takes longer than what was
    left of the timeout.
    """

    __slots__ = ("_bell", "_items")

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        #: Free where something may have been put in since somebody last waited.
        self._bell = threading.Lock()
        self._bell.acquire()

    def put(self, item: T) -> None:
        """Put something in, and wake who waits; takes no lock."""
        self._items.append(item)
        # It is free already where nobody has waited since somebody else rang.
        with suppress(RuntimeError):
            self._bell.release()

    def get(self, timeout: float) -> T:
        """Take what was put in first.

        Args:
            timeout: how long to wait for it, in seconds.

        Raises:
            Empty: there was nothing until then.
        """
        until = time.monotonic() + timeout
        while True:
            with suppress(IndexError):
                return self._items.popleft()
            remaining = until - time.monotonic()
            if remaining <= 0:
                raise Empty
            self._bell.acquire(timeout=remaining)
