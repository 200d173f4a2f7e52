"""Threads that do one task at a time: daemons, so that one which never comes back can be left behind."""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from ..errors import RunFailed
from .inbox import Inbox
from .stopping import LOOK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class LeftBehind(Exception):
    """The attempt that this thread was busy with has been ended without it."""


def note_left_behind(error: BaseException) -> None:
    """Let the top of the program know that something is still busy that nobody waits for."""
    # Declared for our own errors; a fault of ours, or of Python's, takes it as well.
    error.has_left_behind = True  # type: ignore[attr-defined]


class Crew:
    """Threads for a run's tasks; one that is done with a task is kept for the next."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._idle: list[SimpleQueue[Callable[[], None] | None]] = []
        self._busy = 0
        self._is_closed = False
        #: Whether a task was still busy when its time was over: the process must leave without it.
        self.has_left_behind = False

    def comes_to_rest(self) -> bool:
        """Whether no task is under way; one that has just answered is given the time to end."""
        until = time.monotonic() + LOOK_SECONDS
        while self._busy and time.monotonic() < until:
            time.sleep(LOOK_SECONDS / 10)
        return not self._busy

    def wait_for(self, task: Callable[[], T], is_over: Callable[[], bool]) -> T:
        """Do a task on a thread of its own, so that this one can leave it when its time is over.

        Where there is no thread for it this one does it, and can't leave it.

        Raises:
            LeftBehind: it was over, and the task was not.
        """
        answers: Inbox[tuple[T, None] | tuple[None, BaseException]] = Inbox()

        def answer() -> None:
            try:
                answers.put((task(), None))
            except BaseException as error:  # noqa: BLE001 - raised on the thread that waits
                answers.put((None, error))

        try:
            self.start(answer)
        except RunFailed:
            return task()
        while True:
            try:
                answered = answers.get(timeout=LOOK_SECONDS)
            except Empty:
                if not is_over():
                    continue
                self.has_left_behind = True
                raise LeftBehind from None
            if answered[1] is not None:
                raise answered[1]
            return answered[0]

    def start(self, task: Callable[[], None]) -> None:
        """Do a task on a thread of its own; it must not raise.

        Raises:
            RunFailed: there is no thread for it.
        """
        with self._guard:
            tasks = self._idle.pop() if self._idle else None
            self._busy += 1
        if tasks is not None:
            tasks.put(task)
            return
        tasks = SimpleQueue()
        tasks.put(task)
        thread = threading.Thread(target=self._work, args=(tasks,), name="aetherflow-steps", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            with self._guard:
                self._busy -= 1
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
            try:
                task()
            finally:
                # What it held must not live on while the thread waits.
                task = None
                with self._guard:
                    self._busy -= 1
            with self._guard:
                if self._is_closed:
                    return
                self._idle.append(tasks)
