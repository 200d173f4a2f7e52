"""Runs at work: a process each, and a thread that waits for its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue

from ..occurrences.moments import utc_now
from ..occurrences.records import Ended, Occurrence, Reason
from ..schedules.models import Item, Retry
from .command_line import Surroundings, command_of, scheduled_time
from .endings import Cancel, ended, not_started
from .outputs import add_line, begin_output, output_file
from .wake_up import WakeUp

_Key = tuple[str, datetime]
_NEVER = Retry()


@dataclass(slots=True, kw_only=True)
class _Work:
    """A run at work."""

    occurrence: Occurrence
    item: Item
    output: Path
    cancelled: threading.Event = field(default_factory=threading.Event)
    why: Cancel | None = None

    @property
    def retry(self) -> Retry:
        """Whether it is run again where it could not be started."""
        return _NEVER if self.why == "asked" else self.item.retry


class Launcher:
    """Starts runs, ends them before their time, and hands over how they ended.

    It is used by one thread; the runs' own threads give their ends to a queue and ring.
    """

    def __init__(
        self, surroundings: Surroundings, wake_up: WakeUp, *, now: Callable[[], datetime] | None = None
    ) -> None:
        self.surroundings = surroundings
        self._wake_up = wake_up
        self._now = now or utc_now
        self._working: dict[_Key, _Work] = {}
        self._ends: SimpleQueue[Ended] = SimpleQueue()
        #: This scheduler leaves: what is ended from now on is gone on with by another one.
        self.is_leaving = False

    @property
    def working(self) -> tuple[Occurrence, ...]:
        """What has been started, and whose end has not been collected."""
        return tuple(work.occurrence for work in self._working.values())

    def start(self, occurrence: Occurrence, item: Item) -> None:
        """Start an occurrence; that it could not be started is an end as others are."""
        work = _Work(occurrence=occurrence, item=item, output=output_file(self.surroundings.state, occurrence))
        self._working[_key(occurrence)] = work
        # No thread keeps this process from leaving: the supervisor of its run ends what runs.
        thread = threading.Thread(target=self._run, args=(work, self.surroundings), name=occurrence.run_id, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self._ends.put(not_started(occurrence, item.retry, now=self._now(), error=str(error)))
            self._wake_up.ring()

    def cancel(self, occurrence: Occurrence, why: Cancel) -> bool:
        """Have a run end; answers whether it is one of ours that was not asked before."""
        work = self._working.get(_key(occurrence))
        if work is None or work.cancelled.is_set():
            return False
        reason = occurrence.reason if occurrence.reason is Reason.REPLACED else Reason.NONE
        work.occurrence = replace(work.occurrence, reason=reason)
        work.why = why
        work.cancelled.set()
        return True

    def cancel_all(self) -> None:
        """Have all runs end because this scheduler leaves."""
        for occurrence in self.working:
            self.cancel(occurrence, "leaving")

    def collect(self) -> tuple[Ended, ...]:
        """The ends since it was last asked for."""
        found: list[Ended] = []
        while True:
            try:
                end = self._ends.get_nowait()
            except Empty:
                return tuple(found)
            # It is gone where another scheduler took us for dead, and we have started it again beside the first start.
            self._working.pop(_key(end.occurrence), None)
            found.append(end)

    def _run(self, work: _Work, surroundings: Surroundings) -> None:
        end: Ended | None = None
        try:
            end = self._supervised(work, surroundings)
        finally:
            # Also where a fault of ours ends this thread: its occurrence is not left RUNNING.
            if end is None:
                end = not_started(work.occurrence, work.retry, now=self._now(), error="its thread failed")
            self._ends.put(end)
            self._wake_up.ring()

    def _supervised(self, work: _Work, surroundings: Surroundings) -> Ended:
        from aetherflow.kernel.api import AetherFlowError, InvalidInput, supervise

        try:
            begin_output(work.output, _first_line(work, self._now()))
            command = command_of(work.item, work.occurrence, surroundings, output=work.output)
            result = supervise(command, cancelled=work.cancelled)
        except OSError as error:
            return not_started(work.occurrence, work.retry, now=self._now(), error=_words_of(error))
        except AetherFlowError as error:
            for problem in error.problems:
                add_line(work.output, str(problem))
            retry = _NEVER if isinstance(error, InvalidInput) else work.retry
            return not_started(work.occurrence, retry, now=self._now(), error=str(error))
        cancel: Cancel | None = work.why or ("leaving" if self.is_leaving else None)
        end = ended(work.occurrence, result, work.item.retry, cancel=cancel, now=self._now())
        add_line(work.output, _last_line(work.item, end))
        return end


def _first_line(work: _Work, now: datetime) -> str:
    occurrence, item = work.occurrence, work.item
    which = f"attempt {occurrence.attempt} of {item.retry.max_attempts}"
    meant = scheduled_time(item, occurrence)
    return f"{occurrence.run_id}: {which}, meant for {meant}, started {_clock(item, now)}"


def _last_line(item: Item, end: Ended) -> str:
    code = "" if end.exit_code is None else f", exit code {end.exit_code}"
    again = "" if end.again_at is None else f"; again at {_clock(item, end.again_at)}"
    return f"{end.occurrence.run_id}: {end.status}{code}{again}"


def _words_of(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def _clock(item: Item, moment: datetime) -> str:
    return moment.astimezone(item.zone).isoformat(timespec="seconds")


def _key(occurrence: Occurrence) -> _Key:
    return occurrence.item, occurrence.scheduled_for
