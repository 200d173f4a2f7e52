"""A stream for those who live long: whoever reads it may hang, and holds up nobody."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .lines import TextStream

#: So many texts may wait to be taken; then the oldest are dropped.
_MOST_WAITING = 10_000
#: How long the end waits for what is left to be taken, in seconds.
_LAST_WAIT = 2.0


class PatientStream:
    """Takes texts at once, and writes them on a thread of its own in their order.

    Where nobody takes them, memory does not grow: the oldest are dropped.

    Args:
        stream: where they go.
        on_dropped: hears how many were dropped, once texts are taken again; may write that.
        most_waiting: how many may wait.
    """

    def __init__(
        self, stream: TextStream, *, on_dropped: Callable[[int], None], most_waiting: int = _MOST_WAITING
    ) -> None:
        self._stream = stream
        self._on_dropped = on_dropped
        self._waiting: deque[str] = deque()
        self._most_waiting = most_waiting
        self._dropped = 0
        self._changed = threading.Condition()
        self._is_ending = False
        self._is_done = False
        # A daemon: a pipe that nobody reads keeps no process from leaving.
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        self._thread.start()

    def write(self, text: str, /) -> None:
        """Let a text wait to be written."""
        with self._changed:
            if self._is_done:
                return
            if len(self._waiting) == self._most_waiting:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append(text)
            self._changed.notify_all()

    def flush(self) -> None:
        """Nothing is held back that could be written."""

    def finish(self, *, wait: float = _LAST_WAIT) -> bool:
        """Write what is left, and nothing more; answers whether all of it was taken in time."""
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._is_done, wait)

    def _work(self) -> None:
        while (text := self._next()) is not None:
            try:
                self._stream.write(text)
                self._stream.flush()
            except (BrokenPipeError, ValueError):
                # Closed, or its reader went away for good.
                break
            except OSError:
                # Full, most likely: later ones are tried again.
                continue
            self._tell_of_dropped()
        with self._changed:
            self._is_done = True
            self._waiting.clear()
            self._changed.notify_all()

    def _next(self) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_ending)
            if not self._waiting:
                return None
            return self._waiting.popleft()

    def _tell_of_dropped(self) -> None:
        with self._changed:
            dropped, self._dropped = self._dropped, 0
        if dropped:
            self._on_dropped(dropped)
