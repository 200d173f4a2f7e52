"""Signals as wishes: to stop, to stop at once, to read the schedule file again."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from ..runs.wake_up import WakeUp


class Wishes:
    """What signals have asked for so far; the handlers only set attributes."""

    def __init__(self) -> None:
        #: The signal that asked to stop; null where none did.
        self.stop: int | None = None
        #: It was asked for twice.
        self.is_at_once = False
        self.is_reload = False
        #: SIGHUP asks for that; else it asks to stop, as for any program whose terminal is closed.
        self.may_reload = True

    def ask(self, number: int) -> None:
        """Note a signal."""
        if number == signal.SIGHUP and self.may_reload:
            self.is_reload = True
            return
        self.is_at_once = self.stop is not None
        self.stop = self.stop or number

    def take_reload(self) -> bool:
        """Whether the schedule file is to be read again; it is asked for once."""
        wished, self.is_reload = self.is_reload, False
        return wished


@contextmanager
def wishes_by_signals(wake_up: WakeUp) -> Iterator[Wishes]:
    """Let signals ask and ring while the block lasts; this is the main thread."""
    wishes = Wishes()
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, lambda number, _: wishes.ask(number)) for number in numbers}
    woken_before = signal.set_wakeup_fd(wake_up.writing, warn_on_full_buffer=False)
    try:
        yield wishes
    finally:
        signal.set_wakeup_fd(woken_before)
        for number, handler in before.items():
            signal.signal(number, handler)
