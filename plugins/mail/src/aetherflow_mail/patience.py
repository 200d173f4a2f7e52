"""How long a send may go on, and how another thread breaks it off."""

from __future__ import annotations

import contextlib
import socket
import threading
from time import monotonic

from .faults import Failure


class Patience:
    """The time limit of one send with all its attempts; `stop` may be called by any thread, at any moment."""

    def __init__(self, total_seconds: float) -> None:
        self._total_seconds = total_seconds
        self._end = monotonic() + total_seconds
        self._stopped = threading.Event()
        self._connection: socket.socket | None = None

    def limit(self, seconds: float) -> float:
        """The moment at which something that may take this long must be done, for `left`.

        Raises:
            Failure: the send was stopped, or its time is over.
        """
        self.check()
        return min(monotonic() + seconds, self._end)

    def left(self, moment: float) -> float:
        """Seconds until a moment that `limit` gave.

        Raises:
            Failure: the send was stopped, or the moment has passed.
        """
        self.check()
        seconds = moment - monotonic()
        if seconds <= 0:
            raise too_slow()
        return seconds

    def check(self) -> None:
        """Go on only while there is time, and nobody asked to stop.

        Raises:
            Failure: the send was stopped, or its time is over.
        """
        if self._stopped.is_set():
            raise Failure("stopped because the run must stop", code="AF-MAIL-STOPPED", help="go on with the run")
        if monotonic() >= self._end:
            raise Failure(
                f"the send took longer than {self._total_seconds:g} s",
                code="AF-MAIL-TIME",
                help="raise total_timeout in the options of the resource",
            )

    def wait(self, seconds: float) -> None:
        """Let time pass, but not longer than there is.

        Raises:
            Failure: the send was stopped, or its time is over.
        """
        self._stopped.wait(max(0.0, min(seconds, self._end - monotonic())))
        self.check()

    def watch(self, connection: socket.socket) -> None:
        """This is what `stop` breaks off, from now on.

        Raises:
            Failure: the send was stopped, or its time is over.
        """
        self._connection = connection
        self.check()

    def stop(self) -> None:
        """Break off what goes on."""
        self._stopped.set()
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(OSError):
                # Not the method of TLS sockets: it drops the encryption first, and what the other thread
                # sends just then would go in clear.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


def too_slow() -> Failure:
    """The server did not answer in time."""
    return Failure(
        "the server did not answer in time",
        code="AF-MAIL-TIME",
        help="raise timeout in the options of the resource",
        is_transient=True,
    )
