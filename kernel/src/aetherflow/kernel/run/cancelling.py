"""Why one attempt must stop: because the whole run must, or for a reason of its own."""

from __future__ import annotations

import threading
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..contracts.processes import CancelSignal

#: How often somebody who waits for the one looks for the other.
_LOOK_SECONDS = 0.05


class AttemptCancel:
    """Set when the run must stop, or when this attempt alone must; a `CancelSignal`."""

    def __init__(self, run: CancelSignal) -> None:
        self._run = run
        self._own = threading.Event()

    def set(self) -> None:
        """Have this attempt stop."""
        self._own.set()

    def is_set(self) -> bool:
        """Whether the attempt must stop."""
        return self._own.is_set() or self._run.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds; answers whether the attempt must stop."""
        deadline = None if timeout is None else monotonic() + timeout
        while not self.is_set():
            remaining = _LOOK_SECONDS if deadline is None else min(_LOOK_SECONDS, deadline - monotonic())
            if remaining <= 0:
                return False
            self._own.wait(remaining)
        return True
