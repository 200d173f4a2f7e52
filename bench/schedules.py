"""What the scheduler is compared with, and the schedules for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from .comparison import Comparison, Side
from .setting import HERE, PYTHON, SCHEDULER, Setting

#: What is told of a service that holds its items and has nothing to do.
HELD = ("ready s", "MiB", "idle ms/s")
LATE = ("p50 ms", "p99 ms")
#: How many are due at once.
AT_ONCE = 100

_PEER = str(HERE / "peers" / "apscheduler_jobs.py")
_FLOW = """\
version: 1
flow: {id: held}
jobs:
  - id: look
    steps:
      - {id: items, type: check_items, inputs: {items: [a, b, c]}}
"""


def write_schedule(folder: Path, items: int) -> tuple[Path, Path]:
    """A schedule of so many items, none of which is due for months, and its flow; each item has a time of its own."""
    month = (datetime.now(UTC).month + 5) % 12 + 1
    times = (f"{number % 60} {number // 60 % 24} {number // 1440 % 28 + 1} {month} *" for number in range(items))
    return _write(folder, f"held_{items}.yaml", [f'cron: "{time}"' for time in times])


def write_at_once(folder: Path) -> tuple[Path, Path]:
    """A schedule of items that are all due at each full second, and its flow."""
    return _write(folder, "at_once.yaml", ["interval: 1s, overlap: allow"] * AT_ONCE)


def _write(folder: Path, name: str, triggers: Sequence[str]) -> tuple[Path, Path]:
    folder.mkdir(exist_ok=True)
    flow, schedule = folder / "flow.yaml", folder / name
    flow.write_text(_FLOW, encoding="utf-8")
    items = (f"  - {{id: i{number}, {trigger}, flow_yaml: flow.yaml}}\n" for number, trigger in enumerate(triggers))
    limits = f"limits: {{max_runs: {AT_ONCE}}}"
    schedule.write_text(f"version: 1\ntimezone: Europe/Berlin\n{limits}\nitems:\n{''.join(items)}", encoding="utf-8")
    return schedule, flow


def schedule_hold(setting: Setting) -> Comparison:
    """Many items held by a scheduler that has nothing to do."""
    files = write_schedule(setting.folder / "schedule", setting.items)
    ours = _held("aetherflow-scheduler", files, setting.seconds, SCHEDULER, "run")
    peers = [_held("APScheduler", files, setting.seconds, str(setting.peers), _PEER, "hold")]
    return Comparison(
        name="schedule-hold",
        title=f"{setting.items:,} schedules held",
        ours=ours,
        beside=tuple(peers if setting.peers else ()),
        tells=HELD,
    )


def schedule_late(setting: Setting) -> Comparison:
    """Many that are due at the same moment."""
    files = write_at_once(setting.folder / "schedule")
    program, seconds = str(HERE / "programs" / "lateness.py"), str(setting.seconds)
    ours = Side(
        name="aetherflow-scheduler", command=(PYTHON, program, files[0].name, seconds), files=files, expects="called"
    )
    command = (str(setting.peers), _PEER, "late", str(AT_ONCE), seconds)
    peers = [Side(name="APScheduler", command=command, expects=f"{AT_ONCE * setting.seconds} called")]
    return Comparison(
        name="schedule-late",
        title=f"{AT_ONCE} due at once, each second",
        ours=ours,
        beside=tuple(peers if setting.peers else ()),
        tells=LATE,
    )


def _held(name: str, files: tuple[Path, ...], seconds: int, *service: str) -> Side:
    command = (PYTHON, str(HERE / "programs" / "holding.py"), str(seconds), *service, files[0].name)
    return Side(name=name, command=command, files=files, expects="held")
