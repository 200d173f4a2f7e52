"""A SQLite connection must not cross a fork: in the child it is put out of reach."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import LedgerFailed

if TYPE_CHECKING:
    from collections.abc import Callable


class _InAnotherProcess:
    """Stands where the connection was, in a child."""

    def __getattr__(self, name: str) -> NoReturn:
        raise LedgerFailed(
            "the ledger was opened by the process that this one was forked from, and can't be used here",
            help="let the step return what it wants to be kept",
        )


class ForkGuard:
    """Tells, in a child, everybody who holds what must not cross a fork."""

    def __init__(self) -> None:
        self._holders: weakref.WeakSet[Any] = weakref.WeakSet()
        # Never closed there: SQLite would write to the file, and take locks of its own with it.
        self._kept: list[object] = []
        self._is_registered = False

    def watch(self, holder: object, leave: Callable[[Any], object]) -> None:
        """Have `leave` called with the holder in every child; it gives up what it answers, which is never freed."""
        if not self._is_registered and hasattr(os, "register_at_fork"):
            self._is_registered = True
            os.register_at_fork(after_in_child=lambda: self._leave(leave))
        self._holders.add(holder)

    def _leave(self, leave: Callable[[Any], object]) -> None:
        self._kept.extend(leave(holder) for holder in list(self._holders))


#: One for the process, because there is one fork for the process.
GUARD = ForkGuard()
IN_ANOTHER_PROCESS: Any = _InAnotherProcess()
