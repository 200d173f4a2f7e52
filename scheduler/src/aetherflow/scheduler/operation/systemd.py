"""What systemd is told: that the scheduler is ready, reloads, stops, and lives."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping

_MICROSECONDS = 1_000_000
#: How long is waited for room for what is said once: the socket of a busy machine is full for moments.
_PATIENCE_SECONDS = 5.0


class Notifier:
    """Sends messages to the socket of `NOTIFY_SOCKET`, and to nobody where there is none."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        self._every = _watchdog_seconds(environment)
        self._next = time.monotonic()

    @property
    def most_seconds(self) -> float:
        """How long may be slept at most, so that the next message of life is in time."""
        return self._every or 1.0

    def ready(self) -> None:
        """Say that what is due is run from now on."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Say that the schedule file is read again; `ready` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """Say that nothing more is started."""
        self._send("STOPPING=1")

    def live(self) -> None:
        """Say that the scheduler lives, as often as systemd wants to hear it."""
        now = time.monotonic()
        # One that found no room is said again with the next look, and holds up nothing.
        if self._every is not None and now >= self._next and self._send("WATCHDOG=1", patience=0):
            self._next = now + self._every

    def _send(self, message: str, *, patience: float = _PATIENCE_SECONDS) -> bool:
        """Send a message; answers whether it was taken."""
        if not self._address.startswith(("/", "\0")):
            return False
        # Nobody listens any more, or not fast enough: that is no reason to stop.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender,
        ):
            sender.settimeout(patience)
            # Only one that is connected can wait for room.
            sender.connect(self._address)
            sender.send(message.encode(errors="surrogateescape"))
            return True
        return False


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    """Half of the time after which systemd takes the scheduler for dead; null where it does not look."""
    try:
        microseconds = int(environment.get("WATCHDOG_USEC", ""))
        pid = int(environment.get("WATCHDOG_PID", "") or os.getpid())
    except ValueError:
        return None
    is_ours = pid == os.getpid() and microseconds > 0
    return microseconds / _MICROSECONDS / 2 if is_ours else None
