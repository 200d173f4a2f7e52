"""How a run is stopped: a signal cancels what runs, a second one does not wait."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from ..errors import Stopped
from ..quick_dataclasses import dataclass, field
from .inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: How long a step that was asked to stop may still be busy, in seconds.
GRACE_SECONDS = 8.0
#: How long connectors may take to be closed, all together, where nobody asked the run to stop, and in any case.
CLOSE_SECONDS, CLOSE_AT_LEAST = 10.0, 0.5
#: How long a run that was asked to stop may take, beyond its grace, to put away what it leaves.
PUT_AWAY_SECONDS = 1.0
#: How often somebody who waits for something else looks whether the run must stop.
LOOK_SECONDS = 0.05


class Flag:
    """Whether something must stop; a `CancelSignal`.

    Unlike an Event it has no lock. A signal handler runs in the middle of whatever the main thread does: of a
    lock that the main thread holds, or is about to be given, it would wait for ever.
    """

    __slots__ = ("_is_set",)

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        """Ask whoever looks to stop; safe to call from a signal handler and from any thread."""
        self._is_set = True

    def is_set(self) -> bool:
        """Whether it must stop."""
        return self._is_set

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds; answers whether it must stop."""
        return _waited_for(self.is_set, timeout)


def _waited_for(is_set: Callable[[], bool], timeout: float | None) -> bool:
    until = None if timeout is None else time.monotonic() + timeout
    while not is_set():
        remaining = LOOK_SECONDS if until is None else min(LOOK_SECONDS, until - time.monotonic())
        if remaining <= 0:
            return False
        time.sleep(remaining)
    return True


@dataclass(frozen=True, slots=True)
class SignalArrived:
    """What the handler puts into the inbox of whoever waits for the run's jobs."""

    number: int


@dataclass(slots=True)
class Stop:
    """Whether and why a run must stop; `inbox` is where the waiting side hears of it."""

    inbox: Inbox[object] = field(default_factory=Inbox)
    #: Set when all that runs must stop; at the end of a stopped run another one takes its place, see `begin_the_end`.
    cancelled: Flag = field(default_factory=Flag)
    signal_number: int | None = None
    #: When whatever still runs is left behind, in monotonic seconds; null as long as nobody asked.
    deadline: float | None = None
    #: A second signal came before the grace after the first one was over.
    is_at_once: bool = False
    #: The lock of the flow was lost: another run of it may be under way.
    has_lost_lock: bool = False

    @property
    def is_asked(self) -> bool:
        """Whether a signal asked the run to stop."""
        return self.signal_number is not None

    @property
    def must_stop(self) -> bool:
        """Whether nothing new may be started."""
        return self.cancelled.is_set()

    @property
    def is_over(self) -> bool:
        """Whether the time for what runs is over."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    @property
    def is_long_over(self) -> bool:
        """Whether even what only writes down what happened has had its time."""
        return self.deadline is not None and time.monotonic() >= self.deadline + CLOSE_AT_LEAST

    @property
    def seconds_to_close(self) -> float:
        """How long connectors may take to be closed: what is left of the grace, and a little where that is over."""
        return CLOSE_SECONDS if self.deadline is None else max(CLOSE_AT_LEAST, self.deadline - time.monotonic())

    def may_put_away(self, since: float) -> bool:
        """Whether there is still time to put away what the run leaves; it began to at `since`, in monotonic seconds."""
        return self.deadline is None or time.monotonic() < max(self.deadline, since) + PUT_AWAY_SECONDS

    def refuse_to_begin(self) -> None:
        """Go on only where no signal came before the run began.

        Raises:
            Stopped: one did; nothing was written of this start.
        """
        if self.signal_number is not None:
            raise Stopped("stopped by a signal before the run began", signal_number=self.signal_number)

    def ask(self, number: int) -> None:
        """Ask the run to stop; safe to call from a signal handler, and again: then at once.

        It takes no lock: all that it does is to set attributes, and to put something into the inbox, which allows it.
        """
        now = time.monotonic()
        self.is_at_once = self.is_at_once or (self.is_asked and not self.is_over)
        if self.signal_number is None or self.deadline is None:
            self.deadline = now + GRACE_SECONDS
        else:
            # Whoever asks again and again must not put the end off.
            self.deadline = min(self.deadline, now)
        self.signal_number = self.signal_number or number
        self.cancelled.set()
        self.inbox.put(SignalArrived(number))

    def give_up(self) -> None:
        """Have everything stop because the run can't go on; safe to call from any thread."""
        if self.deadline is None:
            self.deadline = time.monotonic() + GRACE_SECONDS
        self.cancelled.set()
        # Whoever waits looks at the deadline when it wakes.
        self.inbox.put(None)

    def lose_lock(self) -> None:
        """Have everything stop because the lock of the flow is another run's."""
        self.has_lost_lock = True
        self.give_up()

    def begin_the_end(self) -> None:
        """Let the jobs run that belong to the end of the run, as long as the grace lasts."""
        if self.must_stop and not self.is_over:
            self.cancelled = Flag()


class SupportsCancel(Protocol):
    """Something that can be broken off from another thread."""

    def cancel(self) -> None:
        """Break it off; does not wait."""


class Cancellation:
    """Whether one attempt must stop: because the run must, or it alone; a `CancelSignal`."""

    __slots__ = ("_of_run", "connectors", "is_cancelled")

    def __init__(self, of_run: Flag) -> None:
        self._of_run = of_run
        #: What the attempt uses to reach other systems, where it has begun.
        self.connectors: SupportsCancel | None = None
        #: Whether this attempt alone must stop.
        self.is_cancelled = False

    def cancel(self) -> None:
        """Ask the attempt to stop, and what it waits for to break off."""
        self.is_cancelled = True
        if self.connectors is not None:
            self.connectors.cancel()

    def is_set(self) -> bool:
        """Whether the attempt must stop."""
        return self.is_cancelled or self._of_run.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds; answers whether the attempt must stop."""
        return _waited_for(self.is_set, timeout)


@contextmanager
def stop_on_signals(stop: Stop) -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGHUP ask `stop` while the block lasts, where this is the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    known = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What this process was started to ignore (nohup) stays ignored. A handler that Python does not know, of a
    # program that embeds it, stays as well: it could not be brought back.
    numbers = [number for number in known if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, lambda arrived, _: stop.ask(arrived)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
