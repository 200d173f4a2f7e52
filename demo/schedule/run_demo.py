"""Run a schedule for some seconds as a user would, and show what became of it: python3 run_demo.py."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCHEDULE = Path(__file__).resolve().with_name("schedule.yaml")
#: The weather flow puts its results into `out` of the current folder.
WEATHER = SCHEDULE.parent.with_name("weather")
COMMAND = str(Path(sys.executable).with_name("aetherflow-scheduler"))
#: How long is waited for the scheduler and its runs at most, in seconds.
PATIENCE = 300
#: So many occurrences are looked at: all that there can be in that time.
LIMIT = "200"


def main() -> int:
    """Start the scheduler, ask for a run, wait for it, show the history; 0 where that went well."""
    began = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    with start_scheduler() as scheduler:
        try:
            wait_for(lambda: call("status").returncode == 0, scheduler)
            say("trigger", "weather")
            wait_for(lambda: has_run(began), scheduler)
        finally:
            scheduler.terminate()
    print()
    say("history", "--since", began, "--limit", LIMIT)
    say("list")
    print("Nothing runs any more. The schedule goes on with the first command above, until Ctrl-C.")
    return scheduler.returncode


def start_scheduler() -> subprocess.Popen[bytes]:
    """The scheduler, as it is started in the weather's folder."""
    print(f"$ cd {WEATHER}\n$ {COMMAND} run {SCHEDULE}", flush=True)
    # Ctrl-C is for the scheduler, which stops in good order; this program waits for it.
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.Popen([COMMAND, "run", SCHEDULE], cwd=WEATHER, env={**os.environ, "PWD": str(WEATHER)})


def call(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Another command about the schedule, while the scheduler runs or not."""
    line = [COMMAND, command, str(SCHEDULE), *arguments]
    return subprocess.run(line, cwd=WEATHER, capture_output=True, text=True, check=False)


def say(command: str, *arguments: str) -> None:
    """Show a command and its answer."""
    answer = call(command, *arguments)
    print(" ".join(["$", COMMAND, command, str(SCHEDULE), *arguments]))
    print(answer.stdout or answer.stderr, flush=True)


def has_run(began: str) -> bool:
    """Whether the run that was asked for is over, and two that the clock asked for."""
    told = call("history", "--json", "--since", began, "--limit", LIMIT)
    found: list[dict[str, Any]] = json.loads(told.stdout)["occurrences"]
    over = [each for each in found if each["ended_at"]]
    by_hand = [each for each in over if each["origin"] == "MANUAL"]
    return bool(by_hand) and len(over) - len(by_hand) > 1


def wait_for(condition: Callable[[], bool], scheduler: subprocess.Popen[bytes]) -> None:
    """Wait until something holds, as long as the scheduler lives."""
    deadline = time.monotonic() + PATIENCE
    while scheduler.poll() is None and time.monotonic() < deadline and not condition():
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
