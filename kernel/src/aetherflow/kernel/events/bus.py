"""Hands every event to every sink; a sink that fails is told of once, and one that hangs holds up no end of a run."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from contextlib import AbstractContextManager

    from ..contracts.events import Event

#: How often somebody who waits for another one's telling looks whether the time is over.
_LOOK_SECONDS = 0.05
#: How long another one's telling is waited for once the time is over.
_LAST_WAIT = 0.5
#: How many events may wait to be told before those who bring more wait too: memory must not grow with them.
_MOST_UNTOLD = 1000
#: How many events a thread tells at a time that has other things to do.
_SLICE = 32


class Sink(Protocol):
    """Something that shows or keeps events."""

    def handle(self, event: Event) -> None:
        """Take one event; called from one thread at a time."""

    def close(self) -> None:
        """Nothing more will come."""


@runtime_checkable
class HoldingSink(Protocol):
    """A sink that shows many events for less than it shows each of them."""

    def hold(self) -> None:
        """More follows at once."""

    def rest(self) -> None:
        """For now there is no more: show what was held."""


class CallbackSink:
    """A function that wants every event."""

    def __init__(self, function: Callable[[Event], None]) -> None:
        self._function = function

    def handle(self, event: Event) -> None:
        """Hand one event on."""
        self._function(event)

    def close(self) -> None:
        """Nothing to let go of."""


def warn_of_sink(sink: Sink, error: Exception) -> None:
    """Say through `logging` that a sink failed; for programs that run flows themselves."""
    import logging

    logging.getLogger("aetherflow").warning("an observer failed (%s): %s", type(sink).__name__, error)


class _Patience:
    """How long somebody is waited for: as long as the time lasts, and a moment longer."""

    def __init__(self, is_over: Callable[[], bool]) -> None:
        self._is_over = is_over
        self._over_since: float | None = None

    def is_at_its_end(self) -> bool:
        """Whether nobody is waited for any longer."""
        if self._over_since is None and self._is_over():
            self._over_since = time.monotonic()
        return self._over_since is not None and time.monotonic() - self._over_since > _LAST_WAIT


class Telling:
    """One event after the other, in the order in which they came, by whichever thread has time for it.

    Whoever takes the events may be slow, or never come back: a pipe that nobody reads, an observer that hangs. A
    thread that leaves what is to be told is not held up by it, unless too much waits already; nor has it to tell what
    others leave meanwhile. Once the time is over (`is_over`) the one that tells is not waited for any longer, and what
    is not told by then is dropped.

    Args:
        tell: takes one event, or is slow with it.
        is_over: whether nobody is to be waited for any longer.
        together: what is told in this context may be shown all at once, at its end at the latest.
        start: does a task on a thread of its own.
    """

    def __init__(
        self,
        tell: Callable[[Event], None],
        *,
        is_over: Callable[[], bool],
        together: Callable[[], AbstractContextManager[None]] = nullcontext,
        start: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._tell = tell
        self._is_over = is_over
        self._together = together
        self._start = start
        self._untold: deque[Event] = deque()
        #: How many events there were, and how many of them are told.
        self._left, self._told = 0, 0
        self._order = threading.Lock()
        #: Held by the thread that tells.
        self._guard = threading.Lock()
        self._teller: int | None = None
        #: Whether a thread is about to tell what nobody else has time for.
        self._has_teller = False
        #: Whether a thread was still busy telling when the time was over.
        self.has_given_up = False

    def tell(self, event: Event) -> None:
        """Tell one event, after those that came before it; by this thread where that takes no time of others."""
        self.leave((event,))
        if self._teller == threading.get_ident():
            # A sink says something itself: it is told while it does.
            while self._untold:
                self._tell_next()
            return
        self.tell_left()
        self.wait_while_crowded()

    def leave(self, events: Collection[Event]) -> None:
        """Put events in their place among those that are to be told, for `tell_left`."""
        with self._order:
            self._untold += events
            self._left += len(events)

    def tell_left(self) -> None:
        """See to it that what was left is told, some by this thread, the rest by another one; waits for nobody."""
        # Where another thread tells, it hands over what it does not tell itself.
        if self._untold and self._guard.acquire(blocking=False):
            try:
                self._tell_until(min(self._left, self._told + _SLICE))
            finally:
                self._hand_over()

    def wait_while_crowded(self) -> None:
        """Wait for whoever tells where too much is untold: memory must not grow with it."""
        while self._is_crowded() and self._waited(lambda: not self._is_crowded(), _Patience(self._is_over)):
            try:
                self._tell_until(self._told + _SLICE)
            finally:
                self._hand_over()

    def _is_crowded(self) -> bool:
        return len(self._untold) > _MOST_UNTOLD

    def finish(self) -> None:
        """Wait until all that was left is told."""
        number, patience = self._left, _Patience(self._is_over)
        self._hand_over()
        while self._waited(lambda: self._told >= number, patience):
            try:
                # One at a time: the time may be over after each.
                self._tell_until(self._told + 1)
            finally:
                self._hand_over()

    def _tell_until(self, number: int) -> None:
        """Tell all up to that number, with the guard that this thread has, which it gives back."""
        self._teller = threading.get_ident()
        try:
            with self._together() if number - self._told > 1 else nullcontext():
                while self._told < number and self._untold:
                    self._tell_next()
        finally:
            self._teller = None
            self._guard.release()

    def _tell_next(self) -> None:
        event = self._untold.popleft()
        try:
            self._tell(event)
        finally:
            self._told += 1

    def _hand_over(self) -> None:
        """Let another thread tell what came meanwhile: this one has other things to do."""
        with self._order:
            if not self._untold or self._has_teller:
                return
            self._has_teller = True
        if self._start is not None:
            with suppress(RunFailed):
                self._start(self._tell_the_rest)
                return
        self._tell_the_rest()

    def _tell_the_rest(self) -> None:
        with self._order:
            self._has_teller = False
        while self._untold and self._guard.acquire(blocking=False):
            self._tell_until(self._told + _MOST_UNTOLD)

    def _waited(self, is_enough: Callable[[], bool], patience: _Patience) -> bool:
        """Wait for whoever tells; answers whether it is this thread's turn, which is not needed where it is enough."""
        while not self.has_given_up and not is_enough():
            if patience.is_at_its_end():
                self.has_given_up = True
                return False
            if self._guard.acquire(timeout=_LOOK_SECONDS):
                return True
        return False


class EventBus:
    """Events in the order in which they are told, one at a time, to all sinks."""

    _MOST_FAILURES = 3

    def __init__(self, sinks: Iterable[Sink], on_failure: Callable[[Sink, Exception], None]) -> None:
        self._sinks = list(sinks)
        self._holding = [sink for sink in self._sinks if isinstance(sink, HoldingSink)]
        self._failures: dict[int, int] = {}
        self._on_failure = on_failure
        self._guard = threading.RLock()

    def tell(self, event: Event) -> None:
        """Hand an event to all sinks."""
        with self._guard:
            for sink in self._sinks:
                if self._failures.get(id(sink), 0) < self._MOST_FAILURES:
                    self._hand(sink, event)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is told while the block lasts may be shown all at once, at its end at the latest."""
        for sink in self._holding:
            sink.hold()
        try:
            yield
        finally:
            for sink in self._holding:
                sink.rest()

    def close(self) -> None:
        """Close all sinks; not those of a bus that a thread is still telling, which was not waited for either."""
        if not self._guard.acquire(timeout=_LAST_WAIT):
            return
        try:
            for sink in self._sinks:
                self._close(sink)
        finally:
            self._guard.release()

    def _close(self, sink: Sink) -> None:
        try:
            sink.close()
        except Exception as error:  # noqa: BLE001 - how the run ended is known by now: a terminal that is gone changes nothing
            self._on_failure(sink, error)

    def _hand(self, sink: Sink, event: Event) -> None:
        try:
            sink.handle(event)
            self._failures.pop(id(sink), None)
        except Exception as error:  # noqa: BLE001 - an observer must never end a run
            count = self._failures[id(sink)] = self._failures.get(id(sink), 0) + 1
            if count == 1:
                self._on_failure(sink, error)
