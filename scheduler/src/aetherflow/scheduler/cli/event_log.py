"""The log of a scheduler at work: lines on standard error, and events for the observers that may hear of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aetherflow.kernel.api import CommandContext

if TYPE_CHECKING:
    from aetherflow.kernel.api import EventLog


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
