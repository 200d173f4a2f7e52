"""A folder with a schedule and a flow, and the program run in it as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aetherflow.scheduler.occurrences.opening import open_store
from aetherflow.scheduler.occurrences.records import Due, Ended, Reason, Room, Status

#: A step that says something, and fails where its flow says so.
STEPS = '''
from aetherflow.kernel.api import Rerun, StepContext, StepError, register_step


@register_step("greet", rerun=Rerun.SAFE)
def greet(context: StepContext, name: str, fails: bool = False) -> None:
    """Say a name."""
    context.log.info(f"hello {name}")
    if fails:
        raise StepError("it went wrong")
'''
FLOW = """\
version: 1
flow: {{id: greeting}}
jobs: [{{id: main, steps: [{{id: s, type: greet, inputs: {{name: Ada, fails: {fails}}}}}]}}]
"""
SCHEDULE = """\
version: 1
timezone: Europe/Berlin
calendars:
  office: {closed: [2026-12-24]}
items:
  - {id: nightly, cron: "30 2 * * *", flow_yaml: flow.yaml, dst: twice}
  - {id: workdays, cron: "0 6 * * *", flow_yaml: flow.yaml, calendar: office, timezone: America/New_York}
  - {id: failing, cron: "0 0 1 1 *", flow_yaml: failing.yaml}
  - {id: off, cron: "0 * * * *", flow_yaml: flow.yaml, enabled: false}
"""


@dataclass(frozen=True)
class Answer:
    """What the program answered."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def error(self):
        """The code of the first error in a JSON answer."""
        return self.json["errors"][0]["code"]


@dataclass
class Place:
    """The folder."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def state(self):
        return self.folder / ".aetherflow" / "schedule"

    def write(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def command(self, *arguments):
        return [sys.executable, "-m", "aetherflow.scheduler", *map(str, arguments)]

    def environ(self, **more):
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        here = {"AETHERFLOW_PLUGIN_PATHS": str(self.folder / "steps"), "TERM": "dumb", "COLUMNS": "100"}
        return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **here, **self.environment, **more}

    def __call__(self, *arguments, **more):
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environ(**more),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments, **streams):
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environ(),
            text=True,
            # What started these tests may ignore SIGINT, and its children would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
        )

    def remember(self, item, at, *, overlap="skip", misfire="all", ends=(), exit_code=1):
        """Have an occurrence accounted for, run, and ended with each of the statuses, some seconds later each.

        Where that is no success, the exit code is the one given.
        """
        store = open_store(self.state)
        due = Due(
            item=item, times=(at,), looked_until=at, overlap=overlap, misfire=misfire, misfire_grace_seconds=86_400
        )
        try:
            store.register({item: True}, at - timedelta(days=1))
            store.account([due], at)
            for number, (status, reason) in enumerate(ends):
                started = at + timedelta(seconds=10 * number)
                (running,) = store.claim(Room(max_runs=8, pool_of={item: None}), started)
                end = Ended(
                    occurrence=running,
                    status=status,
                    ended_at=started + timedelta(seconds=5),
                    reason=reason,
                    exit_code=0 if status is Status.SUCCESS else exit_code,
                    again_at=started + timedelta(seconds=10) if reason is Reason.RETRY else None,
                )
                store.finish([end], end.ended_at)
        finally:
            store.close()


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path / "place")
    made.write("steps/steps.py", STEPS)
    made.write("flow.yaml", FLOW.format(fails="false"))
    made.write("failing.yaml", FLOW.format(fails="true"))
    made.write("schedule.yaml", SCHEDULE)
    return made


@pytest.fixture
def hour_ago():
    """A whole second about an hour ago, in UTC."""
    return (datetime.now(UTC) - timedelta(hours=1)).replace(microsecond=0)
