"""The log and the observers of a program that tells events for months, and must not be held up by those who hear."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from ..check.preparation import find_surroundings
from ..events.library_logs import library_logs
from ..events.lines import LineLog
from ..events.opening import open_observers
from ..events.patient_stream import PatientStream
from .observed import observer_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from ..check.preparation import Surroundings
    from ..contracts.events import Event
    from ..events.lines import TextStream
    from ..events.observers import Observers

#: How long an observer is waited for at the end, in seconds.
_LAST_WAIT_FOR_OBSERVERS = 5.0
#: An observer that gets no more events is tried again after so many seconds, unless it hangs.
_AGAIN_AFTER = 600.0


class EventLog:
    """Tells events in lines on a stream, and to observers; safe to use from several threads."""

    def __init__(self, surroundings: Surroundings, stream: TextStream) -> None:
        settings = surroundings.settings
        self._surroundings = surroundings
        self._stream = PatientStream(stream, on_dropped=self._tell_of_dropped)
        #: The lines alone, without observers.
        self.lines = LineLog(
            self._stream,
            redactor=surroundings.redactor,
            level=settings.log_level,
            as_json=settings.log_format == "json",
        )
        self._observers: Observers | None = None
        self._tell: Callable[[Event], None] = self.lines.handle
        #: Known at the end: a thread hangs in an observer, or where it writes, and the process should leave by
        #: `os._exit`.
        self.has_left_behind = False

    def tell(self, event: Event) -> None:
        """Write a line, and hand the event to the observers; waits a moment for an observer that is far behind."""
        self._tell(event)

    def open_observers(self) -> None:
        """Have those hear that the runtime profile grants it to.

        Raises:
            InvalidInput: an observer can't do what it was told to.
            RefusedByPolicy: it may not do it here.
        """
        from ..events.observers import Patience

        surroundings = self._surroundings
        self._observers = open_observers(
            surroundings.index,
            context=lambda: observer_context(surroundings),
            redactor=surroundings.redactor,
            patience=Patience(when_stopped=_LAST_WAIT_FOR_OBSERVERS, again_after=_AGAIN_AFTER),
        )
        if self._observers is not None:
            self._tell = self._observers.watching(self.lines.handle)

    def close_observers(self) -> None:
        """Let them take what is left, for some seconds."""
        if self._observers is not None and not self._observers.close(is_stopped=True):
            self.has_left_behind = True

    def close(self) -> None:
        """Write what is left, for some seconds."""
        if not self._stream.finish():
            self.has_left_behind = True

    def _tell_of_dropped(self, dropped: int) -> None:
        message = f"nobody took the lines of this log for a while: {dropped:,} of them were dropped"
        self.lines.write("WARNING", "log_dropped", time.time(), {"message": message})


@contextmanager
def open_event_log(
    place: Path, *, profile: str | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[EventLog]:
    """Tell events as a run does: in lines on standard error, and to the observers that the runtime profile grants.

    While the block lasts, what libraries say through `logging` and `warnings` is told there too.

    Args:
        place: a file or folder of the project.
        profile: the runtime profile asked for.
        environment: the environment; the process's own by default.

    Raises:
        InvalidInput: settings are wrong, or an observer can't do what it was told to.
        RefusedByPolicy: the policy can't be read, the profile may not be chosen, or an observer may not act here.
    """
    surroundings = find_surroundings(place, profile=profile, environ=os.environ if environment is None else environment)
    with ExitStack() as stack:
        stack.enter_context(surroundings.index)
        event_log = EventLog(surroundings, sys.stderr)
        stack.callback(event_log.close)
        stack.enter_context(library_logs(event_log.lines, surroundings.settings.log_level))
        stack.callback(event_log.close_observers)
        event_log.open_observers()
        yield event_log
