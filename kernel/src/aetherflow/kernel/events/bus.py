"""Hands every event to every sink; a sink that fails is told of once and the others go on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..contracts.events import Event


class Sink(Protocol):
    """Something that shows or keeps events."""

    def handle(self, event: Event) -> None:
        """Take one event; called from one thread at a time."""

    def close(self) -> None:
        """Nothing more will come."""


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


class EventBus:
    """Events in the order in which they are told, one at a time, to all sinks."""

    _MOST_FAILURES = 3

    def __init__(self, sinks: Iterable[Sink], on_failure: Callable[[Sink, Exception], None]) -> None:
        self._sinks = list(sinks)
        self._failures: dict[int, int] = {}
        self._on_failure = on_failure
        self._guard = threading.RLock()

    def tell(self, event: Event) -> None:
        """Hand an event to all sinks."""
        with self._guard:
            for sink in self._sinks:
                if self._failures.get(id(sink), 0) < self._MOST_FAILURES:
                    self._hand(sink, event)

    def close(self) -> None:
        """Close all sinks."""
        with self._guard:
            for sink in self._sinks:
                sink.close()

    def _hand(self, sink: Sink, event: Event) -> None:
        try:
            sink.handle(event)
            self._failures.pop(id(sink), None)
        except Exception as error:  # noqa: BLE001 - an observer must never end a run
            count = self._failures[id(sink)] = self._failures.get(id(sink), 0) + 1
            if count == 1:
                self._on_failure(sink, error)
