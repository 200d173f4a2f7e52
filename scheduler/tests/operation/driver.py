"""A scheduler as a process of its own, whose events are lines of JSON: python driver.py run|tick FILE DRAIN [PROGRAM …]."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from aetherflow.kernel.api import AetherFlowError, OccurrenceEnded, SchedulerLogged
from aetherflow.scheduler.operation.daemon import run_scheduler
from aetherflow.scheduler.operation.ticking import tick
from aetherflow.scheduler.runs.command_line import KERNEL


class Log:
    """Writes events where the test reads them."""

    def tell(self, event):
        sys.stdout.write(json.dumps(flat(event)) + "\n")
        sys.stdout.flush()


def flat(event):
    """What an event says, with its name; the scheduler's own words as if each were an event of its own.

    So is the end of what was never started: tests of runs wait for the ends of runs.
    """
    if isinstance(event, SchedulerLogged):
        return {"event": event.message, "level": event.level, **event.fields}
    is_left_out = isinstance(event, OccurrenceEnded) and event.attempt == 0
    return {"event": "occurrence_left_out" if is_left_out else event.name, **asdict(event)}


def main():
    """Do what the arguments say."""
    command, file, drain, *program = sys.argv[1:]
    work = {"run": run_scheduler, "tick": tick}[command]
    try:
        return work(
            Path(file),
            environment=os.environ,
            log=Log(),
            drain_seconds=float(drain),
            program=tuple(program) or KERNEL,
            **({"ledger_seconds": float(os.environ["LEDGER_SECONDS"])} if "LEDGER_SECONDS" in os.environ else {}),
        )
    except AetherFlowError as error:
        for problem in error.problems:
            sys.stderr.write(f"{problem}\n")
        return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
