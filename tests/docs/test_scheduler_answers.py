"""What the scheduler answers in JSON has the keys that its page tells, and no others."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import ROOT, section_of

pytestmark = pytest.mark.acceptance

PAGE = ROOT / "docs" / "scheduler-cli.md"
FLOW = """\
version: 1
flow: {id: hello}
jobs: [{id: j, steps: [{id: s, type: external.process, inputs: {command: ["true"]}}]}]
"""
SCHEDULE = """\
version: 1
timezone: Europe/Berlin
items:
  - {id: nightly, cron: "30 2 * * *", flow_yaml: flow.yaml}
"""
#: The commands in an order in which each has something to tell.
COMMANDS = (
    "validate schedule.yaml",
    "validate schedule.yaml again.yaml",
    "backfill schedule.yaml nightly --from 2026-03-28 --to 2026-03-28 --dry-run",
    "backfill schedule.yaml nightly --from 2026-03-28 --to 2026-03-28",
    "trigger schedule.yaml nightly",
    "tick schedule.yaml",
    "list schedule.yaml",
    "next schedule.yaml --count 1",
    "explain schedule.yaml nightly --from 2027-03-28 --count 1",
    "history schedule.yaml",
    "history schedule.yaml --output nightly-20260328T013000Z",
    "pause schedule.yaml nightly",
    "resume schedule.yaml nightly",
    "status schedule.yaml",
    "history schedule.yaml nobody",
)
#: What those don't show: a scheduler that lives, a gap, and that they are more than one.
NOT_SHOWN = {"scheduler", "pid", "standing", "started_at", "heard_at", "silent_seconds", "first", "last"}
#: Those of a problem, which another page tells.
OF_A_PROBLEM = {"code", "severity", "message", "help", "file", "line", "column", "path"}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """All keys of all answers."""
    folder = tmp_path_factory.mktemp("answers")
    (folder / "flow.yaml").write_text(FLOW, encoding="utf-8")
    for name in ("schedule.yaml", "again.yaml"):
        (folder / name).write_text(SCHEDULE, encoding="utf-8")
    return {key for command in COMMANDS for key in keys_in(answer_of(command, folder))}


def answer_of(command: str, folder: Path) -> Any:
    program = [sys.executable, "-m", "aetherflow.scheduler", *command.split(), "--json"]
    answer = subprocess.run(program, cwd=folder, capture_output=True, encoding="utf-8", check=False, timeout=60)
    return json.loads(answer.stdout)


def keys_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_in(part)


def told() -> set[str]:
    """The words in code type that can be keys: in the second column of the table, and below it."""
    text = section_of(PAGE, "## Answers in JSON")
    cells = [line.split("|", 2)[-1] if line.startswith("|") else line for line in text.splitlines()]
    return {word for word in re.findall(r"`([a-z_]+)`", "\n".join(cells)) if word not in {"alive", "silent", "dead"}}


def test_every_key_of_an_answer_is_told(shown: set[str]) -> None:
    assert sorted(shown - told() - OF_A_PROBLEM) == []


def test_every_key_that_is_told_is_there(shown: set[str]) -> None:
    assert sorted(told() - shown - NOT_SHOWN - {"aetherflow"}) == []
