"""The schedule of the demo: one command runs the weather flow by the clock, and shows the history."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT

pytestmark = pytest.mark.acceptance

#: A line of the history: item, time, status, …, what made it.
LINE = re.compile(r"^(\w+) +(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)-0[78]:00 +(\w+) .* (SCHEDULE|MANUAL) ", re.MULTILINE)


@pytest.fixture(scope="module")
def demos(tmp_path_factory) -> Path:
    """The demos' folder as a fresh clone has it."""
    folder = tmp_path_factory.mktemp("demos") / "demo"
    shutil.copytree(ROOT / "demo", folder, ignore=shutil.ignore_patterns("out", ".aetherflow", "__pycache__"))
    return folder


@pytest.fixture(scope="module")
def told(demos) -> str:
    """What the demo says."""
    command = [sys.executable, demos / "schedule" / "run_demo.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def scheduler(demos: Path, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("aetherflow-scheduler")
    line = [program, command, demos / "schedule" / "schedule.yaml", *arguments]
    # As a shell sets it, which need not have started this process.
    environment = {**os.environ, "PWD": str(demos / "weather")}
    return subprocess.run(line, capture_output=True, text=True, check=False, env=environment)


def test_history_shows_the_run_that_was_asked_for_and_those_of_the_clock(told):
    shown = LINE.findall(told)

    assert ("weather", "SUCCESS", "MANUAL") in [(item, status, origin) for item, _, status, origin in shown]
    by_the_clock = [(time, item) for item, time, _, origin in shown if origin == "SCHEDULE"]
    assert len(by_the_clock) >= 2
    assert len(set(by_the_clock)) == len(by_the_clock)
    # The newest first, each at a time of its own item.
    times = [time for time, _ in by_the_clock]
    assert times == sorted(times, reverse=True)
    assert all(int(time[-2:]) % {"clock": 5, "weather": 60}[item] == 0 for time, item in by_the_clock)


def test_items_are_listed_with_their_last_time_and_the_next_one(told):
    listed = told.partition(" list ")[2]

    for item, trigger in (("weather", r"cron \* \* \* \* \*"), ("clock", "every 5s")):
        line = re.search(
            rf"^{item} +{trigger} +America/Los_Angeles +enabled +(\S+ \S+) +\w+ +(\S+ \S+) ", listed, re.MULTILINE
        )
        assert line is not None, listed
        assert line[1] < line[2]


def test_weather_has_its_results_and_each_run_its_output(told, demos):
    assert (demos / "weather" / "out" / "months.zip").is_file()

    found = json.loads(scheduler(demos, "history", "clock", "--status", "success", "--json").stdout)["occurrences"]
    for each in found:
        # The flow says for which moment it was started.
        at = each["scheduled_for_local"]
        assert f"it was {at}" in Path(each["output"]).read_text()


def test_nothing_is_left_running(told, demos):
    status = scheduler(demos, "status", "--json")

    assert status.returncode == 1
    assert json.loads(status.stdout)["running"] == 0


def test_schedule_is_valid_and_has_the_weather_run_each_minute(told, demos):
    assert scheduler(demos, "validate").stdout.startswith("OK: ")

    found = json.loads(scheduler(demos, "next", "weather", "--count", "3", "--json").stdout)
    times = re.findall(r'"utc": "[\dT:-]+:(\d\d)(?:\.\d+)?Z"', json.dumps(found))
    assert times == ["00"] * 3
