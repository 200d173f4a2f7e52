"""A scheduler as its command line starts it, but for what it runs: `program.py stub|kernel run|tick|make FILE`.

With FORGETS_EVERY it looks that often for what is to be forgotten; by itself it does so too seldom to be seen.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from aetherflow.kernel.api import Event
from aetherflow.scheduler.occurrences.opening import open_store
from aetherflow.scheduler.operation import retention
from aetherflow.scheduler.operation.daemon import run_scheduler
from aetherflow.scheduler.operation.ticking import tick
from aetherflow.scheduler.runs.command_line import KERNEL

STUB = (sys.executable, "-S", "-E", str(Path(__file__).with_name("stub.py")))


class Lines:
    """Tells events as lines of JSON."""

    def tell(self, event: Event) -> None:
        """One line."""
        print(json.dumps({"event": event.name, **asdict(event)}, default=str), flush=True)


def main() -> int:
    """Read the arguments, and schedule."""
    runs, command, file = sys.argv[1:]
    if every := os.environ.get("FORGETS_EVERY"):
        retention.ROUND_SECONDS = retention._ASK_SECONDS = float(every)
    if command == "make":
        open_store(Path(file).parent / ".aetherflow" / "schedule").close()
        return 0
    schedule = {"run": run_scheduler, "tick": tick}[command]
    program = {"stub": STUB, "kernel": KERNEL}[runs]
    return schedule(Path(file), environment=dict(os.environ), log=Lines(), program=program)


if __name__ == "__main__":
    sys.exit(main())
