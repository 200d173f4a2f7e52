"""Observers: plugins that hear of everything that happens, each on a thread of its own, so that none holds up a run."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..contracts.events import Event, Status
from ..plugins.boundary import LONGEST_MESSAGE, told
from ..quick_dataclasses import dataclass, field_names, replace
from .lines import plain_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .lines import Redact

_MOST_FAILURES = 3
#: Where failures of observers are told; a run of the command line has them in its log.
_LOG = logging.getLogger("aetherflow.observers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a run waits for its observers, in seconds."""

    #: Events that wait for one observer; only then the run waits for it.
    most_waiting: int = 1_000
    #: For room among them, before the observer gets no more.
    for_room: float = 2.0
    #: At the end of the run, for one event to be taken.
    at_end: float = 5.0
    #: For all of them, where the run was stopped or did not come to its end.
    when_stopped: float = 1.0
    #: Before an observer that gets no more events is tried again, unless it hangs; null for never.
    again_after: float | None = None


class Observers:
    """All observers of one run, in their order."""

    def __init__(
        self, observing: Iterable[tuple[str, Callable[[Event], object]]], *, redactor: Redact, patience: Patience
    ) -> None:
        self._observers = [Observer(name, take, redactor=redactor, patience=patience) for name, take in observing]
        # Of several threads that tell, all observers hear in one order: that of the log.
        self._order = threading.RLock()

    def watching(self, tell: Callable[[Event], None]) -> Callable[[Event], None]:
        """A `tell` that hands each event to the observers too."""

        def tell_all(event: Event) -> None:
            with self._order:
                tell(event)
                for observer in self._observers:
                    observer.hand(event)

        return tell_all

    def close(self, *, is_stopped: bool = False) -> bool:
        """Let the observers take what is left; answers whether all of them came to their end."""
        for observer in self._observers:
            observer.finish()
        ended = [observer.has_ended(is_stopped=is_stopped) for observer in self._observers]
        return all(ended)


class Observer:
    """One plugin's `aetherflow_event`: the events that wait for it, and the thread on which it takes them."""

    def __init__(self, name: str, take: Callable[[Event], object], *, redactor: Redact, patience: Patience) -> None:
        self._name = name
        self._take = take
        self._redactor = redactor
        self._patience = patience
        self._changed = threading.Condition()
        self._waiting: deque[Event] = deque()
        self._taken = 0
        self._is_ending = False
        self._is_done = False
        self._is_muted = False
        self._muted_at = 0.0
        self._failures_in_a_row = 0
        self._has_told = False
        self._thread = self._new_thread()

    def hand(self, event: Event) -> None:
        """Let an event wait for the observer; returns at once, unless very many wait already."""
        with self._changed:
            if self._is_muted and not self._is_tried_again():
                return
            has_room = self._is_started() and self._changed.wait_for(self._has_room, self._patience.for_room)
            if not has_room:
                self._mute()
            elif not self._is_muted:
                self._waiting.append(event)
                self._changed.notify_all()
        if not has_room:
            say(self._redactor, f"observer {self._name} takes no more events: it gets none from now on")

    def finish(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()

    def has_ended(self, *, is_stopped: bool) -> bool:
        """Wait for the last event to be taken, as long as it goes on; what is left then is told of, and given up."""
        with self._changed:
            if not self._thread.ident:
                return True
            if is_stopped:
                self._changed.wait_for(lambda: self._is_done, self._patience.when_stopped)
            while not self._is_done and not is_stopped and self._goes_on():
                pass
            if self._is_done:
                return True
            left = len(self._waiting)
            self._mute()
        say(self._redactor, f"observer {self._name} is still busy: it is left behind, and {left} more events with it")
        return False

    def _goes_on(self) -> bool:
        before = self._taken
        return self._changed.wait_for(lambda: self._is_done or self._taken != before, self._patience.at_end)

    def _new_thread(self) -> threading.Thread:
        # A daemon: an observer that hangs keeps no process from leaving.
        return threading.Thread(target=self._work, name=f"observer {self._name}", daemon=True)

    def _is_tried_again(self) -> bool:
        """Whether an observer that was muted hears again: what it needs may have been away for a while."""
        after = self._patience.again_after
        hangs = self._thread.ident is not None and not self._is_done
        if after is None or hangs or time.monotonic() - self._muted_at < after:
            return False
        self._is_muted = self._is_done = self._has_told = False
        self._failures_in_a_row = 0
        self._thread = self._new_thread()
        return True

    def _is_started(self) -> bool:
        if not self._thread.ident:
            try:
                self._thread.start()
            except RuntimeError:  # the system has no room for one more
                return False
        return True

    def _has_room(self) -> bool:
        return self._is_muted or len(self._waiting) < self._patience.most_waiting

    def _mute(self) -> None:
        self._is_muted = True
        self._muted_at = time.monotonic()
        self._waiting.clear()
        self._changed.notify_all()

    def _work(self) -> None:
        while (event := self._next()) is not None:
            self._hand_over(event)
            with self._changed:
                self._taken += 1
                self._changed.notify_all()
        with self._changed:
            self._is_done = True
            self._changed.notify_all()

    def _next(self) -> Event | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_ending or self._is_muted)
            if not self._waiting:
                return None
            event = self._waiting.popleft()
            self._changed.notify_all()
            return event

    def _hand_over(self, event: Event) -> None:
        try:
            self._take(without_secrets(event, self._redactor))
            self._failures_in_a_row = 0
        except BaseException as error:  # noqa: BLE001 - an observer must never end a run, nor leave the process
            self._failed(event, error)

    def _failed(self, event: Event, error: BaseException) -> None:
        self._failures_in_a_row += 1
        if not self._has_told:
            self._has_told = True
            after = f"it is told once; after {_MOST_FAILURES} failures in a row the observer gets no more events"
            say(self._redactor, f"observer {self._name} failed at {event.name}: {told(error)} ({after})")
        if self._failures_in_a_row >= _MOST_FAILURES:
            with self._changed:
                self._mute()


def without_secrets(event: Event, redactor: Redact) -> Event:
    """The event as a log shows it: its texts masked, a step's own fields as plain values."""
    changed: dict[str, Any] = {}
    for name in field_names(type(event)):
        value = getattr(event, name)
        if isinstance(value, Mapping):
            changed[name] = redactor.redact_value(plain_values(value))
        elif isinstance(value, tuple):
            changed[name] = tuple(redactor.redact_value(value))
        elif isinstance(value, str) and not isinstance(value, Status) and redactor.knows_secrets:
            changed[name] = redactor.redact(value)
    return replace(event, **changed) if changed else event


def say(redactor: Redact, text: str) -> None:
    """Tell once, on one line, that something is wrong with an observer."""
    _LOG.error("%s", " ".join(redactor.redact(text).split())[:LONGEST_MESSAGE])
