"""The log of a scheduler at work: lines on standard error, and events for the observers that may hear of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aetherflow.kernel.api import CommandContext

if TYPE_CHECKING:
    from aetherflow.kernel.api import Event, EventLog

_ENDS = frozenset({"occurrence_end", "occurrence_left_out"})
_OF_A_START = frozenset({"item", "scheduled_for", "attempt"})
_OF_AN_END = frozenset({"item", "scheduled_for", "status", "reason", "attempt", "exit_code", "duration_ms"})


class SchedulerLog:
    """Tells as events what a scheduler says."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def write(self, level: str, name: str, at: float, values: Mapping[str, object]) -> None:
        """Tell of one event."""
        self._log.tell(_event(level, name, at, dict(values)))


def _event(level: str, name: str, at: float, values: dict[str, Any]) -> Event:
    """An occurrence that starts or ends is an event of its own.

    One that is tried again has not ended, and what is said of several at once is an event of none of them.
    """
    from aetherflow.kernel.api import OccurrenceEnded, OccurrenceStarted, SchedulerLogged

    run_id = values.pop("run_id", "")
    if name == "occurrence_start" and values.keys() == _OF_A_START:
        late = max(at - datetime.fromisoformat(values["scheduled_for"]).timestamp(), 0.0)
        return OccurrenceStarted(at=at, flow_id="", run_id=run_id, late_seconds=round(late, 3), **values)
    if name in _ENDS and values.keys() <= _OF_AN_END:
        return OccurrenceEnded(at=at, flow_id="", run_id=run_id, **{"attempt": 0, "duration_ms": 0, **values})
    fields = {"run_id": run_id, **values} if run_id else values
    return SchedulerLogged(at=at, flow_id="", run_id="", level=level, message=name, fields=fields)


@contextmanager
def opened_log(context: CommandContext, file: str, profile: str | None) -> Iterator[EventLog]:
    """The log, as the settings of the schedule file's project want it.

    Raises:
        InvalidInput: settings are wrong.
        RefusedByPolicy: the runtime profile may not be chosen, or an observer may not act here.
    """
    from aetherflow.kernel.api import open_event_log

    with open_event_log(Path(file), profile=profile, environment=context.environment) as log:
        yield log


def leave(log: EventLog, code: int) -> None:
    """End the process where a thread of the log hangs, which Python would wait for."""
    if log.has_left_behind:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(code)
