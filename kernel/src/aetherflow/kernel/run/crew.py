"""Threads that do one task at a time: daemons, so that one which never comes back can be left behind."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

from ..errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Callable


class LeftBehind(Exception):
    """The attempt that this thread was busy with has been ended without it."""


class Crew:
    """Threads for a run's tasks; one that is done with a task is kept for the next."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._idle: list[SimpleQueue[Callable[[], None] | None]] = []
        self._is_closed = False
        #: Whether a task was still busy when its time was over: the process must leave without it.
        self.has_left_behind = False

    def start(self, task: Callable[[], None]) -> None:
        """Do a task on a thread of its own; it must not raise.

        Raises:
            RunFailed: there is no thread for it.
        """
        with self._guard:
            tasks = self._idle.pop() if self._idle else None
        if tasks is not None:
            tasks.put(task)
            return
        tasks = SimpleQueue()
        tasks.put(task)
        thread = threading.Thread(target=self._work, args=(tasks,), name="aetherflow-steps", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            raise RunFailed(
                "the system gives no more threads",
                code="AF-THREADS",
                help="let fewer jobs or items run at the same time, or raise the limit (ulimit -u)",
            ) from error

    def close(self) -> None:
        """Let the threads end that have nothing to do, and the others after what they do now."""
        with self._guard:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for tasks in idle:
            tasks.put(None)

    def _work(self, tasks: SimpleQueue[Callable[[], None] | None]) -> None:
        while (task := tasks.get()) is not None:
            task()
            # What it held must not live on while the thread waits.
            task = None
            with self._guard:
                if self._is_closed:
                    return
                self._idle.append(tasks)
