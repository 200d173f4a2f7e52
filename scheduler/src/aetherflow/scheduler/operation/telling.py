"""What the scheduler says of its work: an event a line, each a word and what is to be said of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ..occurrences.records import Ended, Occurrence, Reason, Status

if TYPE_CHECKING:
    from aetherflow.kernel.api import Problem

    from ..schedules.models import Schedule

_LEVELS = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}
_FAILURES = frozenset({Status.FAILED, Status.TIMED_OUT})

#: So many occurrences of an item that are left out for one reason are told one by one.
MOST_ALIKE = 20


class EventLog(Protocol):
    """Takes what happened."""

    def write(self, level: str, name: str, at: float, values: Mapping[str, object]) -> None:
        """Tell of one event.

        Args:
            level: DEBUG, INFO, WARNING or ERROR.
            name: what happened, as a word.
            at: when, in seconds since 1970 in UTC.
            values: what is to be said of it.
        """


class Teller:
    """Tells a log of what becomes of occurrences, and of the scheduler itself."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def tell(self, level: str, name: str, **values: object) -> None:
        """Tell of something."""
        self._log.write(level, name, time.time(), {key: value for key, value in values.items() if value != ""})

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
                self.tell("WARNING", "occurrence_left_out", **_key_of(occurrence), **_why(occurrence))

    def recovered(self, occurrence: Occurrence) -> None:
        """An occurrence was found whose scheduler died or left; it is gone on with, or was marked as over."""
        if occurrence.status.is_over:
            values = {**_key_of(occurrence), **_why(occurrence)}
            self.tell("WARNING", "occurrence_end", attempt=occurrence.attempt, **values)
        else:
            self.tell("WARNING", "occurrence_recovered", **_key_of(occurrence), **_why(occurrence))

    def started(self, occurrence: Occurrence) -> None:
        """A run begins."""
        self.tell("INFO", "occurrence_start", **_key_of(occurrence), attempt=occurrence.attempt)

    def cancelled(self, occurrence: Occurrence) -> None:
        """A run is ended because somebody asked for it."""
        self.tell("WARNING", "occurrence_cancel", **_key_of(occurrence), reason=occurrence.reason.value)

    def ended(self, end: Ended) -> None:
        """A run ended, for good or to be tried again."""
        occurrence = end.occurrence
        if end.error:
            self.tell("ERROR", "occurrence_error", **_key_of(occurrence), error=end.error)
        values: dict[str, object] = {"status": end.status.value, "reason": end.reason.value}
        values["attempt"] = occurrence.attempt
        if occurrence.started_at is not None:
            values["duration_ms"] = max(round((end.ended_at - occurrence.started_at).total_seconds() * 1000), 0)
        if end.exit_code is not None:
            values["exit_code"] = end.exit_code
        if end.again_at is not None:
            values["again_at"] = end.again_at.isoformat()
        level = "ERROR" if end.status in _FAILURES else "INFO" if end.status is Status.SUCCESS else "WARNING"
        name = "occurrence_end" if end.again_at is None else "attempt_end"
        self.tell(level, name, **_key_of(occurrence), **values)

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


def _key_of(occurrence: Occurrence) -> dict[str, str]:
    return {
        "item": occurrence.item,
        "scheduled_for": occurrence.scheduled_for.isoformat(),
        "run_id": occurrence.run_id,
    }


def _why(occurrence: Occurrence) -> dict[str, str]:
    return {"status": occurrence.status.value, "reason": occurrence.reason.value}
