"""How a run is stopped: a signal cancels what runs, a second one does not wait."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING

from ..quick_dataclasses import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How long a step that was asked to stop may still be busy, in seconds.
GRACE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class SignalArrived:
    """What the handler puts into the inbox of whoever waits for a step."""

    number: int


@dataclass(slots=True)
class Stop:
    """Whether and why a run must stop; `inbox` is where the waiting side hears of it."""

    inbox: SimpleQueue[object] = field(default_factory=SimpleQueue)
    cancelled: threading.Event = field(default_factory=threading.Event)
    signal_number: int | None = None

    @property
    def is_asked(self) -> bool:
        """Whether the run was asked to stop."""
        return self.signal_number is not None

    def ask(self, number: int) -> None:
        """Ask the run to stop; safe to call from a signal handler, and again."""
        self.signal_number = self.signal_number or number
        self.cancelled.set()
        self.inbox.put(SignalArrived(number))


@contextmanager
def stop_on_signals(stop: Stop) -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGHUP ask `stop` while the block lasts, where this is the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    known = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What this process was started to ignore (nohup) stays ignored.
    numbers = [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda arrived, _: stop.ask(arrived)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
