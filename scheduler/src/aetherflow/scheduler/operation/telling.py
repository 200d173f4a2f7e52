"""What the scheduler says of its work: starts and ends of occurrences as events of their own, all else in its words."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from aetherflow.kernel.api import OccurrenceEnded, OccurrenceStarted, SchedulerLogged

from ..occurrences.records import Ended, Occurrence, Reason, Status

if TYPE_CHECKING:
    from datetime import datetime

    from aetherflow.kernel.api import Event, Problem

    from ..schedules.models import Schedule

_LEVELS = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}
_FAILURES = frozenset({Status.FAILED, Status.TIMED_OUT})

#: So many occurrences of an item that are left out for one reason are told one by one.
MOST_ALIKE = 20


class EventLog(Protocol):
    """Takes what happened; the kernel's event log is one."""

    def tell(self, event: Event, /) -> None:
        """Tell of one event."""


class Teller:
    """Tells a log of what becomes of occurrences, and of the scheduler itself."""

    def __init__(self, log: EventLog, *, now: Callable[[], float] | None = None) -> None:
        self._log = log
        self._now = now or time.time

    def tell(self, level: str, name: str, **values: object) -> None:
        """Tell of something in the scheduler's own words.

        Args:
            level: DEBUG, INFO, WARNING or ERROR.
            name: what happened, as a word.
            values: what is to be said of it; what is null or an empty text is left out.
        """
        fields = {key: value for key, value in values.items() if value is not None and value != ""}
        event = SchedulerLogged(at=self._now(), flow_id="", run_id="", level=level, message=name, fields=fields)
        self._log.tell(event)

    def accounted(self, occurrences: Sequence[Occurrence]) -> None:
        """Occurrences were due; many of an item that are left out for the same reason are told in one line."""
        left_out: dict[tuple[str, Status, Reason], list[Occurrence]] = {}
        for occurrence in occurrences:
            if occurrence.status.is_over:
                left_out.setdefault((occurrence.item, occurrence.status, occurrence.reason), []).append(occurrence)
            else:
                self.tell("DEBUG", "occurrence_due", **_key_of(occurrence))
        for alike in left_out.values():
            if len(alike) > MOST_ALIKE:
                first, last = (each.scheduled_for.isoformat() for each in (alike[0], alike[-1]))
                item, why = alike[0].item, _why(alike[0])
                self.tell("WARNING", "occurrences_left_out", item=item, count=len(alike), first=first, last=last, **why)
                continue
            for occurrence in alike:
                self._over(occurrence, occurrence.status, occurrence.reason)

    def recovered(self, occurrence: Occurrence) -> None:
        """An occurrence was found whose scheduler died or left; it is gone on with, or was marked as over."""
        if occurrence.status.is_over:
            self._over(occurrence, occurrence.status, occurrence.reason)
        else:
            self.tell("WARNING", "occurrence_recovered", **_key_of(occurrence), **_why(occurrence))

    def started(self, occurrence: Occurrence, at: datetime) -> None:
        """A run began, at a time that may be a little ago."""
        self._log.tell(
            OccurrenceStarted(
                at=at.timestamp(),
                flow_id="",
                attempt=occurrence.attempt,
                # A clock that was set back may show a time before the one that is due.
                late_seconds=round(max((at - occurrence.scheduled_for).total_seconds(), 0.0), 3),
                **_key_of(occurrence),
            )
        )

    def cancelled(self, occurrence: Occurrence) -> None:
        """A run is ended because somebody asked for it."""
        self.tell("WARNING", "occurrence_cancel", **_key_of(occurrence), reason=occurrence.reason.value)

    def ended(self, end: Ended) -> None:
        """A run ended, for good or to be tried again; only what is over is told as an end."""
        occurrence = end.occurrence
        if end.error:
            self.tell("ERROR", "occurrence_error", **_key_of(occurrence), error=end.error)
        duration_ms = _milliseconds_of(end)
        if end.again_at is None:
            self._over(occurrence, end.status, end.reason, exit_code=end.exit_code, duration_ms=duration_ms or 0)
            return
        self.tell(
            "ERROR" if end.status in _FAILURES else "WARNING",
            "attempt_end",
            **_key_of(occurrence),
            status=end.status.value,
            reason=end.reason.value,
            attempt=occurrence.attempt,
            duration_ms=duration_ms,
            exit_code=end.exit_code,
            again_at=end.again_at.isoformat(),
        )

    def schedule(self, name: str, schedule: Schedule, **changes: str) -> None:
        """A schedule is in force from now on, with what changed in it."""
        for problem in schedule.problems:
            self.problem(problem)
        self.tell("INFO", name, file=str(schedule.file), items=len(schedule.items), **changes)

    def problem(self, problem: Problem) -> None:
        """Something about a schedule is wrong, or wants to be known."""
        self.tell(
            _LEVELS[problem.severity],
            "schedule_problem",
            code=problem.code,
            where=str(problem.where or ""),
            message=problem.message,
            help=problem.help,
        )

    def _over(
        self,
        occurrence: Occurrence,
        status: Status,
        reason: Reason,
        *,
        exit_code: int | None = None,
        duration_ms: int = 0,
    ) -> None:
        self._log.tell(
            OccurrenceEnded(
                at=self._now(),
                flow_id="",
                status=status.value,
                reason=reason.value,
                attempt=occurrence.attempt,
                exit_code=exit_code,
                duration_ms=duration_ms,
                **_key_of(occurrence),
            )
        )


def _key_of(occurrence: Occurrence) -> dict[str, str]:
    return {
        "run_id": occurrence.run_id,
        "item": occurrence.item,
        "scheduled_for": occurrence.scheduled_for.isoformat(),
    }


def _why(occurrence: Occurrence) -> dict[str, str]:
    return {"status": occurrence.status.value, "reason": occurrence.reason.value}


def _milliseconds_of(end: Ended) -> int | None:
    """How long a run took, by a clock that may have been set back meanwhile; null where it never began."""
    started_at = end.occurrence.started_at
    return None if started_at is None else max(round((end.ended_at - started_at).total_seconds() * 1000), 0)
