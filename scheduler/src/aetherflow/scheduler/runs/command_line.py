"""The command line of an occurrence: the kernel's `run`, told which run it is and when it was meant to start."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..occurrences.records import Occurrence
from ..schedules.models import Item

if TYPE_CHECKING:
    from aetherflow.kernel.api import Command

#: The kernel, run by this Python; -P keeps modules of the current folder out.
KERNEL = (sys.executable, "-P", "-m", "aetherflow.kernel")
#: How long the kernel may take to end a run that is stopped: its own grace, and what it puts away then.
GRACE_SECONDS = 15.0
#: They speak of this process alone: what it starts is no service of systemd's.
_OF_THIS_PROCESS = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all runs of a schedule have in common."""

    #: The folder of the schedule file.
    folder: Path
    #: The folder of the occurrence ledger and of outputs.
    state: Path
    environment: Mapping[str, str]
    #: The runtime profile of items that name none; null for the one in force.
    profile: str | None = None
    program: tuple[str, ...] = KERNEL


def command_of(item: Item, occurrence: Occurrence, surroundings: Surroundings, *, output: Path) -> Command:
    """The process that runs an occurrence.

    Args:
        item: what the schedule says.
        occurrence: which of its times.
        surroundings: what all runs have in common.
        output: the file that its output is appended to.

    Raises:
        InvalidInput: a parameter can't be rendered.
    """
    from aetherflow.kernel.api import Command

    environment = {name: value for name, value in surroundings.environment.items() if name not in _OF_THIS_PROCESS}
    return Command(
        arguments=(*surroundings.program, *_arguments(item, occurrence, surroundings.profile)),
        environment=environment,
        cwd=surroundings.folder,
        stdout=output,
        stderr=output,
        timeout_seconds=item.max_run_seconds,
        grace_seconds=GRACE_SECONDS,
    )


def scheduled_time(item: Item, occurrence: Occurrence) -> str:
    """The time on the item's clock, with its distance from UTC."""
    exact = "milliseconds" if occurrence.scheduled_for.microsecond else "seconds"
    return occurrence.scheduled_for.astimezone(item.zone).isoformat(timespec=exact)


def _arguments(item: Item, occurrence: Occurrence, profile: str | None) -> tuple[str, ...]:
    from aetherflow.kernel.api import parameter_text

    arguments = ["run", str(item.flow), "--run-id", occurrence.run_id]
    arguments += ["--scheduled-time", scheduled_time(item, occurrence)]
    if item.flow_job is not None:
        arguments += ["--flow-job", item.flow_job]
    if (chosen := item.profile or profile) is not None:
        arguments += ["--profile", chosen]
    at = occurrence.scheduled_for.astimezone(item.zone)
    for name, value in item.run_texts.render(run_id=occurrence.run_id, scheduled_time=at).items():
        arguments += ["--param", f"{name}={parameter_text(value)}"]
    return tuple(arguments)
