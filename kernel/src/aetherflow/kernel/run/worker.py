"""The thread on which jobs run, so that a step which does not stop can be left behind."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..quick_dataclasses import dataclass
from .stopping import GRACE_SECONDS, SignalArrived

if TYPE_CHECKING:
    from collections.abc import Callable

    from .stopping import Stop


#: How long to wait for what is not the step's: what it did is being written down.
_LOOK_AGAIN_SECONDS = 0.05


class LeftBehind(Exception):
    """A step was still busy when the grace was over."""


@dataclass(frozen=True, slots=True)
class _Answer:
    task: int
    value: Any = None
    error: BaseException | None = None


class Worker:
    """One daemon thread that does one task at a time."""

    def __init__(self, stop: Stop, on_cancel: Callable[[], None]) -> None:
        self._stop = stop
        self._on_cancel = on_cancel
        self._tasks: SimpleQueue[tuple[int, Callable[[], Any]] | None] = SimpleQueue()
        self._count = 0
        self._thread: threading.Thread | None = None
        #: Whether a task was still busy when its time was over: the process must leave without it.
        self.has_left_behind = False

    def do(self, task: Callable[[], Any], *, may_leave: Callable[[], bool]) -> Any:  # noqa: ANN401 - what the task answers
        """Do a task on the thread and answer what it answers, or raise what it raises.

        Args:
            task: what to do.
            may_leave: asked when the run must stop and the grace is over: whether the task is where it may be left.

        Raises:
            LeftBehind: the run was asked to stop, and the task did not within the grace.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="aetherflow-steps", daemon=True)
            self._thread.start()
        self._count += 1
        self._tasks.put((self._count, task))
        deadline: float | None = None
        while True:
            try:
                arrived = self._stop.inbox.get(timeout=None if deadline is None else max(0.0, deadline - monotonic()))
            except Empty:
                if not may_leave():
                    deadline = monotonic() + _LOOK_AGAIN_SECONDS
                    continue
                self.has_left_behind = True
                raise LeftBehind from None
            if isinstance(arrived, SignalArrived):
                deadline = self._deadline(deadline)
            elif isinstance(arrived, _Answer) and arrived.task == self._count:
                if arrived.error is not None:
                    raise arrived.error
                return arrived.value

    def close(self) -> None:
        """Let the thread end after what it does now."""
        self._tasks.put(None)

    def _deadline(self, deadline: float | None) -> float:
        # A second signal does not wait for the grace.
        if deadline is not None:
            return monotonic()
        self._on_cancel()
        return monotonic() + GRACE_SECONDS

    def _work(self) -> None:
        while (given := self._tasks.get()) is not None:
            number, task = given
            try:
                answer = _Answer(number, value=task())
            except BaseException as error:  # noqa: BLE001 - the plugin boundary: even SystemExit is the step's failure
                answer = _Answer(number, error=error)
            self._stop.inbox.put(answer)
