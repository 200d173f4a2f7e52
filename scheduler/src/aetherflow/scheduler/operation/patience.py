"""How long a scheduler goes on whose ledger can't be read or written."""

from __future__ import annotations

import time

#: How long it goes on trying, in seconds; then it ends, so that whoever watches it hears of it.
LEDGER_SECONDS = 120.0


class Patience:
    """Counts the time since something began to fail; by a clock that does not jump."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None

    @property
    def is_failing(self) -> bool:
        """Whether the last try failed."""
        return self._since is not None

    @property
    def is_over(self) -> bool:
        """Whether it has failed for too long."""
        return self._since is not None and time.monotonic() - self._since >= self._seconds

    def fail(self) -> bool:
        """Note that a try failed; answers whether it is the first one since one did not."""
        is_first = self._since is None
        if is_first:
            self._since = time.monotonic()
        return is_first

    def work(self) -> bool:
        """Note that a try worked; answers whether the one before failed."""
        was_failing, self._since = self.is_failing, None
        return was_failing
