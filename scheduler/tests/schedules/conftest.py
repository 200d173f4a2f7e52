"""A folder with a flow, in which schedule files are written and read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from aetherflow.scheduler.schedules.models import Schedule
from aetherflow.scheduler.schedules.reading import read_schedule

FLOW = """\
flow: {id: sales}
params:
  day: {type: date, default: "2026-01-01"}
  count: {type: integer, default: 1}
  label: {type: string, default: ""}
  names: {type: list, default: []}
jobs:
  - {id: load, steps: [{id: today, type: external.process, inputs: {command: [date, "{{params.day}}"]}}]}
"""


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def read(self, text: str, *, environment: dict[str, str] | None = None, profile: str | None = None) -> Schedule:
        file = self.write("schedule.yaml", text)
        now = datetime(2026, 11, 26, 12, tzinfo=UTC)
        return read_schedule(file, environment=environment or {}, profile=profile, now=now)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder, with flow.yaml in it."""
    monkeypatch.chdir(tmp_path)
    made = Folder(tmp_path)
    made.write("flow.yaml", FLOW)
    return made
